/** Three short steps for those who are here for the first time; once dismissed they never come back. */

import { button, h } from "./dom";
import { remember, remembered } from "./theme";

const KEY = "sembla-studio-hint";
const STEPS = [
  "Say what is where in the photo",
  "Choose a class and paint the layout",
  "Watch the picture follow, and save it",
];

/** Shows the steps below the header, where they cover nothing, unless they were dismissed before. */
export function mountHint(header: HTMLElement): void {
  if (remembered(KEY) === "seen") return;
  const dismiss = () => {
    remember(KEY, "seen");
    hint.remove();
  };
  const steps = h("ol", { class: "steps" }, ...STEPS.map((step) => h("li", {}, step)));
  const hint = h("section", { class: "hint", "aria-label": "First steps" }, steps, button("Got it", dismiss));
  header.after(hint);
}
