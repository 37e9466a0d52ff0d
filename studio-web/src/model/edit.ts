/** An edit of one map while it lasts, and the patch that it leaves for undo. */

import { difference } from "./plane";
import { clip, isEmpty, NOTHING, union, whole } from "./rect";
import type { IndexMap, MapName, Rect, Target } from "./types";
import { encodeRuns, type Patch } from "./undo";

/** A stroke or a drag while it lasts. Once it has ended, by whatever way, its functions do nothing. */
export interface Edit {
  readonly target: Target;
  /** The map to write in place. */
  readonly map: IndexMap;
  /** The ids as they were when the edit began. */
  readonly before: Uint8Array;
  /** Says that ids inside `rect` were written. */
  changed(rect: Rect): void;
  /** Ends the edit and makes it one undoable step, or none if no id differs. */
  commit(): void;
  /** Ends the edit and puts every id back. */
  cancel(): void;
}

/** Whom an edit tells; `ended` comes with the patch of a commit that changed something. */
export interface EditOwner {
  changed(rect: Rect): void;
  ended(patch: Patch | null): void;
}

/** The edit that `Studio.begin` gives out. */
export class OpenEdit implements Edit {
  readonly target: Target;
  readonly map: IndexMap;
  readonly before: Uint8Array;
  #dirty: Rect = NOTHING;
  #owner: EditOwner | null;

  constructor({ target, map }: { target: Target; map: IndexMap }, owner: EditOwner) {
    this.target = target;
    this.map = map;
    this.before = map.ids.slice();
    this.#owner = owner;
  }

  changed(rect: Rect): void {
    const inside = clip(rect, this.map);
    if (this.#owner === null || isEmpty(inside)) return;
    this.#dirty = union(this.#dirty, inside);
    this.#owner.changed(inside);
  }

  commit(): void {
    if (this.#owner === null) return;
    const { target, map, before } = this;
    const plane = { stride: map.width, rect: this.#dirty };
    const rect = difference(before, map.ids, plane);
    this.#end(isEmpty(rect) ? null : patchOf({ target, rect, stride: map.width }, before, map.ids));
  }

  cancel(): void {
    if (this.#owner === null) return;
    this.map.ids.set(this.before);
    if (!isEmpty(this.#dirty)) this.#owner.changed(this.#dirty);
    this.#end(null);
  }

  #end(patch: Patch | null): void {
    const owner = this.#owner;
    this.#owner = null;
    owner?.ended(patch);
  }
}

interface Place {
  readonly target: MapName;
  readonly rect: Rect;
  readonly stride: number;
}

function patchOf(
  { target, rect, stride }: Place,
  before: Uint8Array | null,
  after: Uint8Array | null,
): Patch {
  const runs = (ids: Uint8Array | null) => ids && encodeRuns(ids, { stride, rect });
  return { target, rect, before: runs(before), after: runs(after) };
}

/** The patch that makes `next` of `map`; null when that changes nothing. */
export function patchTo(
  target: MapName,
  map: IndexMap | null,
  next: IndexMap | null | undefined,
): Patch | null {
  const size = next ?? map;
  if (next === undefined || size === null) return null;
  const stride = size.width;
  const both = map !== null && next !== null;
  const rect = both ? difference(map.ids, next.ids, { stride, rect: whole(size) }) : whole(size);
  if (isEmpty(rect)) return null;
  return patchOf({ target, rect, stride }, map?.ids ?? null, next?.ids ?? null);
}
