/** Reading and writing ZIP files. They are read with every length and checksum proved, in bounded memory. */

import { inflateSync, strFromU8, Zip, ZipDeflate, ZipPassThrough } from "fflate";
import { crc32 } from "./crc";

/** Most bytes that the parts of a file may have together once unpacked. */
export const MAX_UNPACKED = 512 * 1024 * 1024;

/** Collects parts into a ZIP. */
export class ZipWriter {
  readonly #chunks: Uint8Array<ArrayBuffer>[] = [];
  readonly #zip = new Zip((error, chunk) => {
    if (error !== null) throw error;
    this.#chunks.push(new Uint8Array(chunk));
  });

  /** Adds a part as it is: pictures are compressed already. */
  store(name: string, bytes: Uint8Array): void {
    const part = new ZipPassThrough(name);
    this.#zip.add(part);
    part.push(bytes, true);
  }

  /** Adds a part compressed. */
  compress(name: string, bytes: Uint8Array): void {
    const part = new ZipDeflate(name);
    this.#zip.add(part);
    part.push(bytes, true);
  }

  /** The whole file; nothing can be added any more. */
  end(): Blob {
    this.#zip.end();
    return new Blob(this.#chunks, { type: "application/zip" });
  }
}

interface Entry {
  readonly name: string;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  readonly offset: number;
}

/** The parts of a ZIP by name. Throws an error of one line unless every part is there, whole and unharmed. */
export function readZip(bytes: Uint8Array): Map<string, Uint8Array<ArrayBuffer>> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    const entries = readDirectory(bytes, view);
    if (entries.reduce((sum, entry) => sum + entry.size, 0) > MAX_UNPACKED)
      throw new Error(`it holds more than ${MAX_UNPACKED >> 20} MB`);
    return new Map(entries.map((entry) => [entry.name, readPart(bytes, view, entry)]));
  } catch (error) {
    if (error instanceof RangeError) throw new Error("it is cut short or damaged"); // read past the end
    throw error;
  }
}

const END = 0x06054b50;
const DIRECTORY = 0x02014b50;
const LOCAL = 0x04034b50;

/** The central directory, found from its end record at the end of the file, behind which a comment may stand. */
function readDirectory(bytes: Uint8Array, view: DataView): Entry[] {
  let end = bytes.length - 22;
  while (end >= 0 && end > bytes.length - 22 - 65536 && view.getUint32(end, true) !== END) end--;
  if (end < 0 || view.getUint32(end, true) !== END) throw new Error("it is no ZIP file, or is cut short");
  const entries: Entry[] = [];
  let at = view.getUint32(end + 16, true);
  for (let left = view.getUint16(end + 10, true); left > 0; left--) {
    if (view.getUint32(at, true) !== DIRECTORY) throw new Error("its directory is damaged");
    const nameLength = view.getUint16(at + 28, true);
    entries.push({
      method: view.getUint16(at + 10, true),
      crc: view.getUint32(at + 16, true),
      packed: view.getUint32(at + 20, true),
      size: view.getUint32(at + 24, true),
      offset: view.getUint32(at + 42, true),
      name: strFromU8(bytes.subarray(at + 46, at + 46 + nameLength)),
    });
    at += 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return entries;
}

function readPart(bytes: Uint8Array, view: DataView, entry: Entry): Uint8Array<ArrayBuffer> {
  const { name, method, crc, packed, size, offset } = entry;
  if (view.getUint32(offset, true) !== LOCAL) throw new Error("its directory is damaged");
  const start = offset + 30 + view.getUint16(offset + 26, true) + view.getUint16(offset + 28, true);
  if (start + packed > bytes.length) throw new Error(`its part ${name} is cut short`);
  const content = bytes.subarray(start, start + packed);
  const part = method === 8 ? inflated(content, size) : new Uint8Array(content);
  if ((method !== 0 && method !== 8) || part?.length !== size || crc32(part) !== crc)
    throw new Error(`its part ${name} is damaged`);
  return part;
}

/** Null if the bytes are no deflated data of that size; never makes more than one byte more. */
function inflated(content: Uint8Array, size: number): Uint8Array<ArrayBuffer> | null {
  if (size > 1032 * content.length) return null; // more than deflate can pack, so nothing is reserved for a lie
  try {
    return new Uint8Array(inflateSync(content, { out: new Uint8Array(size + 1) }));
  } catch {
    return null;
  }
}
