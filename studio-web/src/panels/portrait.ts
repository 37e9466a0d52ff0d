/** A face, its parts and a new layout of them: the face made anew there by a trained model. */

import type { Studio } from "../model/studio";
import type { Photo, Settings } from "../model/types";
import type { Panel } from "./panel";

/** The portrait as a panel. */
export const portrait: Panel = {
  name: "portrait",
  title: "Edit a face",
  summary: "Paint the parts of a face as they shall be; the face follows.",
  targets: ["labels", "layout"],
  elsewhere: ["seed"],
  ready: (studio) =>
    studio.portrait === null || studio.map("labels") === null || studio.map("layout") === null
      ? "Open a photo of a face."
      : null,
  photo: (studio) => studio.photo,
  others: (studio) => [referenceOf(studio)].filter((photo) => photo !== null),
  sent: ({ seed }) => ({ seed: Number(seed ?? 0) }),
  maps: (studio) => {
    const [labels, layout] = [studio.map("labels"), studio.map("layout")];
    if (labels === null || layout === null)
      throw new Error("The maps of the portrait were asked for before there were any.");
    return { labels, layout };
  },
  start: () => ({ reference: null, lent: "", drawn: "", whole: false }),
  draft: () => ({}),
  full: () => null,
};

/** The other face, or null. */
export function referenceOf(studio: Studio): Photo | null {
  const { reference } = studio.settings;
  return (typeof reference === "number" && studio.portrait?.references[reference]) || null;
}

/** The parts that look as those of the other face. */
export function lentOf({ lent }: Settings): readonly number[] {
  return itemsOf(lent).map(Number);
}

/** The parts whose look is drawn by chance, and the seed of each. */
export function drawnOf({ drawn }: Settings): ReadonlyMap<number, number> {
  return new Map(itemsOf(drawn).map((item) => item.split(":").map(Number) as [number, number]));
}

/** Both as settings, which are scalars. */
export function looksAs(lent: Iterable<number>, drawn: ReadonlyMap<number, number>): Settings {
  return { lent: [...lent].join(","), drawn: [...drawn].map(([part, seed]) => `${part}:${seed}`).join(",") };
}

function itemsOf(value: Settings[string] | undefined): string[] {
  return String(value ?? "")
    .split(",")
    .filter((item) => item !== "");
}

/** What the server is to do beside maps and seed; null for a document that is no portrait. */
export function portraitAsk(studio: Studio): object | null {
  const { portrait: its, settings } = studio;
  if (its === null) return null;
  const [other, parts] = [referenceOf(studio), lentOf(settings)];
  const lends = other !== null && parts.length > 0;
  return {
    model: its.model,
    reference: lends ? other.id : null,
    lent: lends ? parts : [],
    drawn: Object.fromEntries(drawnOf(settings)),
    whole: settings.whole === true,
  };
}
