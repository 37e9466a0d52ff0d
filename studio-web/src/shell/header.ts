/** The bar at the top: open, save, undo, help. */

import type { Studio } from "../model/studio";
import type { Generators } from "../work/generators";
import type { PortraitModels } from "../work/portraits";
import type { Actions } from "./actions";
import { boardButton } from "./board-start";
import type { Documents } from "./documents";
import { button, h, icon, iconButton } from "./dom";
import { keyText } from "./keys";
import { attachMenu, type MenuItem } from "./menu";
import { portraitButton } from "./portrait-start";
import type { SceneEngines } from "./scene-dialog";
import { isDark } from "./theme";

/** What the header works with. */
export interface HeaderParts {
  readonly studio: Studio;
  readonly actions: Actions;
  readonly engines: SceneEngines;
  readonly documents: Documents;
  readonly generators: Generators;
  readonly portraits: PortraitModels;
  /** Whether there is a finished picture to save. */
  hasPicture(): boolean;
}

/** Fills the header; it follows the document. */
export function mountHeader(host: HTMLElement, parts: HeaderParts): void {
  const { studio, actions, engines, documents, generators, portraits, hasPicture } = parts;
  const save = menuButton("Save", "save");
  const session = menuButton("Session", "session");
  const undo = iconButton("undo", "Undo", actions.undo);
  const redo = iconButton("redo", "Redo", actions.redo);
  const name = h("span", { class: "document-name" });
  const scenes = button("New scene", actions.newScene, { icon: "layers", look: "quiet" });
  const follow = () => {
    scenes.hidden = !engines.known;
  };
  engines.on("change", follow);
  follow();
  host.append(
    button("Open photo", actions.openPhoto, {
      icon: "photo",
      look: "quiet",
      title: title("Open a photo", "Ctrl+O"),
    }),
    button("Examples", actions.openExamples, { icon: "examples", look: "quiet" }),
    scenes,
    boardButton(generators, documents),
    portraitButton(portraits, documents),
    h("span", { class: "divider" }),
    save,
    session,
    h("span", { class: "divider" }),
    undo,
    redo,
    h("span", { class: "header-space" }),
    name,
    iconButton("help", "Help and shortcuts", actions.help, "?"),
    themeButton(actions.theme),
  );
  attachMenu(save, "Save", () => saveItems(studio, actions, hasPicture()));
  attachMenu(session, "Session", () => sessionItems(studio, actions));
  followStacks(studio, undo, redo);
  studio.on("document", () => {
    name.textContent = studio.photo?.name ?? "";
    name.title = name.textContent;
    document.title = studio.photo === null ? "Sembla studio" : `${studio.photo.name} - Sembla studio`;
  });
}

function menuButton(text: string, symbol: "save" | "session"): HTMLButtonElement {
  const attributes = { type: "button", class: "button quiet" };
  return h("button", attributes, icon(symbol, 18), h("span", {}, text), icon("down", 14));
}

function saveItems(studio: Studio, actions: Actions, picture: boolean): MenuItem[] {
  const { ofPhoto, board, portrait } = studio;
  const items: (MenuItem | false)[] = [
    {
      text: "Picture",
      icon: "photo",
      shortcut: keyText("Ctrl+S"),
      note: picture ? (ofPhoto ? "PNG" : "PNG with a record of how it was made") : "There is no picture yet",
      disabled: !picture,
      press: actions.savePicture,
    },
    board !== null && {
      text: "All pictures",
      icon: "examples",
      note: "ZIP of everything that was made",
      disabled: !picture,
      press: actions.saveAll,
    },
    board?.method === "inpaint" && {
      text: "Points of the face",
      icon: "points",
      note: "JSON, as sembla inpaint --landmarks reads them",
      disabled: studio.faces[studio.view.tile] === null,
      press: actions.savePoints,
    },
    {
      text: board === null ? "Layout" : "Mask of the picture",
      icon: "layers",
      note:
        board === null
          ? "PNG with a palette; opens again here and on the command line"
          : "PNG, white where it is marked",
      disabled: studio.map("layout") === null,
      press: actions.saveLayout,
    },
    (ofPhoto || portrait !== null) && {
      text: "Labels of the photo",
      icon: "regions",
      note: "PNG with the same palette",
      disabled: studio.map("labels") === null,
      press: actions.saveLabels,
    },
    ofPhoto && {
      text: "Same layout, another photo…",
      icon: "batch",
      note: "Run this layout on a second photo and its label map",
      disabled: studio.map("layout") === null,
      press: actions.runOnAnother,
    },
  ];
  return items.filter((item) => item !== false);
}

function sessionItems(studio: Studio, actions: Actions): MenuItem[] {
  return [
    {
      text: "Save session",
      icon: "save",
      note: "Photo, labels, layout and history in one file",
      disabled: studio.photo === null,
      press: actions.saveSession,
    },
    {
      text: "Open session…",
      icon: "upload",
      note: "A file that ends in .sembla",
      press: actions.openSession,
    },
  ];
}

function followStacks(studio: Studio, undo: HTMLButtonElement, redo: HTMLButtonElement): void {
  const follow = () => {
    tell(undo, "Undo", studio.undoLabel, "Ctrl+Z");
    tell(redo, "Redo", studio.redoLabel, "Ctrl+Shift+Z");
  };
  studio.on("stacks", follow);
  follow();
}

function tell(element: HTMLButtonElement, verb: string, label: string | null, shortcut: string): void {
  const text = label === null ? verb : `${verb}: ${label}`;
  element.disabled = label === null;
  element.setAttribute("aria-label", text);
  element.title = title(text, shortcut);
}

function themeButton(toggle: () => void): HTMLButtonElement {
  const element = iconButton("moon", "", () => {
    toggle();
    follow();
  });
  const follow = () => {
    const text = isDark() ? "Light theme" : "Dark theme";
    element.setAttribute("aria-label", text);
    element.title = text;
    element.replaceChildren(icon(isDark() ? "sun" : "moon"));
  };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", follow);
  follow();
  return element;
}

function title(text: string, shortcut: string): string {
  return `${text} (${keyText(shortcut)})`;
}
