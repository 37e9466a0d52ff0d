/** The server's routes to scenes, as typed functions. */

import type { ClassEntry, IndexMap, Size } from "../model/types";
import { fromWire, json, type UploadedPhoto, type WireMap } from "./rest";

/** Something that makes scenes: a bank of photos, or a trained model. */
export interface SceneCard extends Size {
  readonly name: string;
  readonly title: string;
  readonly kind: "bank" | "model";
  /** What the ids of its layouts mean; the last may stand for no class. */
  readonly classes: readonly ClassEntry[];
  /** What files hold where pixels are of no class; null where every pixel has one. */
  readonly ignore: number | null;
  /** Of a bank: how many photos it has. */
  readonly photos: number;
  /** Whether it takes after a style photo. */
  readonly styled: boolean;
  /** Whether it has several pictures of one layout; */
  readonly varies: boolean;
  /** and whether with a style photo too. */
  readonly varies_styled: boolean;
}

/** All that makes scenes, and why others cannot. */
export interface SceneCards {
  readonly engines: readonly SceneCard[];
  readonly problems: readonly string[];
}

/** What makes scenes here. */
export const listScenes = (): Promise<SceneCards> => json("GET", "api/scenes");

/** Read a label map file in the classes of an engine: by ids, or by colours. */
export async function readSceneLayout(engine: string, file: Blob, name: string): Promise<IndexMap> {
  return fromWire(
    await json<WireMap>("POST", `${engineUrl(engine)}/layout`, { query: { name }, body: file }),
  );
}

/** Where the small picture of a photo of a bank is. */
export const styleThumbnailUrl = (engine: string, number: number): string =>
  `${engineUrl(engine)}/photos/${number}/thumbnail`;

/** Have the server hold a photo of a bank. */
export const holdStyle = (engine: string, number: number): Promise<UploadedPhoto> =>
  json("POST", `${engineUrl(engine)}/photos/${number}`);

/** The layout of a photo of a bank. */
export async function photoLayout(engine: string, number: number): Promise<IndexMap> {
  return fromWire(await json<WireMap>("GET", `${engineUrl(engine)}/photos/${number}/layout`));
}

/** At most `most` numbers of photos from all over a bank. */
export function spread(photos: number, most: number): number[] {
  const count = Math.min(photos, most);
  return Array.from({ length: count }, (_, i) => Math.floor(((i + 0.5) * photos) / count));
}

/** What a photo of a bank is called; files that people bring are called otherwise. */
export function nameOf(number: number): string {
  return `Photo ${number + 1}`;
}

function engineUrl(engine: string): string {
  return `api/scenes/${encodeURIComponent(engine)}`;
}
