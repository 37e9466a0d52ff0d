/** Which parts of a scene are made anew: a map of the numbers of variations, 0 where the picture is the plain one. */

import { maskOf } from "./plane";
import { whole } from "./rect";
import { connected, type Selection, within } from "./select";
import { type IndexMap, MOST_ROLLS, type Point } from "./types";

/** The map after the connected region of a layout that holds `at` was asked for anew. */
export function rolled(layout: IndexMap, rolls: IndexMap | null, at: Point): IndexMap {
  return next(layout, rolls, connected(layout, at));
}

/** The map after all pixels of the class at `at`, which lies inside the layout, were asked for anew. */
export function rolledClass(layout: IndexMap, rolls: IndexMap | null, at: Point): IndexMap {
  const id = layout.ids[Math.floor(at.y) * layout.width + Math.floor(at.x)];
  return next(layout, rolls, { bounds: whole(layout), mask: maskOf(layout.ids, id), ids: layout.ids });
}

/** The map after what a line encloses was asked for anew; null where that is nothing. */
export function rolledWithin(
  layout: IndexMap,
  rolls: IndexMap | null,
  points: readonly Point[],
): IndexMap | null {
  const selection = within(layout, points);
  return selection && next(layout, rolls, selection);
}

/** How many variations stand in the map. */
export function countRolls(rolls: IndexMap | null): number {
  const present = new Set(rolls?.ids ?? []);
  present.delete(0);
  return present.size;
}

/** A number that stands nowhere in the region yet, the lowest that no other part has if there is one. */
function next({ width, height }: IndexMap, rolls: IndexMap | null, region: Selection): IndexMap {
  const ids = rolls?.ids.slice() ?? new Uint8Array(width * height);
  const places = placesOf(region, width);
  const here = places.reduce((most, place) => Math.max(most, ids[place]), 0);
  const elsewhere = new Set(ids);
  let number = (here % MOST_ROLLS) + 1;
  for (let tried = 0; tried < MOST_ROLLS && elsewhere.has(number); tried++)
    number = (number % MOST_ROLLS) + 1;
  for (const place of places) ids[place] = number;
  return { width, height, ids };
}

function placesOf({ bounds, mask }: Selection, stride: number): number[] {
  const places: number[] = [];
  for (let i = 0; i < mask.length; i++) {
    if (mask[i] !== 1) continue;
    places.push((bounds.y + Math.floor(i / bounds.width)) * stride + bounds.x + (i % bounds.width));
  }
  return places;
}
