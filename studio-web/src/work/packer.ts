/** Maps compressed for the server and for the browser's store, each state of a map once, off the page's thread. */

import type { PackedMap } from "../model/packed";
import type { Studio } from "../model/studio";
import type { IndexMap } from "../model/types";
import type { PackAnswer, PackJob } from "./packer-worker";

/** Compresses bytes with zlib; takes them over. */
export type Deflate = (bytes: Uint8Array<ArrayBuffer>) => Promise<Uint8Array<ArrayBuffer>>;

/** Compresses on a thread of its own: browsers run compression streams on the thread that reads them. */
export function workerDeflate(): Deflate {
  const worker = new Worker(new URL("./packer-worker.ts", import.meta.url), { type: "module" });
  const waiting = new Map<
    number,
    { resolve(bytes: Uint8Array<ArrayBuffer>): void; reject(error: Error): void }
  >();
  let last = 0;
  worker.onmessage = ({ data }: MessageEvent<PackAnswer>) => {
    const asker = waiting.get(data.number);
    waiting.delete(data.number);
    if (data.bytes) asker?.resolve(data.bytes);
    else asker?.reject(new Error(data.message));
  };
  worker.onerror = () => {
    for (const { reject } of waiting.values())
      reject(new Error("The page's own files are incomplete; load it again."));
    waiting.clear();
  };
  return (bytes) =>
    new Promise((resolve, reject) => {
      last += 1;
      waiting.set(last, { resolve, reject });
      worker.postMessage({ number: last, bytes } satisfies PackJob, [bytes.buffer]);
    });
}

/** Remembers what it compressed. Whoever writes into a map in place calls `forget`. */
export class Packer {
  readonly #deflate: Deflate;
  readonly #packed = new WeakMap<Uint8Array, Promise<PackedMap>>();

  constructor(deflate: Deflate) {
    this.#deflate = deflate;
  }

  /** The map as it is at the time of the call. */
  pack(map: IndexMap): Promise<PackedMap> {
    const { width, height, ids } = map;
    const known = this.#packed.get(ids);
    if (known) return known;
    const packed = this.#deflate(ids.slice()).then((bytes) => ({ width, height, bytes }));
    this.#packed.set(ids, packed);
    packed.catch(() => this.forget(map));
    return packed;
  }

  /** The map was written to: compress it anew when it is next asked for. */
  forget(map: IndexMap): void {
    this.#packed.delete(map.ids);
  }
}

/** Let a packer forget a studio's maps whenever they are painted on; listen before all who ask it. */
export function followPixels(packer: Packer, studio: Studio): () => void {
  return studio.on("pixels", ({ target }) => {
    const map = studio.map(target);
    if (map) packer.forget(map);
  });
}
