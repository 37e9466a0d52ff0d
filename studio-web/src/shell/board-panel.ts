/** The panel of a board: who makes the pictures, which pictures lie there, and the button that sets it to work. */

import type { Viewport } from "../editor/viewport";
import { FREE } from "../model/board";
import type { Studio } from "../model/studio";
import type { Board, IndexMap } from "../model/types";
import { panelOf } from "../panels";
import type { BoardRun } from "../work/board-run";
import type { Generators } from "../work/generators";
import type { Documents } from "./documents";
import { button, freshId, h, iconButton } from "./dom";
import { facesPart } from "./faces-part";
import { chooseFiles } from "./files";
import { chooseByArrows, setChosen } from "./radios";
import type { Status } from "./status";

/** What the panel works with. */
export interface BoardPanelParts {
  readonly studio: Studio;
  readonly viewport: Viewport;
  readonly documents: Documents;
  readonly status: Status;
  readonly run: BoardRun;
  readonly generators: Generators;
}

/** A part of the panel: what is seen, and what brings it up to date. */
export interface Part {
  readonly element: HTMLElement;
  show(): void;
}

const GO: Readonly<Record<Board["method"], string>> = { preserve: "Generate", inpaint: "Fill" };

/** Builds the panel; it is there for boards alone, and follows the document. */
export function mountBoardPanel(host: HTMLElement, parts: BoardPanelParts): void {
  const { studio, run, generators } = parts;
  const title = h("h2", {});
  const note = h("p", {});
  const fields = [modelField(parts), workField(parts), picturesField(parts), facesPart(parts)];
  const panel = h(
    "section",
    { class: "stage-panel board-panel" },
    title,
    note,
    ...fields.map(({ element }) => element),
  );
  host.append(panel);
  const follow = () => {
    const { board } = studio;
    panel.hidden = board === null;
    if (board === null) return;
    const { title: words, summary } = panelOf(board.method);
    title.textContent = words;
    note.textContent = summary;
    for (const field of fields) field.show();
  };
  for (const event of ["document", "changed", "view", "settings", "faces"] as const) studio.on(event, follow);
  run.on("change", follow);
  generators.on("change", follow);
  follow();
}

/** Which generator makes the pictures. */
function modelField({ studio, generators }: BoardPanelParts): Part {
  const select = h("select", { id: freshId("model") });
  select.addEventListener("change", () => {
    const card = generators.models.find(({ name }) => name === select.value);
    if (card) studio.setGenerator(card.name, card.title);
  });
  const show = () => {
    const { board } = studio;
    if (board === null) return;
    const cards = generators.models.filter(({ method }) => method === board.method);
    const known = cards.some(({ name }) => name === board.model);
    const listed = known ? cards : [{ name: board.model, title: `${board.title} (gone)` }, ...cards];
    select.replaceChildren(...listed.map(({ name, title }) => h("option", { value: name }, title)));
    select.value = board.model;
  };
  return { element: h("div", { class: "setting" }, h("label", { for: select.id }, "Model"), select), show };
}

/** The button that begins, the one that cancels, and how far the work is. */
function workField({ studio, run }: BoardPanelParts): Part {
  const go = button("", () => run.start(), { look: "primary", icon: "play" });
  const cancel = button("Cancel", () => run.cancel());
  const clear = button("Clear", () => clearMarks(studio), {
    title: "Nothing marked any more; can be undone",
  });
  const bar = h("progress", { max: 1, "aria-label": "Progress" });
  const words = h("p", { class: "board-words", "aria-hidden": "true" });
  const spoken = h("span", { class: "spoken", role: "status" });
  const text = go.querySelector("span");
  const row = h("div", { class: "row" }, go, cancel, h("span", { class: "grow" }), clear);
  const element = h("div", { class: "board-work" }, row, bar, words, spoken);
  const show = () => {
    const { board } = studio;
    const layout = studio.map("layout");
    if (board === null || layout === null) return;
    if (text) text.textContent = GO[board.method];
    const marked = layout.ids.some((id) => id !== FREE);
    go.disabled = run.busy || !marked;
    go.title = marked ? "" : "Mark something first";
    cancel.hidden = !run.busy;
    clear.disabled = !marked;
    const { kind, text: told } = run.status;
    bar.hidden = !run.busy;
    if (run.preview === null) bar.removeAttribute("value");
    else bar.value = (run.preview.level + 1) / run.preview.levels;
    words.textContent = told;
    words.dataset.kind = kind;
    if (kind !== "working" && spoken.textContent !== told) spoken.textContent = told;
  };
  return { element, show };
}

/** The pictures of the board: one is looked at, others can come and go. */
function picturesField({ studio, viewport, documents }: BoardPanelParts): Part {
  const title = freshId("pictures");
  const list = h("div", { class: "board-pictures", role: "radiogroup", "aria-labelledby": title });
  const look = (at: number) => {
    const tile = studio.board?.tiles[at];
    if (tile === undefined) return;
    studio.setView({ tile: at });
    viewport.show(tile);
  };
  const step = (by: number) => {
    const count = studio.board?.tiles.length ?? 1;
    look((studio.view.tile + by + count) % count);
  };
  const before = iconButton("back", "Previous picture", () => step(-1));
  const after = iconButton("next", "Next picture", () => step(1));
  const remove = iconButton("trash", "Take this picture away", () =>
    documents.takeFromBoard(studio.view.tile),
  );
  const add = button("Add pictures", () => addPictures(documents), { icon: "plus", look: "quiet" });
  chooseByArrows(list, () => [...list.children] as HTMLElement[]);
  const head = h("div", { class: "row" }, h("h3", { id: title, class: "grow" }, "Pictures"), add);
  const element = h(
    "div",
    { class: "board-part" },
    head,
    list,
    h("div", { class: "row" }, before, after, h("span", { class: "grow" }), remove),
  );
  let shown: Board["tiles"] = [];
  const show = () => {
    const tiles = studio.board?.tiles ?? [];
    if (tiles !== shown) {
      shown = tiles;
      list.replaceChildren(...tiles.map(({ name }, at) => pictureRow(name, () => look(at))));
    }
    setChosen([...list.children] as HTMLElement[], studio.view.tile);
    for (const each of [before, after, remove]) each.disabled = tiles.length < 2;
  };
  return { element, show };
}

function pictureRow(name: string, press: () => void): HTMLElement {
  return h(
    "button",
    { type: "button", class: "board-picture", role: "radio", title: name, onclick: press },
    name,
  );
}

function addPictures(documents: Documents): void {
  chooseFiles("image/*", (files) => void documents.addToBoard(files), { several: true });
}

function clearMarks(studio: Studio): void {
  const layout = studio.map("layout");
  if (layout === null) return;
  const bare: IndexMap = { ...layout, ids: new Uint8Array(layout.ids.length) };
  studio.change("Clear all marks", { layout: bare });
}
