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

function engineUrl(engine: string): string {
  return `api/scenes/${encodeURIComponent(engine)}`;
}
