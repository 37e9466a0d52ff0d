/** Label maps kept small in memory and in the browser's store: zlib-compressed ids, as on the server's wire. */

import type { IndexMap, Size } from "./types";

/** A label map whose `bytes` are its ids, row by row, compressed with zlib. */
export interface PackedMap extends Size {
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Compresses a map; the work is done off the page's own thread. */
export async function pack(map: IndexMap): Promise<PackedMap> {
  return { width: map.width, height: map.height, bytes: await deflate(map.ids) };
}

/** The map again. Throws an error of one line if the bytes are damaged or are not one id a pixel. */
export async function unpack({ width, height, bytes }: PackedMap): Promise<IndexMap> {
  return { width, height, ids: await inflate(bytes, width * height) };
}

/** Compresses bytes with zlib, off the page's own thread. */
export async function deflate(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** What `deflate` compressed: exactly `length` bytes, and never more memory than that. Throws an error of one line otherwise. */
export async function inflate(
  bytes: Uint8Array<ArrayBuffer>,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate")).getReader();
  const whole = new Uint8Array(length);
  let size = 0;
  for (;;) {
    const { value, done } = await reader.read().catch(() => {
      throw new Error("The compressed pixels are damaged. Open another copy of the file.");
    });
    if (done) break;
    if (size + value.length > length) {
      await reader.cancel();
      throw new Error(
        `More than ${length} compressed pixels came where ${length} belong. Open another copy of the file.`,
      );
    }
    whole.set(value, size);
    size += value.length;
  }
  if (size < length)
    throw new Error(`${size} compressed pixels came where ${length} belong. Open another copy of the file.`);
  return whole;
}
