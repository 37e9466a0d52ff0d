/** The tasks that the page offers, in the order shown. */

import { analogy } from "./analogy";
import { inpaint, preserve } from "./board";
import type { Panel } from "./panel";
import { portrait } from "./portrait";
import { scene } from "./scene";

export type { Panel } from "./panel";

/** Every panel; a new method adds its own here. */
export const PANELS: readonly Panel[] = [analogy, portrait, scene, preserve, inpaint];

/** The panel of a task; a task that this page does not know is shown as the first. */
export function panelOf(task: string): Panel {
  return PANELS.find((panel) => panel.name === task) ?? PANELS[0];
}
