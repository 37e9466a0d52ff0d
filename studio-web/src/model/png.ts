/** Label maps as PNG files: a palette image whose indices are the class ids, which any image program opens. */

import { unzlibSync, zlibSync } from "fflate";
import { crc32 } from "./crc";
import { deflate } from "./packed";
import type { ClassEntry, IndexMap, Size } from "./types";

/** A PNG as ids. */
export interface IndexImage {
  readonly map: IndexMap;
  /** The colours "#rrggbb" of the ids; empty for a grey image. */
  readonly palette: readonly string[];
}

/** Most pixels of a PNG that is read: more cannot be a map of a photo that the server takes. */
const MAX_PIXELS = 1 << 24;
const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];
const GREY = 0;
const PALETTE = 3;

/**
 * The map as a palette PNG with the colours of the classes. Ids that no class has (`UNMARKED`) are black in the palette,
 * which is as long as the ids need.
 */
export function encodeIndexPng(map: IndexMap, classes: readonly ClassEntry[]): Uint8Array<ArrayBuffer> {
  return assemble(map, classes, zlibSync(unfilteredRows(map), { level: 4 })); // level 6 takes seven times as long to save a seventh
}

/** The same as `encodeIndexPng`, compressed off the page's own thread. */
export async function encodeIndexPngAside(
  map: IndexMap,
  classes: readonly ClassEntry[],
): Promise<Uint8Array<ArrayBuffer>> {
  return assemble(map, classes, await deflate(unfilteredRows(map)));
}

/**
 * The ids of a palette or grey PNG of 8 bits a pixel, whatever its filters. Throws an error of one line for anything else,
 * and for files that are damaged or cut short.
 */
export function decodeIndexPng(bytes: Uint8Array): IndexImage {
  const chunks = readChunks(bytes);
  const { width, height, colourType } = readHeader(chunks.header);
  const length = height * (width + 1);
  const rows = inflateRows(chunks.data, length);
  const map = { width, height, ids: unfilter(rows, { width, height }) };
  if (colourType === GREY) return { map, palette: [] };
  if (chunks.palette.length === 0) throw damaged("it has no palette");
  const entry = (id: number) => [...chunks.palette.subarray(3 * id, 3 * id + 3)];
  const hex = (id: number) =>
    `#${entry(id)
      .map((part) => part.toString(16).padStart(2, "0"))
      .join("")}`;
  return { map, palette: Array.from({ length: Math.floor(chunks.palette.length / 3) }, (_, id) => hex(id)) };
}

function damaged(what: string): Error {
  return new Error(`The PNG cannot be read: ${what}. Open another copy of the file.`);
}

function unsuitable(what: string): Error {
  return new Error(
    `The PNG is no label map: ${what}. Save it with a palette of at most 256 colours, not interlaced.`,
  );
}

/** The rows of a map, each behind the number of its filter: 0, none. */
function unfilteredRows({ width, height, ids }: IndexMap): Uint8Array<ArrayBuffer> {
  const rows = new Uint8Array(height * (width + 1));
  for (let y = 0; y < height; y++) rows.set(ids.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  return rows;
}

function assemble(map: IndexMap, classes: readonly ClassEntry[], data: Uint8Array): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, map.width);
  view.setUint32(4, map.height);
  header.set([8, PALETTE], 8);
  let most = classes.length - 1;
  for (let i = 0; i < map.ids.length; i++) if (map.ids[i] > most) most = map.ids[i];
  const palette = new Uint8Array(3 * (Math.max(most, 0) + 1));
  for (const [id, { colour }] of classes.entries())
    palette.set(
      [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16)),
      3 * id,
    );
  const parts = [
    chunk("IHDR", header),
    chunk("PLTE", palette),
    chunk("IDAT", data),
    chunk("IEND", new Uint8Array(0)),
  ];
  const file = new Uint8Array(SIGNATURE.length + parts.reduce((sum, part) => sum + part.length, 0));
  file.set(SIGNATURE);
  let at = SIGNATURE.length;
  for (const part of parts) {
    file.set(part, at);
    at += part.length;
  }
  return file;
}

function chunk(name: string, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(data.length + 12);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  bytes.set(
    [...name].map((letter) => letter.charCodeAt(0)),
    4,
  );
  bytes.set(data, 8);
  view.setUint32(8 + data.length, crc32(bytes.subarray(4, 8 + data.length)));
  return bytes;
}

interface Chunks {
  readonly header: Uint8Array;
  readonly palette: Uint8Array;
  readonly data: readonly Uint8Array[];
}

function readChunks(bytes: Uint8Array): Chunks {
  if (!SIGNATURE.every((byte, i) => bytes[i] === byte))
    throw new Error("The file is no PNG. Choose a PNG file.");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let [header, palette] = [new Uint8Array(0), new Uint8Array(0)];
  const data: Uint8Array[] = [];
  for (let at = SIGNATURE.length; ; ) {
    const length = at + 12 <= bytes.length ? view.getUint32(at) : bytes.length;
    const end = at + 8 + length;
    if (end + 4 > bytes.length) throw damaged("it is cut short");
    const name = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (crc32(bytes.subarray(at + 4, end)) !== view.getUint32(end)) throw damaged("it is damaged");
    const content = bytes.slice(at + 8, end);
    if (name === "IHDR") header = content;
    if (name === "PLTE") palette = content;
    if (name === "IDAT") data.push(content);
    if (name === "IEND") return { header, palette, data };
    at = end + 4;
  }
}

function readHeader(header: Uint8Array): Size & { colourType: number } {
  if (header.length !== 13) throw damaged("its header is missing");
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  const [depth, colourType, , , interlace] = header.subarray(8);
  if (width === 0 || height === 0) throw damaged("it has no pixels");
  if (width * height > MAX_PIXELS)
    throw unsuitable(`it has ${width}x${height} pixels, more than ${MAX_PIXELS}`);
  if (colourType !== GREY && colourType !== PALETTE) throw unsuitable("it has full colours");
  if (depth !== 8) throw unsuitable(`it has ${depth} bits a pixel in place of 8`);
  if (interlace !== 0) throw unsuitable("it is interlaced");
  return { width, height, colourType };
}

function inflateRows(data: readonly Uint8Array[], length: number): Uint8Array {
  const compressed = new Uint8Array(data.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of data) {
    compressed.set(part, at);
    at += part.length;
  }
  // One byte more than belongs there shows a file that holds too much, while nothing larger is ever made.
  const rows = unpacked(compressed, new Uint8Array(length + 1));
  if (rows.length !== length) throw damaged("its pixels are not as many as its size says");
  return rows;
}

function unpacked(compressed: Uint8Array, out: Uint8Array): Uint8Array {
  try {
    return unzlibSync(compressed, { out });
  } catch {
    throw damaged("its pixels are damaged");
  }
}

/** Undoes the filters of PNG (its specification, part 9), for one byte a pixel. */
function unfilter(rows: Uint8Array, { width, height }: Size): Uint8Array<ArrayBuffer> {
  const ids = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    const start = y * (width + 1) + 1;
    const filter = rows[start - 1];
    const row = ids.subarray(y * width, (y + 1) * width);
    const above = y > 0 ? ids.subarray((y - 1) * width, y * width) : new Uint8Array(width);
    row.set(rows.subarray(start, start + width));
    if (filter > 4) throw damaged(`filter ${filter} does not exist`);
    if (filter > 0) for (let x = 0; x < width; x++) row[x] += predicted(filter, row, { above, x });
  }
  return ids;
}

function predicted(filter: number, row: Uint8Array, { above, x }: { above: Uint8Array; x: number }): number {
  const left = x > 0 ? row[x - 1] : 0;
  if (filter === 1) return left;
  if (filter === 2) return above[x];
  if (filter === 3) return (left + above[x]) >> 1;
  const corner = x > 0 ? above[x - 1] : 0;
  const guess = left + above[x] - corner;
  const [toLeft, toAbove, toCorner] = [
    Math.abs(guess - left),
    Math.abs(guess - above[x]),
    Math.abs(guess - corner),
  ];
  if (toLeft <= toAbove && toLeft <= toCorner) return left;
  return toAbove <= toCorner ? above[x] : corner;
}
