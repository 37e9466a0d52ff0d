/** The nearest label of every pixel of a hole: an exact Euclidean feature transform in two passes, over the hole alone. */

import { runsOf } from "./plane";
import type { Size } from "./types";

const FAR = -1;

/**
 * The ids with every pixel where `hole` is 1 replaced by the id of the nearest pixel where it is 0, by the distance of
 * their centres; of several nearest any one. Without a pixel outside the hole the ids stay as they are.
 */
export function fillNearest(ids: Uint8Array, hole: Uint8Array, size: Size): Uint8Array<ArrayBuffer> {
  const { width, height } = size;
  const filled = new Uint8Array(ids);
  const rows = new Int32Array(hole.length); // the row of the nearest pixel outside the hole in the same column
  const runs = runsOf(hole, width);
  for (let run = 0; run < runs.length; run += 2) {
    const above = Math.floor(runs[run] / width) - 1;
    for (let at = runs[run]; at < runs[run + 1]; at++)
      rows[at] = above < 0 ? FAR : hole[at - width] === 0 ? above : rows[at - width];
  }
  const envelope = new Envelope(width);
  for (let run = runs.length - 2; run >= 0; run -= 2) {
    const [first, end] = [runs[run], runs[run + 1]];
    const y = Math.floor(first / width);
    const row = y * width;
    for (let at = y + 1 < height ? first : end; at < end; at++) {
      const below = hole[at + width] === 0 ? y + 1 : rows[at + width];
      if (below !== FAR && (rows[at] === FAR || below - y < y - rows[at])) rows[at] = below;
    }
    // the pixels beside a run are nearer to all of it than those of any column farther out
    envelope.clear();
    if (first > row) envelope.add(first - row - 1, 0);
    for (let at = first; at < end; at++) if (rows[at] !== FAR) envelope.add(at - row, rows[at] - y);
    if (end < row + width) envelope.add(end - row, 0);
    for (let at = end - 1; at >= first; at--) {
      const column = envelope.nearestTo(at - row);
      if (column < 0) break; // there is none in all of the map
      const inside = row + column >= first && row + column < end;
      filled[at] = ids[(inside ? rows[row + column] : y) * width + column];
    }
  }
  return filled;
}

/**
 * The lower envelope of the parabolas (x - c)^2 + g(c)^2 of columns of one row, c a column and g(c) the distance in that
 * column: where parabola c is lowest, the nearest pixel of x lies in column c (Meijster, Roerdink and Hesselink 2000).
 */
class Envelope {
  readonly #columns: Int32Array;
  readonly #squares: Float64Array;
  readonly #starts: Float64Array;
  #last = -1;

  constructor(width: number) {
    this.#columns = new Int32Array(width);
    this.#squares = new Float64Array(width);
    this.#starts = new Float64Array(width);
  }

  clear(): void {
    this.#last = -1;
  }

  /** Takes in the parabola of a column; to be called from left to right. */
  add(column: number, distance: number): void {
    const columns = this.#columns;
    const squares = this.#squares;
    const starts = this.#starts;
    const square = distance * distance + column * column;
    let last = this.#last;
    let start = Number.NEGATIVE_INFINITY;
    for (; last >= 0; last--) {
      start = (square - squares[last]) / (2 * (column - columns[last]));
      if (start > starts[last]) break;
    }
    last++;
    columns[last] = column;
    squares[last] = square;
    starts[last] = last === 0 ? Number.NEGATIVE_INFINITY : start;
    this.#last = last;
  }

  /** The column of the lowest parabola at `x`, or -1; to be asked from right to left. */
  nearestTo(x: number): number {
    while (this.#last > 0 && this.#starts[this.#last] > x) this.#last--;
    return this.#last < 0 ? -1 : this.#columns[this.#last];
  }
}
