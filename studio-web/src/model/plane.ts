/** Rectangles of arrays of ids. */

import { NOTHING } from "./rect";
import type { Rect } from "./types";

/** Where a rectangle lies in an array of ids: `stride` is the width of the map. */
export interface Plane {
  readonly stride: number;
  readonly rect: Rect;
}

/** The smallest rectangle that holds every difference between two arrays of ids, looked for inside `rect` only. */
export function difference(a: Uint8Array, b: Uint8Array, { stride, rect }: Plane): Rect {
  const pair = { a, b, foursA: inFours(a), foursB: inFours(b) };
  const bottom = rect.y + rect.height;
  let left = rect.x + rect.width;
  let right = rect.x - 1;
  let top = -1;
  let last = -1;
  for (let y = rect.y; y < bottom; y++) {
    const row = y * stride;
    const end = row + rect.x + rect.width;
    const first = firstDifference(pair, row + rect.x, end);
    if (first === end) continue;
    let final = end - 1;
    while (a[final] === b[final]) final--;
    if (top < 0) top = y;
    last = y;
    if (first - row < left) left = first - row;
    if (final - row > right) right = final - row;
  }
  return top < 0 ? NOTHING : { x: left, y: top, width: right - left + 1, height: last - top + 1 };
}

interface Pair {
  readonly a: Uint8Array;
  readonly b: Uint8Array;
  readonly foursA: Int32Array;
  readonly foursB: Int32Array;
}

/** The same bytes four at a time; none if they do not begin where that can be. The last up to three are left out. */
export function inFours({ buffer, byteOffset, length }: Uint8Array): Int32Array {
  return byteOffset % 4 === 0 ? new Int32Array(buffer, byteOffset, length >> 2) : new Int32Array(0);
}

/** The first place from `at` on where the two differ, or `end`. */
function firstDifference({ a, b, foursA, foursB }: Pair, at: number, end: number): number {
  let place = at;
  while (place < end && place % 4 !== 0) {
    if (a[place] !== b[place]) return place;
    place++;
  }
  let four = place / 4;
  const last = Math.min(Math.floor(end / 4), foursA.length, foursB.length);
  while (four < last && foursA[four] === foursB[four]) four++;
  place = four * 4;
  while (place < end && a[place] === b[place]) place++;
  return place;
}

/**
 * Where the runs of ones in a mask begin and end (one past their last place), one run after the other; a run ends with
 * its row at the latest.
 */
export function runsOf(mask: Uint8Array, width: number): Int32Array {
  let runs = new Int32Array(1024);
  let size = 0;
  for (let first = mask.indexOf(1); first >= 0; ) {
    const rowEnd = (Math.floor(first / width) + 1) * width;
    let end = first + 1;
    while (end < rowEnd && mask[end] === 1) end++;
    if (size === runs.length) {
      const larger = new Int32Array(2 * size);
      larger.set(runs);
      runs = larger;
    }
    runs[size++] = first;
    runs[size++] = end;
    first = mask.indexOf(1, end);
  }
  return runs.subarray(0, size);
}

/** The ids inside a rectangle, row by row. */
export function crop(ids: Uint8Array, { stride, rect }: Plane): Uint8Array {
  const copy = new Uint8Array(rect.width * rect.height);
  for (let y = 0; y < rect.height; y++) {
    const start = (rect.y + y) * stride + rect.x;
    copy.set(ids.subarray(start, start + rect.width), y * rect.width);
  }
  return copy;
}

/** 1 where the id is, else 0. */
export function maskOf(ids: Uint8Array, id: number): Uint8Array {
  const mask = new Uint8Array(ids.length);
  for (let at = 0; at < mask.length; at++) mask[at] = ids[at] === id ? 1 : 0;
  return mask;
}
