/** The keys of the page. Single letters can be switched off, for those who speak to their computer. */

import { stepBrush } from "../editor/brush-size";
import type { Studio } from "../model/studio";
import type { ToolName } from "../model/types";
import type { Actions } from "./actions";
import { remember, remembered } from "./theme";

const MAC = /mac|iphone|ipad/i.test(navigator.platform);
const KEY = "sembla-studio-single-keys";

/** The letter of each tool. */
export const TOOL_KEYS: Readonly<Record<ToolName, string>> = {
  brush: "B",
  fill: "F",
  polygon: "P",
  lasso: "L",
  rectangle: "R",
  eyedropper: "I",
  restore: "E",
  move: "V",
  anew: "N",
  points: "T",
};

/** A shortcut as this computer's keyboard names it. */
export function keyText(shortcut: string): string {
  return MAC ? shortcut.replace("Ctrl+", "⌘").replace("Shift+", "⇧") : shortcut;
}

/** Whether single letters and digits are shortcuts. */
export function singleKeys(): boolean {
  return remembered(KEY) !== "off";
}

/** Switches single letters and digits on or off as shortcuts. */
export function setSingleKeys(on: boolean): void {
  remember(KEY, on ? null : "off");
}

/** Listens to the keys of the whole page, except while the user types or a dialog is open. */
export function listenToKeys(studio: Studio, actions: Actions, chooseTool: (tool: ToolName) => void): void {
  window.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || document.querySelector("dialog[open]")) return;
    if (document.querySelector(".menu:popover-open")) return;
    const act =
      event.ctrlKey || event.metaKey ? commandOf(event, actions) : keyOf(event, studio, actions, chooseTool);
    if (act === null) return;
    event.preventDefault();
    act();
  });
}

type Act = () => void;

function commandOf(event: KeyboardEvent, actions: Actions): Act | null {
  if (event.altKey) return null;
  const key = event.key.toLowerCase();
  if (isText(event.target) && (key === "z" || key === "y")) return null; // the field has its own
  if (event.shiftKey) return key === "z" ? actions.redo : null;
  const acts: Readonly<Record<string, Act>> = {
    z: actions.undo,
    y: actions.redo,
    s: actions.savePicture,
    o: actions.openPhoto,
    "0": actions.fit,
  };
  return acts[key] ?? null;
}

function keyOf(
  event: KeyboardEvent,
  studio: Studio,
  actions: Actions,
  chooseTool: (tool: ToolName) => void,
): Act | null {
  if (event.altKey || takesLetters(event.target) || !singleKeys()) return null;
  if (event.key === "?") return actions.help;
  if (studio.photo === null) return null;
  const { brush, outlines } = studio.view;
  if (event.key === "[") return () => studio.setView({ brush: stepBrush(brush, -1) });
  if (event.key === "]") return () => studio.setView({ brush: stepBrush(brush, 1) });
  if (event.shiftKey) return null;
  if (/^[0-9]$/.test(event.key)) return () => studio.setActive((Number(event.key) + 9) % 10);
  const letter = event.key.toUpperCase();
  if (letter === "O") return () => studio.setView({ outlines: !outlines });
  const tool = (Object.keys(TOOL_KEYS) as ToolName[]).find((name) => TOOL_KEYS[name] === letter);
  return tool === undefined ? null : () => chooseTool(tool);
}

function isText(target: EventTarget | null): boolean {
  if (target instanceof HTMLInputElement) return ["text", "number", "search"].includes(target.type);
  return target instanceof HTMLTextAreaElement || (target instanceof HTMLElement && target.isContentEditable);
}

/** Whether letters mean something to the element itself. */
function takesLetters(target: EventTarget | null): boolean {
  return isText(target) || target instanceof HTMLSelectElement;
}
