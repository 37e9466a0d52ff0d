/** Painting on both halves of a face at once: where its middle is, and what mirrors what. */

import type { ClassEntry, IndexMap, Point } from "./types";

/** A line through `at`, at right angles to the unit vector `across`. */
export interface Axis {
  readonly at: Point;
  readonly across: Point;
}

/** Pairs that lie on both sides of a face, the first to be looked for. */
const PAIRS = ["eye", "brow", "ear"];

/** The middle line of the face in a map of its parts: between the eyes, or else brows or ears; else of the map. */
export function axisOf(labels: IndexMap, classes: readonly ClassEntry[]): Axis {
  for (const pair of PAIRS) {
    const [left, right] = [`l_${pair}`, `r_${pair}`].map((name) => middleOf(labels, idOf(classes, name)));
    if (left === null || right === null) continue;
    const apart = { x: left.x - right.x, y: left.y - right.y };
    const length = Math.hypot(apart.x, apart.y);
    if (length < 1) continue;
    return {
      at: { x: (left.x + right.x) / 2, y: (left.y + right.y) / 2 },
      across: { x: apart.x / length, y: apart.y / length },
    };
  }
  return { at: { x: labels.width / 2, y: labels.height / 2 }, across: { x: 1, y: 0 } };
}

/** A point on the other side of an axis. */
export function mirrored({ x, y }: Point, { at, across }: Axis): Point {
  const away = (x - at.x) * across.x + (y - at.y) * across.y;
  return { x: x - 2 * away * across.x, y: y - 2 * away * across.y };
}

/** The class that stands on the other side for one: the right eye for the left one, and itself for most. */
export function twinOf(id: number, classes: readonly ClassEntry[]): number {
  const name = classes[id]?.name ?? "";
  const other = name.startsWith("l_")
    ? `r_${name.slice(2)}`
    : name.startsWith("r_")
      ? `l_${name.slice(2)}`
      : "";
  const twin = idOf(classes, other);
  return twin < 0 ? id : twin;
}

function idOf(classes: readonly ClassEntry[], name: string): number {
  return classes.findIndex((entry) => entry.name === name);
}

/** The middle of a class's pixels; null where it has none. */
function middleOf({ ids, width }: IndexMap, id: number): Point | null {
  let [count, x, y] = [0, 0, 0];
  for (let at = 0; at < ids.length; at++) {
    if (ids[at] !== id) continue;
    count += 1;
    x += at % width;
    y += Math.floor(at / width);
  }
  return count === 0 || id < 0 ? null : { x: x / count + 0.5, y: y / count + 0.5 };
}
