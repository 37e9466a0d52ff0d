/**
 * Steps that can be taken back and made again, without limit.
 *
 * A step holds, of each map that it changed, only the rectangle that differs, as runs of equal ids before and after: a
 * brush stroke on a large map takes a few kilobytes. Class tables, settings and points are values and are held by reference.
 */

import { crop, type Plane } from "./plane";
import type { ClassEntry, Face, IndexMap, MapName, Rect, Settings, Target } from "./types";

/** The ids of a rectangle: pairs of an id and a run length, or the ids themselves where that is no longer (`raw`). */
export interface Runs {
  readonly bytes: Uint8Array;
  readonly raw: boolean;
}

/** What changed in one map; null for "there is no such map", where `rect` is the whole of the other side. */
export interface Patch {
  readonly target: MapName;
  readonly rect: Rect;
  readonly before: Runs | null;
  readonly after: Runs | null;
}

/** Parts of a document that are replaced as values. */
export interface Values {
  readonly classes?: readonly ClassEntry[];
  readonly settings?: Settings;
  readonly active?: number;
  readonly target?: Target;
  readonly faces?: readonly (Face | null)[];
}

/** One undoable change. */
export interface Step {
  readonly label: string;
  readonly patches: readonly Patch[];
  readonly before: Values;
  readonly after: Values;
}

/** The ids inside a rectangle as runs, which go on over the ends of its rows. */
export function encodeRuns(ids: Uint8Array, { stride, rect }: Plane): Runs {
  const count = rect.width * rect.height;
  const bytes = new Uint8Array(count + 6); // one pair may be written past the length where runs stop paying
  let size = 0;
  let id = ids[rect.y * stride + rect.x];
  let run = 0;
  const flush = (): void => {
    bytes[size++] = id;
    for (; run > 127; run >>>= 7) bytes[size++] = (run & 127) | 128;
    bytes[size++] = run;
  };
  for (let y = 0; y < rect.height; y++) {
    const start = (rect.y + y) * stride + rect.x;
    for (let at = start; at < start + rect.width; at++) {
      if (ids[at] === id) {
        run++;
        continue;
      }
      flush();
      if (size >= count) return { bytes: crop(ids, { stride, rect }), raw: true };
      id = ids[at];
      run = 1;
    }
  }
  flush();
  return size < count
    ? { bytes: bytes.slice(0, size), raw: false }
    : { bytes: crop(ids, { stride, rect }), raw: true };
}

/** Writes what `encodeRuns` made of the same rectangle back. */
export function decodeRuns(runs: Runs, ids: Uint8Array, { stride, rect }: Plane): void {
  const { bytes } = runs;
  let read = 0;
  let id = 0;
  let run = 0;
  for (let y = 0; y < rect.height; y++) {
    let at = (rect.y + y) * stride + rect.x;
    const end = at + rect.width;
    if (runs.raw) {
      ids.set(bytes.subarray(y * rect.width, (y + 1) * rect.width), at);
      continue;
    }
    while (at < end) {
      if (run === 0) {
        id = bytes[read++];
        let shift = 0;
        for (; bytes[read] > 127; shift += 7) run |= (bytes[read++] & 127) << shift;
        run |= bytes[read++] << shift;
      }
      const length = Math.min(run, end - at);
      ids.fill(id, at, at + length);
      at += length;
      run -= length;
    }
  }
}

/** The map as it is after one side of a patch: `map` itself, written in place, unless it appears or vanishes. */
export function applyRuns(map: IndexMap | null, runs: Runs | null, rect: Rect): IndexMap | null {
  if (runs === null) return null;
  const { width, height } = rect;
  const written = map ?? { width, height, ids: new Uint8Array(width * height) };
  decodeRuns(runs, written.ids, { stride: written.width, rect });
  return written;
}

/** A step that does first `first`, then `second`. */
export function joined(first: Step, second: Step): Step {
  return {
    label: first.label,
    patches: [...first.patches, ...second.patches],
    before: { ...second.before, ...first.before },
    after: { ...first.after, ...second.after },
  };
}

/** The steps done and the steps taken back. It holds them only: `Studio` carries them out. */
export class UndoStack {
  #done: Step[] = [];
  #undone: Step[] = [];

  /** Adds a step just done; steps that were taken back before it are dropped. */
  push(step: Step): void {
    this.#done.push(step);
    this.#undone = [];
  }

  /** Joins a step just done to the last one; false, and nothing done, when none is left or one was taken back. */
  amend(step: Step): boolean {
    const last = this.#undone.length === 0 ? this.#done.pop() : undefined;
    if (last === undefined) return false;
    this.#done.push(joined(last, step));
    return true;
  }

  /** The step to take back now, or null. */
  undo(): Step | null {
    const step = this.#done.pop();
    if (step !== undefined) this.#undone.push(step);
    return step ?? null;
  }

  /** The step to make again now, or null. */
  redo(): Step | null {
    const step = this.#undone.pop();
    if (step !== undefined) this.#done.push(step);
    return step ?? null;
  }

  /** What `undo` would give next, or null. */
  get last(): Step | null {
    return this.#done.at(-1) ?? null;
  }

  /** What `redo` would give next, or null. */
  get next(): Step | null {
    return this.#undone.at(-1) ?? null;
  }

  /** Forgets everything. */
  clear(): void {
    this.#done = [];
    this.#undone = [];
  }
}
