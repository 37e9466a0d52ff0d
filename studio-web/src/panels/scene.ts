/** A label map alone: a photo of what it says, from a bank of photos or a trained model. */

import type { Studio } from "../model/studio";
import type { Panel } from "./panel";

/** The scene as a panel. */
export const scene: Panel = {
  name: "scene",
  title: "Paint a scene",
  summary: "Paint what is where; a photo of it appears.",
  targets: ["layout"],
  elsewhere: ["seed", "variations", "first_variation"],
  ready: (studio) =>
    studio.scene === null || studio.map("layout") === null ? "Begin a scene: choose what makes it." : null,
  photo: styleOf,
  sent: ({ style: _style, ...settings }) => settings,
  maps: (studio) => {
    const [layout, rolls] = [studio.map("layout"), studio.map("rolls")];
    if (layout === null) throw new Error("The maps of the scene were asked for before there were any.");
    return rolls === null ? { layout } : { layout, rolls };
  },
  start: () => ({ style: null }),
  draft: () => ({ variations: 1 }),
  full: () => null,
};

/** The photo whose style is wanted, or null. */
function styleOf(studio: Studio) {
  const { style } = studio.settings;
  return (typeof style === "number" && studio.scene?.styles[style]) || null;
}
