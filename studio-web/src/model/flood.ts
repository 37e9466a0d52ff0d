/** Flood fill of 4-connected pieces. */

import { inFours } from "./plane";
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
  const strip = { ids, fours: inFours(ids) };
  let [left, right, top, bottom] = [width, -1, height, -1];
  for (let seed = seeds.pop(); seed >= 0; seed = seeds.pop()) {
    if (ids[seed] !== id) continue;
    const y = Math.floor(seed / width);
    const row = y * width;
    let first = seed;
    while (first > row && ids[first - 1] === id) first--;
    const end = runEnd(strip, { id, at: seed, end: row + width });
    ids.fill(mark, first, end);
    if (first - row < left) left = first - row;
    if (end - 1 - row > right) right = end - 1 - row;
    if (y < top) top = y;
    if (y > bottom) bottom = y;
    if (y > 0) pushRuns(seeds, strip, { id, mark, first: first - width, end: end - width });
    if (y < height - 1) pushRuns(seeds, strip, { id, mark, first: first + width, end: end + width });
  }
  return { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
}

/** Ids, also four at a time (none of these if they do not begin where that can be): large areas are mostly of one id. */
interface Strip {
  readonly ids: Uint8Array;
  readonly fours: Int32Array;
}

/** One seed for each run of the id from one place of a row to another. */
function pushRuns(
  seeds: Seeds,
  strip: Strip,
  { id, mark, first, end }: { id: number; mark: number; first: number; end: number },
): void {
  const { ids } = strip;
  for (let at = first; at < end; ) {
    if (ids[at] === id) {
      seeds.push(at);
      at = runEnd(strip, { id, at, end });
    } else at = ids[at] === mark ? runEnd(strip, { id: mark, at, end }) : at + 1;
  }
}

/** The first place from `at` on that does not hold the id, or `end`. */
function runEnd({ ids, fours }: Strip, { id, at, end }: { id: number; at: number; end: number }): number {
  let place = at;
  for (; place < end && place % 4 !== 0; place++) if (ids[place] !== id) return place;
  const same = (id * 0x01010101) | 0;
  const last = Math.min(Math.floor(end / 4), fours.length);
  let four = place / 4;
  while (four < last && fours[four] === same) four++;
  place = four * 4;
  while (place < end && ids[place] === id) place++;
  return place;
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
