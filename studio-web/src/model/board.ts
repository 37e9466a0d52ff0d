/** Boards: pictures side by side, what is marked in each, and the faces in them. Values in, values out. */

import { emptySnapshot, type Snapshot } from "./snapshot";
import type { Board, ClassEntry, Face, IndexMap, Photo, Point, Rect, Settings, Size, Tile } from "./types";

/** The id of what is not marked. */
export const FREE = 0;

const REGIONS: readonly ClassEntry[] = [
  { name: "free", colour: "#808080" },
  { name: "region 1", colour: "#3f8fd2" },
];
const HOLES: readonly ClassEntry[] = [
  { name: "known", colour: "#808080" },
  { name: "missing", colour: "#d2413f" },
];

/** How regions are compared with pictures, by the server's names. */
export const KEEPING: Readonly<Record<string, string>> = {
  steered: "Steered (ours)",
  faces: "Published, for faces",
  bedrooms: "Published, for rooms",
  pixels: "Pixels alone (iGAN)",
};

/** What regions are compared through, by the server's names. */
export const SEEING: Readonly<Record<string, string>> = {
  "": "Own choice",
  vgg19: "VGG-19",
  squeezenet: "SqueezeNet",
  critic: "The model's critic",
  none: "None: colours",
};

/** How faces are found, by the server's names. */
export const FILLING: Readonly<Record<string, string>> = {
  predicted: "Predicted (ours)",
  searched: "Published search",
  weighted: "Weighted (Yeh et al.)",
  released: "Weighted, as released",
};

/** What a board of each method begins with. */
const STARTS: Readonly<Record<Board["method"], Settings>> = {
  preserve: {
    seed: 0,
    meaning: 0.6,
    candidates: 36,
    shown: 9,
    diverse: false,
    search: "steered",
    steps: null,
    features: "",
    gram: false,
    hard: false,
  },
  inpaint: { seed: 0, fillings: 1, search: "predicted", steps: null, shared: true, smooth: 1.5 },
};

/** A new document with nothing marked. */
export function beginBoard(photo: Photo, board: Board): Snapshot {
  const { width, height } = photo;
  const bare = { width, height, ids: new Uint8Array(width * height) };
  return {
    ...emptySnapshot(),
    photo,
    board,
    faces: board.method === "inpaint" ? board.tiles.map(() => null) : [],
    classes: board.method === "inpaint" ? HOLES : REGIONS,
    labels: bare,
    layout: bare,
    active: 1,
    task: board.method,
    settings: STARTS[board.method],
  };
}

/** The document with other pictures: those of `taken` that had places before (-1 for new ones), with their marks. */
export function relaid(
  old: Snapshot,
  photo: Photo,
  tiles: readonly Tile[],
  taken: readonly number[],
): Snapshot {
  if (old.board === null || old.layout === null) throw new Error("There is no board to lay out anew.");
  const { width, height } = photo;
  const begun = beginBoard(photo, { ...old.board, tiles });
  const layout = { width, height, ids: new Uint8Array(width * height) };
  for (const [at, from] of taken.entries())
    if (from >= 0) copyInto(layout, tiles[at], crop(old.layout, old.board.tiles[from]));
  const faces = taken.map((from) => old.faces[from] ?? null);
  const { classes, settings, active } = old;
  return { ...begun, layout, classes, settings, active, faces: begun.faces.length > 0 ? faces : [] };
}

/** What a map holds of one picture. */
export function crop(map: IndexMap, { x, y, width, height }: Rect): IndexMap {
  const ids = new Uint8Array(width * height);
  for (let row = 0; row < height; row++) {
    const start = (y + row) * map.width + x;
    ids.set(map.ids.subarray(start, start + width), row * width);
  }
  return { width, height, ids };
}

/** The map with the marks of one picture replaced by a mask of its size: `id` where that is not 0. */
export function masked(map: IndexMap, tile: Tile, { mask, id }: { mask: IndexMap; id: number }): IndexMap {
  const next = { ...map, ids: map.ids.slice() };
  copyInto(next, tile, { ...mask, ids: mask.ids.map((value) => (value === 0 ? FREE : id)) });
  return next;
}

/** Whether anything of a picture is marked. */
export function isMarked(map: IndexMap, tile: Tile): boolean {
  return crop(map, tile).ids.some((id) => id !== FREE);
}

/** Where a point of a face lies on the board, in map pixels. */
export function onBoard(tile: Tile, { x, y }: Point): Point {
  return { x: tile.x + x + 0.5, y: tile.y + y + 0.5 };
}

/** A point of a face on a board. */
export interface Grip {
  /** Which picture. */
  readonly tile: number;
  /** Which of its points. */
  readonly point: number;
}

/** The point nearest to a place on the board, no farther than `reach` map pixels; null where there is none. */
export function nearestPoint(
  { tiles }: Board,
  faces: readonly (Face | null)[],
  { at, reach }: { at: Point; reach: number },
): Grip | null {
  let best: Grip | null = null;
  let nearest = reach;
  for (const [tile, face] of faces.entries()) {
    for (const [point, place] of (face?.points ?? []).entries()) {
      const { x, y } = onBoard(tiles[tile], place);
      const distance = Math.hypot(x - at.x, y - at.y);
      if (distance > nearest) continue;
      nearest = distance;
      best = { tile, point };
    }
  }
  return best;
}

/** The face with one point elsewhere, which counts as placed from then on. */
export function withPoint(face: Face, point: number, to: Point): Face {
  const placed = face.placed.includes(point) ? face.placed : [...face.placed, point].sort((a, b) => a - b);
  return { points: face.points.with(point, to), placed };
}

/** The whole face moved; what was placed stays placed. */
export function shifted(face: Face, by: Point): Face {
  return { ...face, points: face.points.map(({ x, y }) => ({ x: x + by.x, y: y + by.y })) };
}

function copyInto(map: IndexMap, { x, y }: Rect, part: IndexMap): void {
  for (let row = 0; row < part.height; row++) {
    const ids = part.ids.subarray(row * part.width, (row + 1) * part.width);
    map.ids.set(ids, (y + row) * map.width + x);
  }
}

/** What is marked of all pictures, laid over one another as the generator sees it: colours by RGBA, the rest black. */
export function canvasOf(
  pixels: ImageData,
  layout: IndexMap,
  { tiles, side }: { tiles: readonly Tile[]; side: number },
): { size: Size; rgba: Uint8ClampedArray<ArrayBuffer> } {
  const rgba = new Uint8ClampedArray(side * side * 4);
  for (let i = 3; i < rgba.length; i += 4) rgba[i] = 255;
  for (const tile of tiles) {
    for (let row = 0; row < Math.min(side, tile.height); row++) {
      for (let column = 0; column < Math.min(side, tile.width); column++) {
        const at = (tile.y + row) * layout.width + tile.x + column;
        if (layout.ids[at] === FREE) continue;
        const to = 4 * (row * side + column);
        rgba.set(pixels.data.subarray(4 * at, 4 * at + 3), to);
      }
    }
  }
  return { size: { width: side, height: side }, rgba };
}
