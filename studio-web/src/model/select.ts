/** A region of a map that is lifted, then moved, scaled, rotated or duplicated. */

import { FLOODED, flood } from "./flood";
import { fillNearest } from "./nearest";
import { polygon } from "./paint";
import { crop, difference, maskOf, runsOf } from "./plane";
import { clip, isEmpty, NOTHING, union } from "./rect";
import type { IndexMap, Point, Rect } from "./types";

/** A region and the ids in it. */
export interface Selection {
  readonly bounds: Rect;
  /** 1 inside the region, row by row of `bounds`. */
  readonly mask: Uint8Array;
  /** What was lifted, row by row of `bounds`. */
  readonly ids: Uint8Array;
}

/** Where a region goes: scaled and turned about the centre of its bounds, then shifted. */
export interface Pose {
  readonly dx: number;
  readonly dy: number;
  /** One factor for both sides, above 0. */
  readonly scale: number;
  /** Radians, clockwise on the screen. */
  readonly angle: number;
}

/** The pose that leaves a region where it is. */
export const IDENTITY: Pose = { dx: 0, dy: 0, scale: 1, angle: 0 };

/** The 4-connected piece of one class that holds the place; places outside the map count as its nearest pixel. */
export function connected(map: IndexMap, at: Point): Selection {
  const { width, height } = map;
  const inside = { x: limit(at.x, width), y: limit(at.y, height) };
  const reached = { width, height, ids: map.ids.slice() };
  const bounds = flood(reached, inside, FLOODED);
  const mask = maskOf(crop(reached.ids, { stride: width, rect: bounds }), FLOODED);
  return { bounds, mask, ids: crop(map.ids, { stride: width, rect: bounds }) };
}

/** All pixels of the map inside a polygon, of whatever class; null where there is none. */
export function within(map: IndexMap, points: readonly Point[]): Selection | null {
  const box = clip(boxOf(points), map);
  const drawn = { width: box.width, height: box.height, ids: new Uint8Array(box.width * box.height) };
  const inside = polygon(
    drawn,
    points.map(({ x, y }) => ({ x: x - box.x, y: y - box.y })),
    1,
  );
  if (isEmpty(inside)) return null;
  const bounds = { ...inside, x: inside.x + box.x, y: inside.y + box.y };
  return {
    bounds,
    mask: crop(drawn.ids, { stride: drawn.width, rect: inside }),
    ids: crop(map.ids, { stride: map.width, rect: bounds }),
  };
}

/** What all poses of a lifted region have in common; known by `before`, the array of ids that it was lifted from. */
interface Lifted {
  readonly selection: Selection;
  /** Where the rows of the region begin and end in its mask. */
  readonly runs: Int32Array;
  /** The ids in the bounds once the region is taken away. */
  readonly healed: Uint8Array;
  /** Holds every pixel that any pose wrote. */
  reached: Rect;
}

const lifted = new WeakMap<Uint8Array, Lifted>();

/**
 * Writes the map with a region at a pose; `before` are the ids that it was lifted from, which stay as they are as long as
 * the region floats, and which every pose starts from. Unless it is duplicated, the region leaves a hole, whose pixels
 * take the nearest label outside. Gives a rectangle that holds every pixel that this call changed.
 */
export function place(
  map: IndexMap,
  before: Uint8Array,
  selection: Selection,
  pose: Pose,
  { duplicate }: { duplicate: boolean },
): Rect {
  const region = lift(map, before, selection);
  const last = difference(map.ids, before, { stride: map.width, rect: region.reached });
  copyRect(map, before, last);
  if (!duplicate) stamp(map, region, { ids: region.healed, x: 0, y: 0 });
  const touched = union(duplicate ? NOTHING : selection.bounds, draw(map, region, pose));
  region.reached = union(region.reached, touched);
  return union(last, touched);
}

function lift(map: IndexMap, before: Uint8Array, selection: Selection): Lifted {
  const known = lifted.get(before);
  if (known?.selection === selection) return known;
  const reached = known?.reached ?? NOTHING;
  const runs = runsOf(selection.mask, selection.bounds.width);
  const region = { selection, runs, healed: heal(map, before, selection), reached };
  lifted.set(before, region);
  return region;
}

/** Writes ids, row by row of the bounds, where the region is, shifted by whole pixels, as far as that is inside the map. */
function stamp(
  map: IndexMap,
  { selection: { bounds }, runs }: Lifted,
  { ids, ...shift }: Point & { readonly ids: Uint8Array },
): void {
  const left = bounds.x + shift.x;
  for (let run = 0; run < runs.length; run += 2) {
    const row = Math.floor(runs[run] / bounds.width);
    const y = bounds.y + row + shift.y;
    if (y < 0 || y >= map.height) continue;
    const offset = left - row * bounds.width; // from places in the mask to columns of the map
    const first = Math.max(runs[run], -offset);
    const end = Math.min(runs[run + 1], map.width - offset);
    if (first < end) map.ids.set(ids.subarray(first, end), y * map.width + first + offset);
  }
}

/**
 * The nearest labels outside the region. Looking one pixel past the bounds is enough: seen from inside, every pixel
 * farther out has a nearer one on that ring.
 */
function heal(map: IndexMap, before: Uint8Array, { bounds, mask }: Selection): Uint8Array {
  const { x, y, width, height } = bounds;
  const around = clip({ x: x - 1, y: y - 1, width: width + 2, height: height + 2 }, map);
  const hole = new Uint8Array(around.width * around.height);
  const inner = { x: x - around.x, y: y - around.y, width, height };
  for (let row = 0; row < height; row++)
    hole.set(mask.subarray(row * width, (row + 1) * width), (inner.y + row) * around.width + inner.x);
  const filled = fillNearest(crop(before, { stride: map.width, rect: around }), hole, around);
  return crop(filled, { stride: around.width, rect: inner });
}

/** Writes the posed region, looking up where each pixel of the map comes from, so that no gap can open. */
function draw(map: IndexMap, region: Lifted, pose: Pose): Rect {
  const { bounds, mask, ids } = region.selection;
  const { width, height } = bounds;
  const middle = { x: bounds.x + width / 2, y: bounds.y + height / 2 };
  const target = clip(posedBox(bounds, pose), map);
  if (pose.scale === 1 && pose.angle === 0 && Number.isInteger(pose.dx) && Number.isInteger(pose.dy)) {
    stamp(map, region, { ids, x: pose.dx, y: pose.dy });
    return target;
  }
  const scale = Math.max(pose.scale, 1e-3);
  const cos = Math.cos(pose.angle) / scale;
  const sin = Math.sin(pose.angle) / scale;
  const hair = 1e-9; // centres that fall on the edge of a pixel all go the same way, however the sine was rounded
  for (let y = target.y; y < target.y + target.height; y++) {
    const down = y + 0.5 - middle.y - pose.dy;
    for (let x = target.x; x < target.x + target.width; x++) {
      const across = x + 0.5 - middle.x - pose.dx;
      const column = cos * across + sin * down + width / 2 + hair;
      const row = cos * down - sin * across + height / 2 + hair;
      if (column < 0 || row < 0 || column >= width || row >= height) continue;
      const from = Math.trunc(row) * width + Math.trunc(column);
      if (mask[from] === 1) map.ids[y * map.width + x] = ids[from];
    }
  }
  return target;
}

/** The whole pixels that hold a posed rectangle. */
function posedBox({ x, y, width, height }: Rect, { dx, dy, scale, angle }: Pose): Rect {
  const cos = Math.abs(Math.cos(angle));
  const sin = Math.abs(Math.sin(angle));
  const across = (Math.max(scale, 1e-3) * (cos * width + sin * height)) / 2;
  const down = (Math.max(scale, 1e-3) * (sin * width + cos * height)) / 2;
  const middle = { x: x + width / 2 + dx, y: y + height / 2 + dy };
  return boxOf([
    { x: middle.x - across, y: middle.y - down },
    { x: middle.x + across, y: middle.y + down },
  ]);
}

/** The whole pixels that hold all the points; without pixels where there is no point. */
function boxOf(points: readonly Point[]): Rect {
  if (points.length === 0) return NOTHING;
  let [left, top, right, bottom] = [points[0].x, points[0].y, points[0].x, points[0].y];
  for (const { x, y } of points) {
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  }
  const x = Math.floor(left);
  const y = Math.floor(top);
  return { x, y, width: Math.ceil(right) - x, height: Math.ceil(bottom) - y };
}

function copyRect(map: IndexMap, source: Uint8Array, { x, y, width, height }: Rect): void {
  for (let row = y; row < y + height; row++) {
    const start = row * map.width + x;
    map.ids.set(source.subarray(start, start + width), start);
  }
}

function limit(value: number, count: number): number {
  return Math.min(Math.max(value, 0), count - 1);
}
