/** The help: what to do in three steps, and all keys. */

import { openDialog } from "./dialogs";
import { freshId, h } from "./dom";
import { keyText, setSingleKeys, singleKeys } from "./keys";

type Keys = readonly (readonly [string, string])[];

const STEPS: readonly string[] = [
  "Label the photo: open a label map, scribble over each thing, or let regions be proposed.",
  "Paint the layout: choose a class, and paint where it should be. The picture at the right follows.",
  "Try variations, go back in the history, and save the picture.",
];

const TOOLS: Keys = [
  ["B", "Brush"],
  ["F", "Fill"],
  ["P", "Polygon"],
  ["L", "Lasso"],
  ["R", "Rectangle"],
  ["V", "Move, scale, turn a region"],
  ["I", "Pick a class (Alt+click with any tool)"],
  ["E", "Restore the photo's labels; erase scribbles"],
  ["N", "Make a part of a scene anew"],
  ["T", "Move the points of a face; with Shift all of it"],
];

const VIEW: Keys = [
  ["1 … 9, 0", "Choose a class"],
  ["Shift+click", "Straight line from where the last stroke ended"],
  ["[ and ]", "Smaller and larger brush (Ctrl+wheel)"],
  ["O", "Outlines instead of colours"],
  ["Wheel", "Zoom about the pointer"],
  ["Space+drag", "Move the view (middle button too)"],
  ["Ctrl+0", "Fit the photo to the pane"],
];

const DOCUMENT: Keys = [
  ["Ctrl+Z", "Undo"],
  ["Ctrl+Shift+Z", "Redo (Ctrl+Y too)"],
  ["Ctrl+O", "Open a photo"],
  ["Ctrl+S", "Save the picture"],
  ["?", "This help"],
];

const MOVE: Keys = [
  ["Shift+drag", "Pick up all inside a lasso"],
  ["Arrows", "Move; with Shift by ten pixels"],
  ["+ and -", "Larger and smaller"],
  ["< and >", "Turn"],
  ["D", "Duplicate (Alt+drag too)"],
  ["Enter", "Let it go where it is"],
  ["Esc", "Put it back"],
];

const POLYGON: Keys = [
  ["Enter", "Close (double click too)"],
  ["Backspace", "Take the last corner back"],
  ["Esc", "Drop it"],
];

const KEYBOARD: Keys = [
  ["Arrows", "Move the cross; with Shift by 10 pixels, with Ctrl by 100"],
  ["Space, Enter", "Press the tool, and again to let go"],
  ["Esc", "Cancel what was begun"],
  ["+ and -", "Zoom"],
];

/** Opens the help. */
export function openHelp(version: string | null): void {
  const { body } = openDialog("Help", { wide: true });
  const id = freshId("single-keys");
  const single = h("input", { type: "checkbox", id });
  single.checked = singleKeys();
  single.addEventListener("change", () => setSingleKeys(single.checked));
  body.append(
    h("ol", { class: "steps" }, ...STEPS.map((step) => h("li", {}, step))),
    h(
      "div",
      { class: "key-columns" },
      keyTable("Tools", TOOLS),
      keyTable("Painting and view", VIEW),
      keyTable("Document", DOCUMENT),
      keyTable("Moving a region", MOVE),
      keyTable("Drawing a polygon", POLYGON),
      keyTable("Painting by keyboard alone", KEYBOARD),
    ),
    h("div", { class: "row" }, single, h("label", { for: id }, "Single letters and digits are shortcuts")),
    h(
      "p",
      { class: "muted" },
      version === null ? "Sembla" : `Sembla ${version}`,
      ". For scripts: ",
      h("a", { href: "api" }, "the server's interface"),
      ".",
    ),
  );
}

function keyTable(title: string, keys: Keys): HTMLElement {
  const rows = keys.flatMap(([key, does]) => [h("dt", {}, h("kbd", {}, keyText(key))), h("dd", {}, does)]);
  return h("section", {}, h("h3", {}, title), h("dl", { class: "keys" }, ...rows));
}
