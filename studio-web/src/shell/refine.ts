/** The button over the picture that has it made by a trained model, and by the instant engine again. */

import type { Studio } from "../model/studio";
import { panelOf } from "../panels";
import type { Loop } from "../work/loop";
import type { Trained } from "../work/trained";
import { button, setAttribute } from "./dom";

/** What the button works with. */
export interface RefineParts {
  readonly studio: Studio;
  readonly loop: Loop;
  readonly trained: Trained;
}

/** Adds the button to the head of the picture's pane. */
export function mountRefine(head: HTMLElement, { studio, loop, trained }: RefineParts): void {
  const press = () => {
    const run = trained.chosen;
    if (loop.engine !== null) loop.use(null);
    else if (run?.usable) loop.use({ run: run.name, always: false });
  };
  const element = button("Refine", press, { look: "quiet", icon: "refine" });
  const text = element.querySelector("span");
  element.classList.add("refine");
  head.append(element);
  const show = () => {
    const by = loop.engine !== null;
    const able = trained.chosen?.usable === true;
    const words = by ? "Back to instant" : "Refine";
    if (text && text.textContent !== words) text.textContent = words;
    element.hidden = studio.map("layout") === null || !studio.ofPhoto;
    element.disabled =
      !by && (!able || studio.target !== "layout" || panelOf(studio.task).ready(studio) !== null);
    const name = by ? "Back to instant pictures" : "Refine with a trained model";
    const why = able || by ? "" : ". Train one on this photo first: Trained model, on the right";
    setAttribute(element, "aria-label", name);
    element.title = `${name}${why}`;
  };
  loop.on("engine", show);
  trained.on("change", show);
  for (const event of ["document", "target", "changed"] as const) studio.on(event, show);
  show();
}
