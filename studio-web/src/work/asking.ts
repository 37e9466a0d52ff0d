/** What the loop asks for: the document as the server needs it, and who is to make a picture of it. */

import type { PackedMap } from "../model/packed";
import { same } from "../model/snapshot";
import type { ClassEntry, Photo, Settings } from "../model/types";
import type { LiveModel } from "./live";
import type { Made } from "./showing";

/** A trained model that makes pictures in place of the instant engine. */
export interface Engine {
  /** The run that it comes from. */
  readonly run: string;
  /** Whether it makes every picture, quick looks too; else the one of the layout as it is. */
  readonly always: boolean;
}

/** All that decides how a picture comes out. */
export interface Input {
  /** The photo that the server must hold; null where it needs none. */
  readonly photo: Photo | null;
  readonly task: string;
  readonly settings: Settings;
  readonly maps: Readonly<Record<string, Promise<PackedMap>>>;
  /** The run whose model makes it; null for the instant engine. */
  readonly run: string | null;
  /** The engine of a scene; null for what is made of a photo. */
  readonly scene: string | null;
  /** What is asked of a portrait, as the server reads it; null for what is none. */
  readonly portrait: object | null;
}

/** A request and what becomes of its answer. */
export interface Job {
  readonly kind: "draft" | "full" | "variations";
  readonly input: Input;
  readonly made: Made;
  readonly classes: readonly ClassEntry[];
  readonly label: string;
}

/** Whether two inputs give the same picture; the packer gives one promise for one state of a map. */
export function alike(a: Input, b: Input): boolean {
  if (a.photo?.id !== b.photo?.id || a.task !== b.task || a.run !== b.run || a.scene !== b.scene)
    return false;
  if (JSON.stringify(a.portrait) !== JSON.stringify(b.portrait)) return false;
  return same(a.maps, b.maps) && same(a.settings, b.settings);
}

/** An input with the numbers of another's variations. */
export function varied(input: Input, like: Input): Input {
  const { variations = 1, first_variation = 0 } = like.settings;
  return { ...input, settings: { ...input.settings, variations, first_variation } };
}

/** A run as the server is asked for it. */
export function modelOf(run: string | null, classes: readonly ClassEntry[]): LiveModel | null {
  return run === null ? null : { run, classes };
}
