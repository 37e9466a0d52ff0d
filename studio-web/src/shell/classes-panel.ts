/** The list of classes with the one that is painted with, and the fields that change it. */

import { FREE } from "../model/board";
import {
  addClass,
  type ClassMaps,
  checkColour,
  checkName,
  deleteClass,
  freeName,
  MAX_NAME,
  mergeClasses,
  recolourClass,
  renameClass,
} from "../model/classes";
import type { Studio } from "../model/studio";
import { type ClassEntry, MAX_CLASSES } from "../model/types";
import { button, freshId, h, iconButton } from "./dom";
import { attachMenu, type MenuItem } from "./menu";
import { chooseByArrows, setChosen } from "./radios";
import type { Status } from "./status";

/** Builds the panel; it follows the document. */
export function mountClasses(host: HTMLElement, studio: Studio, status: Status): void {
  const title = freshId("classes");
  const add = button("Add", () => addOne(studio), { icon: "plus", look: "quiet" });
  const list = h("div", { class: "class-list", role: "radiogroup", "aria-labelledby": title });
  const empty = h(
    "p",
    { class: "empty" },
    "Classes are the things to tell apart, such as sky and grass. They appear here once the photo is labelled.",
  );
  const editor = classEditor(studio);
  const heading = h("h2", { id: title }, "Classes");
  host.append(
    h(
      "section",
      { class: "classes" },
      h("div", { class: "section-head" }, heading, add),
      empty,
      list,
      editor.element,
    ),
  );
  chooseByArrows(list, () => [...list.children] as HTMLElement[]);

  const choose = (id: number) => {
    studio.setActive(id);
    if (unusable(studio, id))
      status.say(
        `“${studio.classes[id].name}” is not in the photo's labels, so the layout cannot ask for it.`,
      );
  };
  const refill = () => {
    empty.hidden = studio.classes.length > 0;
    list.replaceChildren(...studio.classes.map((entry, id) => row(entry, id, choose)));
    mark();
  };
  const mark = () => {
    const { board } = studio;
    const painting = studio.target === "layout" && board === null;
    heading.textContent = board === null ? "Classes" : board.method === "preserve" ? "Regions" : "Marks";
    add.disabled = studio.photo === null || painting || studio.classes.length >= MAX_CLASSES;
    add.hidden = fixed(studio);
    add.title = painting ? "Classes are added while labelling the photo" : "Add a class";
    if (board !== null) add.title = "Add a region";
    const rows = [...list.children] as HTMLElement[];
    setChosen(rows, studio.active);
    for (const [id, element] of rows.entries()) markUsable(element, unusable(studio, id));
    editor.follow();
  };
  const reveal = () => list.children[studio.active]?.scrollIntoView({ block: "nearest" });
  studio.on("document", refill);
  studio.on("classes", () => keepFocus(list, refill));
  studio.on("active", () => {
    mark();
    reveal();
  });
  studio.on("target", mark);
  studio.on("changed", mark);
  refill();
}

/** The focus stays on the list when its rows are built anew. */
function keepFocus(list: HTMLElement, refill: () => void): void {
  const focused = list.contains(document.activeElement);
  refill();
  if (focused) list.querySelector<HTMLElement>("[aria-checked=true]")?.focus();
}

function unusable(studio: Studio, id: number): boolean {
  return studio.target === "layout" && studio.map("labels") !== null && !studio.usable(id);
}

function row(entry: ClassEntry, id: number, choose: (id: number) => void): HTMLElement {
  const swatch = h("span", { class: "swatch" });
  swatch.style.background = entry.colour;
  const key = id < 10 ? String((id + 1) % 10) : "";
  return h(
    "button",
    { type: "button", class: "class-row", role: "radio", onclick: () => choose(id) },
    swatch,
    h("span", {}, entry.name),
    h("span", { class: "class-key", "aria-hidden": "true" }, key),
  );
}

function markUsable(element: HTMLElement, lacking: boolean): void {
  element.classList.toggle("unusable", lacking);
  const name = element.children[1]?.textContent ?? "";
  element.title = lacking ? `${name}: not in the photo's labels, so the layout cannot ask for it` : name;
  element.setAttribute("aria-label", lacking ? `${name}, not in the photo` : name);
}

/** Name, colour, merging and deleting of the active class. */
function classEditor(studio: Studio): { element: HTMLElement; follow(): void } {
  const error = freshId("class-error");
  const colour = h("input", { type: "color", "aria-label": "Colour of the class", title: "Colour" });
  const name = h("input", {
    type: "text",
    "aria-label": "Name of the class",
    "aria-describedby": error,
    maxlength: MAX_NAME,
    spellcheck: "false",
  });
  const fault = h("p", { class: "form-error", id: error, role: "status" });
  const merge = iconButton("merge", "Merge into another class", () => {});
  const remove = iconButton("trash", "Delete the class", () => removeOne(studio));
  attachMenu(merge, "Merge into", () => mergeItems(studio));
  const tell = (problem: string | null) => {
    fault.textContent = problem ?? "";
    name.setAttribute("aria-invalid", String(problem !== null));
  };
  let shown = -1;
  const reset = () => {
    name.value = studio.classes[shown]?.name ?? "";
    tell(null);
  };
  name.addEventListener("input", () => tell(checkName(studio.classes, name.value.trim(), studio.active)));
  name.addEventListener("change", () => rename(studio, name.value.trim(), tell));
  name.addEventListener("keydown", (event) => {
    if (event.key === "Enter") name.blur();
    if (event.key !== "Escape") return;
    reset();
    name.blur();
  });
  colour.addEventListener("change", () => recolour(studio, colour.value, tell));
  const element = h(
    "div",
    { class: "class-editor" },
    h("div", { class: "row" }, colour, name, merge, remove),
    fault,
  );
  const follow = () => {
    const entry = studio.classes[studio.active];
    element.hidden =
      entry === undefined || fixed(studio) || (studio.board !== null && studio.active === FREE);
    if (entry === undefined) return;
    colour.value = entry.colour;
    merge.disabled = studio.classes.length < 2;
    remove.disabled = studio.classes.length < 2;
    const typing = document.activeElement === name && shown === studio.active;
    shown = studio.active;
    if (!typing) reset(); // labels may arrive while a name is typed
  };
  return { element, follow };
}

type Tell = (problem: string | null) => void;

/** Whether the classes are given: those that an engine knows, or known and missing. */
function fixed({ scene, board, portrait }: Studio): boolean {
  return scene !== null || portrait !== null || board?.method === "inpaint";
}

function addOne(studio: Studio): void {
  if (studio.board === null) studio.change("Add a class", addClass(studio.classes));
  else
    studio.change(
      "Add a region",
      addClass(studio.classes, freeName(studio.classes, "region", studio.classes.length)),
    );
}

function rename(studio: Studio, name: string, tell: Tell): void {
  const { active, classes } = studio;
  const problem = checkName(classes, name, active);
  tell(problem);
  if (problem === null && name !== classes[active].name) {
    studio.change("Rename a class", renameClass(classes, active, name));
  }
}

function recolour(studio: Studio, colour: string, tell: Tell): void {
  const problem = checkColour(studio.classes, colour, studio.active);
  tell(problem);
  if (problem === null)
    studio.change("Recolour a class", recolourClass(studio.classes, studio.active, colour));
}

function mergeItems(studio: Studio): MenuItem[] {
  const from = studio.active;
  return studio.classes.flatMap(({ name, colour }, into) =>
    into === from ? [] : [{ text: name, colour, press: () => mergeInto(studio, from, into) }],
  );
}

function mergeInto(studio: Studio, from: number, into: number): void {
  const { classes } = studio;
  const label = `Merge ${classes[from].name} into ${classes[into].name}`;
  studio.change(label, mergeClasses(classes, maps(studio), { from, into }));
}

function removeOne(studio: Studio): void {
  const { classes, active, board } = studio;
  if (board !== null) {
    mergeInto(studio, active, FREE); // what it marked is free again
    return;
  }
  studio.change(`Delete ${classes[active].name}`, deleteClass(classes, maps(studio), active));
}

function maps(studio: Studio): ClassMaps {
  return { strokes: studio.map("strokes"), labels: studio.map("labels"), layout: studio.map("layout") };
}
