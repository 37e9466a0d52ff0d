/** Flood fill of 4-connected pieces. */

import type { IndexMap, Point, Rect } from "./types";

/** An id that no map holds: it marks what a flood has reached. */
export const FLOODED = 254;

/**
 * Writes `mark` over the 4-connected piece of one id that holds `at`, span by span, and gives the rectangle that holds it.
 * `at` must lie inside the map, and `mark` differ from the id there.
 */
export function flood({ ids, width, height }: IndexMap, at: Point, mark: number): Rect {
  const seeds = new Seeds();
  seeds.push(Math.floor(at.y) * width + Math.floor(at.x));
  const id = ids[Math.floor(at.y) * width + Math.floor(at.x)];
  let [left, right, top, bottom] = [width, -1, height, -1];
  for (let seed = seeds.pop(); seed >= 0; seed = seeds.pop()) {
    if (ids[seed] !== id) continue;
    const y = Math.floor(seed / width);
    const row = y * width;
    let first = seed;
    let last = seed;
    while (first > row && ids[first - 1] === id) first--;
    while (last < row + width - 1 && ids[last + 1] === id) last++;
    ids.fill(mark, first, last + 1);
    if (first - row < left) left = first - row;
    if (last - row > right) right = last - row;
    if (y < top) top = y;
    if (y > bottom) bottom = y;
    if (y > 0) pushRuns(seeds, ids, { id, first: first - width, last: last - width });
    if (y < height - 1) pushRuns(seeds, ids, { id, first: first + width, last: last + width });
  }
  return { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
}

/** One seed for each run of the id between two places of a row. */
function pushRuns(seeds: Seeds, ids: Uint8Array, run: { id: number; first: number; last: number }): void {
  const { id, first, last } = run;
  let inside = false;
  for (let at = first; at <= last; at++) {
    const now = ids[at] === id;
    if (now && !inside) seeds.push(at);
    inside = now;
  }
}

/** A stack of whole numbers; far faster than an array of millions. */
class Seeds {
  #places = new Int32Array(1024);
  #size = 0;

  push(place: number): void {
    if (this.#size === this.#places.length) {
      const larger = new Int32Array(2 * this.#size);
      larger.set(this.#places);
      this.#places = larger;
    }
    this.#places[this.#size++] = place;
  }

  /** The last place pushed, or -1. */
  pop(): number {
    return this.#size > 0 ? this.#places[--this.#size] : -1;
  }
}
