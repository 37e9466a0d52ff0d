/** The nearest label of every pixel of a hole: an exact Euclidean feature transform in two passes. */

import type { Size } from "./types";

const FAR = -1;

/**
 * The ids with every pixel where `hole` is 1 replaced by the id of the nearest pixel where it is 0, by the distance of
 * their centres; of several nearest any one. Without a pixel outside the hole the ids stay as they are.
 */
export function fillNearest(ids: Uint8Array, hole: Uint8Array, size: Size): Uint8Array<ArrayBuffer> {
  const { width, height } = size;
  const filled = new Uint8Array(ids);
  const rows = nearestRows(hole, size);
  const envelope = new Envelope(width);
  for (let y = 0; y < height; y++) {
    const row = y * width;
    const first = hole.indexOf(1, row);
    if (first < 0) break;
    if (first >= row + width) continue;
    const nearest = rows.subarray(row, row + width);
    envelope.build(nearest, y);
    for (let x = width - 1; x >= first - row; x--) {
      const column = envelope.nearestTo(x);
      if (column >= 0 && hole[row + x] === 1) filled[row + x] = ids[nearest[column] * width + column];
    }
  }
  return filled;
}

/** For every pixel the row of the nearest pixel outside the hole in its own column, or `FAR`. */
function nearestRows(hole: Uint8Array, { width, height }: Size): Int32Array {
  const rows = new Int32Array(width * height);
  for (let y = 0, at = 0; y < height; y++)
    for (let x = 0; x < width; x++, at++) rows[at] = hole[at] === 0 ? y : y > 0 ? rows[at - width] : FAR;
  for (let y = height - 2; y >= 0; y--)
    for (let x = 0, at = y * width; x < width; x++, at++) {
      const below = rows[at + width];
      if (below !== FAR && (rows[at] === FAR || below - y < y - rows[at])) rows[at] = below;
    }
  return rows;
}

/**
 * The lower envelope of the parabolas (x - c)^2 + g(c)^2 of one row, c a column and g(c) the distance in that column:
 * where parabola c is lowest, the nearest pixel of x lies in column c (Meijster, Roerdink and Hesselink 2000).
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

  build(rows: Int32Array, y: number): void {
    const columns = this.#columns;
    const squares = this.#squares;
    const starts = this.#starts;
    let last = -1;
    for (let column = 0; column < rows.length; column++) {
      if (rows[column] === FAR) continue;
      const square = (rows[column] - y) ** 2 + column * column;
      let start = Number.NEGATIVE_INFINITY;
      for (; last >= 0; last--) {
        start = (square - squares[last]) / (2 * (column - columns[last]));
        if (start > starts[last]) break;
      }
      last++;
      columns[last] = column;
      squares[last] = square;
      starts[last] = last === 0 ? Number.NEGATIVE_INFINITY : start;
    }
    this.#last = last;
  }

  /** The column of the lowest parabola at `x`, or -1; to be asked from right to left. */
  nearestTo(x: number): number {
    while (this.#last > 0 && this.#starts[this.#last] > x) this.#last--;
    return this.#last < 0 ? -1 : this.#columns[this.#last];
  }
}
