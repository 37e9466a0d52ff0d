/** Pictures side by side, made anew around what is kept, or where they are missing, by a trained generator. */

import type { Panel } from "./panel";

/** What both kinds of boards share: they are made when their button is pressed, and not after every stroke. */
function byHand(own: Pick<Panel, "name" | "title" | "summary">, ready: string): Panel {
  return {
    ...own,
    targets: ["layout"],
    elsewhere: [],
    ready: () => ready,
    photo: (studio) => studio.photo,
    sent: (settings) => settings,
    maps: (studio) => {
      const layout = studio.map("layout");
      if (layout === null) throw new Error("The marks of a board were asked for before there were any.");
      return { layout };
    },
    start: () => ({}),
    draft: () => ({}),
    full: () => null,
  };
}

/** Regions kept, the rest made anew. */
export const preserve = byHand(
  {
    name: "preserve",
    title: "Keep regions",
    summary: "Mark what is to stay; the rest is made anew, many times over.",
  },
  "Mark what is to stay, and press Generate.",
);

/** Holes in faces, filled. */
export const inpaint = byHand(
  { name: "inpaint", title: "Fill holes", summary: "Mark what is missing of faces; it is made whole." },
  "Mark what is missing, place the points of the face, and press Fill.",
);
