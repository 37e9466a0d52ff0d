/** The server's routes to trained models, as typed functions. */

import type { ClassEntry, IndexMap } from "../model/types";
import { json, send, toWire } from "./rest";

/** How a run stands. "elsewhere" is trained by another process; stopped and failed ones can be gone on with. */
export type RunState = "training" | "stopping" | "elsewhere" | "done" | "stopped" | "failed";

/** A run as the server's list shows it. */
export interface RunCard {
  readonly name: string;
  /** Of the photo. */
  readonly title: string;
  readonly recipe: string;
  /** When it was begun, in seconds since 1970. */
  readonly made: number;
  readonly state: RunState;
  readonly step: number;
  readonly steps: number | null;
  readonly seconds_left: number | null;
  readonly images_per_second: number | null;
  /** Whether there are weights to make pictures with. */
  readonly usable: boolean;
  readonly photo: string | null;
  /** CRC-32 of the ids of the photo's label map. */
  readonly labels: number | null;
  /** The step of the last contact sheet. */
  readonly preview: number | null;
  readonly thumbnail: boolean;
  /** Why it failed. */
  readonly message: string;
}

/** All runs, and whether more can be had. */
export interface Runs {
  readonly folder: string;
  /** Why nothing can be trained here; empty where it can. */
  readonly missing: string;
  /** How far to train unless told. */
  readonly steps: number;
  readonly runs: readonly RunCard[];
}

/** What a model is to be trained on, beside the photo. */
export interface Lesson {
  readonly name: string;
  readonly classes: readonly ClassEntry[];
  readonly labels: IndexMap;
  /** Shown in previews. */
  readonly layout: IndexMap | null;
  readonly steps: number;
}

/** Every run, the newest first. */
export const listRuns = (): Promise<Runs> => json("GET", "api/runs");

/** Begin to train on a photo. */
export async function trainOn(photo: string, { labels, layout, ...rest }: Lesson): Promise<RunCard> {
  const maps = { labels: await toWire(labels), layout: layout && (await toWire(layout)) };
  return json("POST", `api/photos/${encodeURIComponent(photo)}/training`, { content: { ...rest, ...maps } });
}

/** Go on with a run that was stopped. */
export const resumeRun = (name: string): Promise<RunCard> => json("POST", `${runUrl(name)}/resume`);

/** Have a training save and end. */
export const stopRun = (name: string): Promise<RunCard> => json("POST", `${runUrl(name)}/stop`);

/** Delete a run. */
export const deleteRun = async (name: string): Promise<void> => void (await send("DELETE", runUrl(name)));

/** Where the small photo of a run is. */
export const runPhotoUrl = (name: string): string => `${runUrl(name)}/photo`;

/** Where the contact sheet of a step is. */
export const previewUrl = (name: string, step: number): string => `${runUrl(name)}/previews/${step}`;

function runUrl(name: string): string {
  return `api/runs/${encodeURIComponent(name)}`;
}
