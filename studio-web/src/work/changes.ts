/** Where a layout differs from an earlier one: compared cell by cell, so that it costs little on large maps too. */

import { isEmpty, NOTHING, union, whole } from "../model/rect";
import type { Studio } from "../model/studio";
import type { IndexMap, Rect, Size } from "../model/types";

/** Cells along the longer side of a map, at most: as many as a quick look has pixels. */
const CELLS = 128;

/** So many cells around a changed one count as changed: textures follow a new border a little way. */
const GROWN = 4;

/** Half the width of the soft edge, in cells; less than `GROWN`, lest changed cells themselves fade. */
const SOFT = 2;

/** A map in short: a mark for every cell of `cell` x `cell` pixels, which tells the pixels in it. */
export interface Sample {
  /** Of the map. */
  readonly size: Size;
  readonly cell: number;
  readonly columns: number;
  readonly rows: number;
  readonly marks: Uint32Array;
}

/** How much of a newer picture is to be seen: 0 to 255 for each cell of a map. */
export interface Area {
  readonly columns: number;
  readonly rows: number;
  readonly alpha: Uint8ClampedArray;
  /** Cells that the map is wide and high; the last column and row may reach over its edge. */
  readonly across: number;
  readonly down: number;
}

/** Keeps a sample of the layout: only what was painted on since is read again. */
export class Sampler {
  readonly #studio: Studio;
  readonly #off: (() => void)[];
  #sample: Sample | null = null;
  #dirty: Rect = NOTHING;

  constructor(studio: Studio) {
    this.#studio = studio;
    this.#off = [
      studio.on("document", () => {
        this.#sample = null;
      }),
      studio.on("pixels", ({ target, rect }) => {
        if (target === "layout") this.#dirty = union(this.#dirty, rect);
      }),
    ];
  }

  /** The layout as it is now; null where there is none. */
  take(): Sample | null {
    const layout = this.#studio.map("layout");
    if (layout === null) return null;
    const { width, height } = this.#sample?.size ?? { width: 0, height: 0 };
    if (this.#sample === null || width !== layout.width || height !== layout.height) {
      this.#sample = blank(layout);
      this.#dirty = whole(layout);
    }
    if (!isEmpty(this.#dirty)) mark(this.#sample, layout, this.#dirty);
    this.#dirty = NOTHING;
    return { ...this.#sample, marks: this.#sample.marks.slice() };
  }

  /** Stop listening. */
  destroy(): void {
    for (const off of this.#off) off();
  }
}

/** The sample of a map. */
export function sampleOf(map: IndexMap): Sample {
  const sample = blank(map);
  mark(sample, map, whole(map));
  return sample;
}

/** The changed cells, grown and with a soft edge; null for maps of different sizes. */
export function changedArea(before: Sample, after: Sample): Area | null {
  const { columns, rows, cell, size } = after;
  if (before.size.width !== size.width || before.size.height !== size.height) return null;
  const changed = Uint8Array.from(after.marks, (mark, i) => (mark === before.marks[i] ? 0 : 1));
  const grown = sums(changed, { columns, rows, reach: GROWN }).map((count) => (count > 0 ? 1 : 0));
  const soft = sums(grown, { columns, rows, reach: SOFT });
  const full = sums(grown.fill(1), { columns, rows, reach: SOFT }); // fewer neighbours at the map's edges
  const alpha = Uint8ClampedArray.from(soft, (count, i) => (255 * count) / full[i]);
  return { columns, rows, alpha, across: size.width / cell, down: size.height / cell };
}

function blank({ width, height }: Size): Sample {
  const cell = Math.max(1, Math.ceil(Math.max(width, height) / CELLS));
  const [columns, rows] = [Math.ceil(width / cell), Math.ceil(height / cell)];
  return { size: { width, height }, cell, columns, rows, marks: new Uint32Array(columns * rows) };
}

/** Marks anew the cells that `rect` touches: the FNV-1a hash of the ids in each, row by row. */
function mark({ marks, cell, columns }: Sample, { width, height, ids }: IndexMap, rect: Rect): void {
  const right = Math.ceil((rect.x + rect.width) / cell);
  const bottom = Math.ceil((rect.y + rect.height) / cell);
  for (let row = Math.floor(rect.y / cell); row < bottom; row++) {
    for (let column = Math.floor(rect.x / cell); column < right; column++) {
      const endX = Math.min(width, (column + 1) * cell);
      const endY = Math.min(height, (row + 1) * cell);
      let hash = 0x811c9dc5;
      for (let y = row * cell; y < endY; y++) {
        for (let at = y * width + column * cell; at < y * width + endX; at++)
          hash = Math.imul(hash ^ ids[at], 0x01000193);
      }
      marks[row * columns + column] = hash;
    }
  }
}

interface Window {
  readonly columns: number;
  readonly rows: number;
  /** Cells to each side. */
  readonly reach: number;
}

/** The sum of the cells in the square around each cell, as far as it lies inside. */
function sums(cells: Uint8Array, { columns, rows, reach }: Window): Uint8Array {
  const along = new Uint8Array(cells.length);
  const total = new Uint8Array(cells.length); // (2 * 4 + 1) ** 2 fits
  for (let i = 0; i < cells.length; i++) {
    const column = i % columns;
    const end = i + Math.min(reach, columns - 1 - column);
    for (let at = i - Math.min(reach, column); at <= end; at++) along[i] += cells[at];
  }
  for (let i = 0; i < cells.length; i++) {
    const row = (i - (i % columns)) / columns;
    const end = i + columns * Math.min(reach, rows - 1 - row);
    for (let at = i - columns * Math.min(reach, row); at <= end; at += columns) total[i] += along[at];
  }
  return total;
}
