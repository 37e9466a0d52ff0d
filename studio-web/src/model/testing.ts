/** What the tests of the model share: repeatable chance, and maps made by it. */

import type { IndexMap } from "./types";

/** A generator of numbers from 0 up to 1 that gives the same ones for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A map of one id. */
export function plain(width: number, height: number, id = 0): IndexMap {
  return { width, height, ids: new Uint8Array(width * height).fill(id) };
}

/** A map of random ids below `count`, each pixel for itself. */
export function noise(
  width: number,
  height: number,
  { random, count }: { random: () => number; count: number },
): IndexMap {
  const map = plain(width, height);
  for (let i = 0; i < map.ids.length; i++) map.ids[i] = Math.floor(random() * count);
  return map;
}

/** A map read from rows of digits, one a pixel. */
export function drawn(...rows: string[]): IndexMap {
  return { width: rows[0].length, height: rows.length, ids: Uint8Array.from([...rows.join("")].map(Number)) };
}

/** A map of its own with the same ids. */
export function copy({ width, height, ids }: IndexMap): IndexMap {
  return { width, height, ids: ids.slice() };
}
