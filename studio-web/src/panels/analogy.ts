/** A photo, its label map and a new layout: the photo re-laid-out. */

import type { Studio } from "../model/studio";
import type { IndexMap, Size } from "../model/types";
import type { Panel } from "./panel";

/** Longest side, in pixels, of the result while painting: large enough to judge, small enough for every stroke. */
const DRAFT_SIDE = 256;

/** Longest side that a new photo is worked at; saving at full size is a choice of its own. */
const LIVE_SIDE = 1024;

/** The analogy as a panel. */
export const analogy: Panel = {
  name: "analogy",
  title: "Paint the layout",
  summary: "Paint where things should be; the photo follows, made of its own textures.",
  targets: ["labels", "layout"],
  elsewhere: ["seed", "variations", "first_variation"],
  ready,
  photo: (studio) => studio.photo,
  sent: (settings) => settings,
  maps: (studio) => {
    const { labels, layout } = both(studio) ?? {};
    if (!labels || !layout) throw new Error("The maps of the analogy were asked for before there were any.");
    return { labels, layout };
  },
  start: (photo) => ({ size: longest(photo) > LIVE_SIDE ? LIVE_SIDE : null }),
  draft: (studio) => ({ size: Math.min(DRAFT_SIDE, side(studio)), variations: 1 }),
  full: (studio) => {
    const layout = studio.map("layout");
    return layout && side(studio) < longest(layout) ? { settings: { size: null }, size: layout } : null;
  },
};

function ready(studio: Studio): string | null {
  if (studio.photo === null) return "Open a photo to begin.";
  const maps = both(studio);
  if (maps === null) return "Label the photo first: say what is where.";
  const lacking = lackingClass(studio, maps.layout);
  if (lacking === null) return null;
  const name = studio.classes[lacking]?.name ?? `number ${lacking}`;
  return `The layout asks for “${name}”, which the photo's labels lack. Label some of it in the photo, or paint over it.`;
}

function both(studio: Studio): { labels: IndexMap; layout: IndexMap } | null {
  const labels = studio.map("labels");
  const layout = studio.map("layout");
  return labels && layout && { labels, layout };
}

/** A class that the layout has and the labels lack, or null. */
function lackingClass(studio: Studio, layout: IndexMap): number | null {
  const present = new Uint8Array(256);
  const { ids } = layout;
  for (let i = 0; i < ids.length; i++) present[ids[i]] = 1;
  const lacking = present.findIndex((there, id) => there === 1 && !studio.usable(id));
  return lacking < 0 ? null : lacking;
}

/** The longest side of the result as it is set. */
function side(studio: Studio): number {
  const { size } = studio.settings;
  return typeof size === "number" ? size : longest(studio.map("layout") ?? { width: 0, height: 0 });
}

function longest({ width, height }: Size): number {
  return Math.max(width, height);
}
