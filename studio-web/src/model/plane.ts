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
  const bottom = rect.y + rect.height;
  let left = rect.x + rect.width;
  let right = rect.x - 1;
  let top = -1;
  let last = -1;
  for (let y = rect.y; y < bottom; y++) {
    const row = y * stride;
    let first = rect.x;
    const end = rect.x + rect.width;
    while (first < end && a[row + first] === b[row + first]) first++;
    if (first === end) continue;
    let final = end - 1;
    while (a[row + final] === b[row + final]) final--;
    if (top < 0) top = y;
    last = y;
    if (first < left) left = first;
    if (final > right) right = final;
  }
  return top < 0 ? NOTHING : { x: left, y: top, width: right - left + 1, height: last - top + 1 };
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
