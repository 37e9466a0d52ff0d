import type { IndexMap, Rect } from "../model/types";
import { inside, type Raster } from "./sampling";

/** Opaque white and black, as words of a raster. */
export const LIGHT = 0xffffffff;
export const DARK = 0xff000000;

/**
 * Draws the borders between the classes of `map` into `area` (canvas pixels); all else becomes see-through.
 *
 * A border is a double line, light on its left or upper side and dark on the other, so it shows on every photo. It is
 * `thickness` canvas pixels a side at every zoom, because neighbours are compared on the canvas and not on the map.
 */
export function paintOutlines(raster: Raster, area: Rect, map: IndexMap, thickness: number): void {
  const { words, columns, rows } = raster;
  const stride = columns.at.length;
  const [first, end] = inside(columns, area.x, area.width);
  for (let y = area.y; y < area.y + area.height; y++) {
    const start = y * stride;
    words.fill(0, start + area.x, start + area.x + area.width);
    if (y < rows.first || y >= rows.end) continue;
    const row = rows.at[y] * map.width;
    const above = rows.at[Math.max(y - thickness, rows.first)] * map.width;
    const below = rows.at[Math.min(y + thickness, rows.end - 1)] * map.width;
    for (let x = first; x < end; x++) {
      const column = columns.at[x];
      const id = map.ids[row + column];
      const right = columns.at[Math.min(x + thickness, columns.end - 1)];
      const left = columns.at[Math.max(x - thickness, columns.first)];
      if (map.ids[row + right] !== id || map.ids[below + column] !== id) words[start + x] = LIGHT;
      else if (map.ids[row + left] !== id || map.ids[above + column] !== id) words[start + x] = DARK;
    }
  }
}

/** A mask is followed on at most about so many pixels a side, and in at most so many lines. */
const FINEST = 512;
const LINES = 8000;

/**
 * The border of a mask (0/1, row by row) as SVG path data in mask pixels; straight runs are one line each.
 *
 * Large or ragged masks are followed on every second, fourth, ... pixel only, so that the path stays quick to draw.
 */
export function maskPath(mask: Uint8Array, width: number, height: number): string {
  let step = Math.ceil(Math.max(width, height) / FINEST);
  let lines = border(mask, { width, height, step });
  while (lines.length > LINES) {
    step *= 2;
    lines = border(mask, { width, height, step });
  }
  return lines.join("");
}

/** The lines between the inside and the outside of a mask of which every `step`-th row and column is looked at. */
function border(
  mask: Uint8Array,
  { width, height, step }: { width: number; height: number; step: number },
): string[] {
  const columns = Math.ceil(width / step);
  const rows = Math.ceil(height / step);
  const at = (column: number, row: number): number =>
    column < 0 || row < 0 || column >= columns || row >= rows ? 0 : mask[row * step * width + column * step];
  const lines: string[] = [];
  for (let row = 0; row <= rows; row++) {
    const edge = Math.min(row * step, height);
    for (const [from, to] of runs(columns, (column) => at(column, row) !== at(column, row - 1)))
      lines.push(`M${from * step} ${edge}H${Math.min(to * step, width)}`);
  }
  for (let column = 0; column <= columns; column++) {
    const edge = Math.min(column * step, width);
    for (const [from, to] of runs(rows, (row) => at(column, row) !== at(column - 1, row)))
      lines.push(`M${edge} ${from * step}V${Math.min(to * step, height)}`);
  }
  return lines;
}

/** The maximal runs [from, to) of indices below `length` for which `holds`. */
function runs(length: number, holds: (index: number) => boolean): [number, number][] {
  const found: [number, number][] = [];
  let from = -1;
  for (let index = 0; index <= length; index++) {
    const held = index < length && holds(index);
    if (held && from < 0) from = index;
    if (!held && from >= 0) {
      found.push([from, index]);
      from = -1;
    }
  }
  return found;
}
