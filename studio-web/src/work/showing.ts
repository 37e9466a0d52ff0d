/**
 * Which frames are worth showing, and where.
 *
 * The last finished picture stays; frames of a new layout are laid over it where the layouts differ. A frame that is
 * coarser than what is shown already replaces only what that was not yet made from. Where anything but the layout
 * changed, frames are shown whole.
 */

import type { PackedMap } from "../model/packed";
import { same } from "../model/snapshot";
import type { Settings } from "../model/types";
import { type Area, changedArea, type Sample } from "./changes";
import type { LiveFrame } from "./live";

/** What a frame or a picture is made from. Every request has an object of its own. */
export interface Made {
  readonly task: string;
  /** The document's, also for quick looks, which differ in size only. */
  readonly settings: Settings;
  /** Equal promises are equal maps. */
  readonly maps: Readonly<Record<string, Promise<PackedMap>>>;
  readonly layout: Sample | null;
}

/** A frame to show. */
export interface Shown {
  readonly frame: LiveFrame;
  /** What it is made from; the frames of one request share it. */
  readonly made: Made;
  /** Where it is to be seen; null for everywhere. */
  readonly area: Area | null;
  /** Whether it lies over the frames shown before its own request, else over the finished picture. */
  readonly over: boolean;
}

/** Frames with a shorter longer side say nothing of a change. */
const SMALLEST = 64;

/** A whole picture that turns coarser than this is seen as a flash. */
const SMALLEST_WHOLE = 96;

interface OnScreen {
  readonly made: Made;
  /** The longest side of the finest frame in it. */
  readonly side: number;
}

/** Remembers what is on the screen. */
export class Showing {
  #finished: Made | null = null;
  #now: OnScreen | null = null;
  #before: OnScreen | null = null; // what the present request found

  /** The screen was emptied. */
  clear(): void {
    this.#finished = null;
    this.#now = null;
    this.#before = null;
  }

  /** A finished picture is shown, and nothing over it. */
  finish(made: Made): void {
    this.clear();
    this.#finished = made;
  }

  /** How to show a frame; null if it would make things worse. */
  show(made: Made, frame: LiveFrame): Shown | null {
    const side = Math.max(frame.width, frame.height);
    if (this.#now?.made !== made) this.#before = this.#now;
    const before = this.#before;
    const coarser = before !== null && side < before.side;
    const under = coarser ? before.made : this.#finished;
    const area = under && between(under, made);
    const empty = this.#finished === null && this.#now === null;
    if (side < (area !== null ? SMALLEST : empty ? 0 : SMALLEST_WHOLE)) return null;
    const over = coarser && area !== null;
    this.#now = { made, side: over ? before.side : side };
    return { frame, made, area, over };
  }
}

/** Where two pictures differ; null for everywhere, as when more than the layout is another. */
function between(before: Made, after: Made): Area | null {
  const others = ({ maps: { layout: _layout, ...rest } }: Made) => rest;
  if (before.task !== after.task || before.layout === null || after.layout === null) return null;
  if (!same(before.settings, after.settings) || !same(others(before), others(after))) return null;
  return changedArea(before.layout, after.layout);
}
