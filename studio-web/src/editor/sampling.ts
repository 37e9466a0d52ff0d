import { type ClassEntry, type IndexMap, type Rect, UNMARKED } from "../model/types";

/** Which map column (or row) each pixel of a canvas's row (or column) shows. */
export interface Axis {
  /** Map indices, one a canvas pixel; what lies outside [first, end) is not on the map. */
  readonly at: Int32Array;
  first: number;
  end: number;
}

/** Pixels of a canvas as 32-bit words, row by row, and what they show of a map. */
export interface Raster {
  /** RGBA bytes as little-endian words, `columns.at.length` a row. */
  readonly words: Uint32Array;
  readonly columns: Axis;
  readonly rows: Axis;
}

/** An axis of `length` canvas pixels. */
export function axis(length: number): Axis {
  return { at: new Int32Array(length), first: 0, end: 0 };
}

/**
 * Points the canvas pixels of `axis` at the map pixels under their centres.
 *
 * `size` map pixels begin at canvas coordinate `offset` and are `zoom` canvas pixels each.
 */
export function aim(axis: Axis, size: number, { offset, zoom }: { offset: number; zoom: number }): void {
  const length = axis.at.length;
  axis.first = clamp(Math.ceil(offset - 0.5), length);
  axis.end = clamp(Math.ceil(offset + size * zoom - 0.5), length);
  for (let i = axis.first; i < axis.end; i++) {
    // Rounding may fall a hair outside at the map's edges.
    axis.at[i] = Math.min(Math.max(Math.floor((i + 0.5 - offset) / zoom), 0), size - 1);
  }
}

/** The canvas pixels that map pixels `from` to `to` (excluded) may touch, `margin` pixels wider, clipped: [first, end). */
export function touched(
  length: number,
  [from, to]: readonly [number, number],
  { offset, zoom, margin }: { offset: number; zoom: number; margin: number },
): [number, number] {
  const first = Math.floor(from * zoom + offset) - margin;
  const end = Math.ceil(to * zoom + offset) + margin;
  return [clamp(first, length), clamp(end, length)];
}

/** The colours of `classes` by id as little-endian RGBA words of opacity `alpha` (0..255); other ids are see-through. */
export function lookup(classes: readonly ClassEntry[], alpha: number): Uint32Array<ArrayBuffer> {
  const table = new Uint32Array(256);
  for (const [id, { colour }] of classes.entries()) {
    const rgb = Number.parseInt(colour.slice(1), 16);
    const [red, green, blue] = [rgb >> 16, (rgb >> 8) & 255, rgb & 255];
    table[id] = ((alpha << 24) | (blue << 16) | (green << 8) | red) >>> 0;
  }
  return table;
}

/** Draws the classes of `map` into `area` (canvas pixels) of a raster. */
export function paintClasses(raster: Raster, area: Rect, map: IndexMap, colours: Uint32Array): void {
  const { words, columns, rows } = raster;
  const stride = columns.at.length;
  const [first, end] = inside(columns, area.x, area.width);
  let drawn = -1; // the map row that the row above shows
  for (let y = area.y; y < area.y + area.height; y++) {
    const start = y * stride;
    if (y < rows.first || y >= rows.end) {
      words.fill(0, start + area.x, start + area.x + area.width);
      continue;
    }
    const row = rows.at[y] * map.width;
    if (row === drawn) {
      words.copyWithin(start + area.x, start - stride + area.x, start - stride + area.x + area.width);
      continue;
    }
    drawn = row;
    words.fill(0, start + area.x, start + first);
    for (let x = first; x < end; x++) words[start + x] = colours[map.ids[row + columns.at[x]]];
    words.fill(0, start + end, start + area.x + area.width);
  }
}

/** As `paintClasses`; where no stroke is, the map `under` of the same size shows in the colours `underColours`. */
export function paintStrokes(
  raster: Raster,
  area: Rect,
  strokes: { map: IndexMap; colours: Uint32Array },
  under: { map: IndexMap; colours: Uint32Array },
): void {
  const { words, columns, rows } = raster;
  const stride = columns.at.length;
  const [first, end] = inside(columns, area.x, area.width);
  paintClasses(raster, area, under.map, under.colours);
  for (let y = Math.max(area.y, rows.first); y < Math.min(area.y + area.height, rows.end); y++) {
    const row = rows.at[y] * strokes.map.width;
    for (let x = first; x < end; x++) {
      const id = strokes.map.ids[row + columns.at[x]];
      if (id !== UNMARKED) words[y * stride + x] = strokes.colours[id];
    }
  }
}

/** The part of [from, from + length) that is on the map: [first, end), never first > end. */
export function inside({ first, end }: Axis, from: number, length: number): [number, number] {
  const start = Math.min(Math.max(first, from), from + length);
  return [start, Math.max(start, Math.min(end, from + length))];
}

function clamp(value: number, most: number): number {
  return Math.min(Math.max(value, 0), most);
}
