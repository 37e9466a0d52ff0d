/** Labels proposed from strokes, anew after each stroke; the newest strokes win. */

import type { Studio } from "../model/studio";
import { type IndexMap, UNMARKED } from "../model/types";
import { fillScribbles, withPhoto } from "../work/rest";
import type { Status } from "./status";

/** Asks for labels after every change of the strokes; they join the step that the stroke made, so one undo takes both back. */
export function followScribbles(studio: Studio, status: Status): void {
  let stale = false;
  let running = false;

  const propose = async () => {
    if (running) return;
    running = true;
    while (stale && !studio.editing) {
      stale = false;
      const map = await status.during("Working out the labels from your strokes…", fill(studio));
      if (studio.editing) stale = true;
      else if (map !== null && !stale) studio.amend({ labels: map });
    }
    running = false;
  };

  studio.on("pixels", ({ target }) => {
    if (target === "strokes") stale = true;
  });
  studio.on("document", () => {
    stale = false;
  });
  studio.on("ended", () => queueMicrotask(propose));
  studio.on("changed", ({ kind }) => {
    if (kind === "edit") queueMicrotask(propose);
    else stale = false; // the labels went back or forth with the strokes
  });
}

async function fill(studio: Studio): Promise<IndexMap | null> {
  const { photo } = studio;
  const strokes = studio.map("strokes");
  if (photo === null || strokes === null || marked(strokes.ids) < 2) return null;
  const filled = await withPhoto(photo, (id) => fillScribbles(id, strokes, studio.classes.length));
  return studio.photo === photo ? filled.map : null;
}

/** How many classes have a stroke. */
export function marked(ids: Uint8Array): number {
  const present = new Uint8Array(256);
  for (let i = 0; i < ids.length; i++) present[ids[i]] = 1;
  present[UNMARKED] = 0;
  return present.reduce((sum, one) => sum + one, 0);
}
