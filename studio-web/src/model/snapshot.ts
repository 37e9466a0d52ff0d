/** A whole document as values. */

import type {
  Board,
  ClassEntry,
  Face,
  IndexMap,
  Photo,
  Portrait,
  Scene,
  Settings,
  Size,
  Target,
} from "./types";

/** Everything of a document, as values: what autosave, session files and history entries hold. */
export interface Snapshot {
  readonly photo: Photo | null;
  readonly classes: readonly ClassEntry[];
  readonly strokes: IndexMap | null;
  readonly labels: IndexMap | null;
  readonly layout: IndexMap | null;
  /** Of a scene: which variation stands where; null where all is the plain picture. */
  readonly rolls: IndexMap | null;
  /** Null for what is made of a photo. */
  readonly scene: Scene | null;
  /** Null unless pictures lie side by side. */
  readonly board: Board | null;
  /** Null unless a face is edited. */
  readonly portrait: Portrait | null;
  /** Of a board whose holes are filled: the face in each picture, null where it is not placed yet. */
  readonly faces: readonly (Face | null)[];
  readonly target: Target;
  readonly active: number;
  readonly task: string;
  readonly settings: Settings;
}

/** A document without a photo. */
export function emptySnapshot(): Snapshot {
  return {
    photo: null,
    classes: [],
    strokes: null,
    labels: null,
    layout: null,
    rolls: null,
    scene: null,
    board: null,
    portrait: null,
    faces: [],
    target: "layout",
    active: 0,
    task: "analogy",
    settings: {},
  };
}

/** The same document with maps of its own. */
export function copyMaps(snapshot: Snapshot): Snapshot {
  const copy = (map: IndexMap | null) =>
    map && { width: map.width, height: map.height, ids: map.ids.slice() };
  const { strokes, labels, layout, rolls } = snapshot;
  return {
    ...snapshot,
    strokes: copy(strokes),
    labels: copy(labels),
    layout: copy(layout),
    rolls: copy(rolls),
  };
}

/** Throws unless the photo and all maps have one size. */
export function checkSizes({ photo, strokes, labels, layout, rolls }: Snapshot): void {
  let common: Size | null = photo;
  for (const [name, map] of Object.entries({ strokes, labels, layout, rolls })) {
    if (map === null) continue;
    common ??= map;
    if (
      map.width !== common.width ||
      map.height !== common.height ||
      map.ids.length !== map.width * map.height
    )
      throw new Error(
        `The map of ${name} is ${map.width}x${map.height}; the photo is ${common.width}x${common.height}. Give them one size.`,
      );
  }
}

/** The class id nearest to `active` that the classes have; 0 where there is none. */
export function validActive(active: number, classes: readonly ClassEntry[]): number {
  return Math.min(Math.max(Math.trunc(active), 0), Math.max(classes.length - 1, 0));
}

/** Whether two flat records hold equal values. */
export function same(a: object, b: object): boolean {
  const left = Object.entries(a);
  const right = new Map(Object.entries(b));
  return left.length === right.size && left.every(([key, value]) => Object.is(right.get(key), value));
}
