/** The line above the panes: size of the brush, opacity of the map, outlines, and what the tool wants. */

import { LARGEST } from "../editor/brush-size";
import type { Studio } from "../model/studio";
import { button, freshId, h } from "./dom";
import { toolHint } from "./tools";

const STEPS = 100;

/** Builds the line; it follows the studio's view. */
export function mountOptions(host: HTMLElement, studio: Studio): void {
  const brush = slider("Size", STEPS, (step) => studio.setView({ brush: sizeOf(step) }));
  const opacity = slider("Opacity", 100, (percent) => studio.setView({ opacity: percent / 100 }));
  const outlines = button("Outlines", () => studio.setView({ outlines: !studio.view.outlines }), {
    icon: "outlines",
    look: "quiet",
    title: "Show borders of the classes instead of their colours (O)",
  });
  const hint = h("span", { class: "options-hint" });
  host.setAttribute("role", "group");
  host.setAttribute("aria-label", "Tool options");
  host.append(brush.element, opacity.element, outlines, hint);

  const follow = () => {
    const { view } = studio;
    const sized = view.tool === "brush" || view.tool === "restore";
    brush.show(stepOf(view.brush), `${view.brush} px`);
    brush.input.disabled = !sized;
    opacity.show(Math.round(view.opacity * 100), `${Math.round(view.opacity * 100)} %`);
    opacity.element.hidden = studio.scene !== null; // there is nothing below
    outlines.setAttribute("aria-pressed", String(view.outlines));
    hint.textContent = studio.current === null ? "" : toolHint(view.tool);
    hint.title = hint.textContent;
  };
  studio.on("view", follow);
  studio.on("target", follow);
  studio.on("document", follow);
  studio.on("changed", follow);
  follow();
}

interface Slider {
  readonly element: HTMLElement;
  readonly input: HTMLInputElement;
  show(value: number, text: string): void;
}

function slider(name: string, most: number, slide: (value: number) => void): Slider {
  const id = freshId("option");
  const input = h("input", { type: "range", id, min: 0, max: most, step: 1 });
  const output = h("output", { for: id });
  input.addEventListener("input", () => slide(input.valueAsNumber));
  const show = (value: number, text: string) => {
    input.value = String(value);
    input.setAttribute("aria-valuetext", text);
    output.textContent = text;
  };
  return {
    element: h("div", { class: "option" }, h("label", { for: id }, name), input, output),
    input,
    show,
  };
}

/** Steps of the slider are even to the hand: each makes the brush larger by the same factor. */
function sizeOf(step: number): number {
  return Math.round(LARGEST ** (step / STEPS));
}

function stepOf(size: number): number {
  return Math.round((STEPS * Math.log(size)) / Math.log(LARGEST));
}
