/** The rail of tools at the left. */

import type { Studio } from "../model/studio";
import type { Target, ToolName } from "../model/types";
import { h, icon } from "./dom";
import type { IconName } from "./icons";
import { TOOL_KEYS } from "./keys";
import { chooseByArrows, setChosen } from "./radios";

/** What tells which tools make sense. */
type Fitting = Pick<Studio, "target" | "varies" | "board">;

interface Tool {
  readonly name: ToolName;
  readonly text: string;
  readonly icon: IconName;
  /** What to do with it, in a line. */
  readonly hint: string;
  /** The maps on which it makes sense. */
  readonly on: readonly Target[];
  /** Which documents it is for, where not for all. */
  only?(studio: Fitting): boolean;
}

const ALL: readonly Target[] = ["strokes", "labels", "layout"];
const FILLED: readonly Target[] = ["labels", "layout"];

const TOOLS: readonly Tool[] = [
  {
    name: "brush",
    text: "Brush",
    icon: "brush",
    on: ALL,
    hint: "Alt+click: pick class. Shift+click: line.",
  },
  {
    name: "fill",
    text: "Fill",
    icon: "fill",
    on: FILLED,
    hint: "Click a region to give all of it the class.",
  },
  {
    name: "polygon",
    text: "Polygon",
    icon: "polygon",
    on: ALL,
    hint: "Click corner after corner. Enter closes, Esc drops, Backspace takes one back.",
  },
  { name: "lasso", text: "Lasso", icon: "lasso", on: ALL, hint: "Drag around what is to get the class." },
  { name: "rectangle", text: "Rectangle", icon: "rectangle", on: ALL, hint: "Drag from corner to corner." },
  {
    name: "move",
    text: "Move",
    icon: "move",
    on: FILLED,
    hint: "Click a region, or Shift+drag around several; then move, scale, turn. Enter applies.",
  },
  {
    name: "eyedropper",
    text: "Pick class",
    icon: "eyedropper",
    on: ALL,
    hint: "Click to paint with the class that is there.",
  },
  {
    name: "restore",
    text: "Restore",
    icon: "restore",
    on: ["strokes", "layout"],
    hint: "Drag to bring back what was there at first; on scribbles it erases.",
  },
  {
    name: "anew",
    text: "Make anew",
    icon: "anew",
    on: ["layout"],
    only: ({ varies }) => varies,
    hint: "Click a region (Shift: all of its class), or drag around a part; only that is made anew.",
  },
  {
    name: "points",
    text: "Points of faces",
    icon: "points",
    on: ["layout"],
    only: ({ board }) => board?.method === "inpaint",
    hint: "Drag a point of the face. Shift+drag: the whole face.",
  },
];

/** The hint of a tool for the line above the panes. */
export function toolHint(name: ToolName): string {
  return TOOLS.find((tool) => tool.name === name)?.hint ?? "";
}

/** Whether a tool makes sense on the map that is painted on. */
export function toolFits(name: ToolName, studio: Fitting): boolean {
  const tool = TOOLS.find((each) => each.name === name);
  return tool?.on.includes(studio.target) === true && (tool.only?.(studio) ?? true);
}

/** Builds the rail; returns how to choose a tool, which does nothing where it makes no sense. */
export function mountTools(host: HTMLElement, studio: Studio): (name: ToolName) => void {
  const choose = (name: ToolName) => {
    if (studio.current !== null && toolFits(name, studio)) studio.setView({ tool: name });
  };
  const buttons = TOOLS.map((tool) => toolButton(tool, choose));
  const group = h(
    "div",
    { role: "radiogroup", "aria-label": "Tools", "aria-orientation": "vertical" },
    ...buttons,
  );
  chooseByArrows(group, () => buttons);
  host.append(group);

  const follow = () => {
    const { current, view } = studio;
    if (!toolFits(view.tool, studio)) return studio.setView({ tool: "brush" }); // comes back here by the event
    setChosen(buttons, current === null ? -1 : TOOLS.findIndex((tool) => tool.name === view.tool));
    for (const [at, tool] of TOOLS.entries()) {
      buttons[at].setAttribute("aria-disabled", String(current === null || !toolFits(tool.name, studio)));
      buttons[at].hidden = tool.only !== undefined && !tool.only(studio);
    }
  };
  studio.on("view", follow);
  studio.on("target", follow);
  studio.on("document", follow);
  studio.on("changed", follow);
  follow();
  return choose;
}

function toolButton(tool: Tool, choose: (name: ToolName) => void): HTMLButtonElement {
  const attributes = {
    type: "button",
    class: "tool",
    role: "radio",
    "aria-label": tool.text,
    "aria-keyshortcuts": TOOL_KEYS[tool.name],
    title: `${tool.text} (${TOOL_KEYS[tool.name]})`,
    onclick: () => choose(tool.name),
  };
  return h("button", attributes, icon(tool.icon));
}
