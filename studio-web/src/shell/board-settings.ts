/** The settings of a board's generator, and how much the active region counts. */

import { FILLING, FREE, KEEPING } from "../model/board";
import type { Studio } from "../model/studio";
import type { Board } from "../model/types";
import { freshId, h } from "./dom";
import { choiceField, type Field, numberField, seedField, shareField, switchField } from "./fields";

const MOST_WEIGHT = 1000;

/** Adds the settings to the side column; they are there for boards alone. */
export function mountBoardSettings(host: HTMLElement, studio: Studio): void {
  const forms = { preserve: keepFields(studio), inpaint: fillFields(studio) };
  const title = freshId("board-settings");
  const place = h("div", { class: "settings board-settings" });
  const section = h(
    "section",
    { class: "panels", "aria-labelledby": title },
    h("div", { class: "section-head" }, h("h2", { id: title }, "Settings")),
    place,
  );
  host.append(section);
  let shown: Board["method"] | null = null;
  const follow = () => {
    const { board } = studio;
    section.hidden = board === null;
    if (board === null) return;
    const fields = forms[board.method];
    if (shown !== board.method) place.replaceChildren(...fields.map(({ element }) => element));
    shown = board.method;
    for (const field of fields) field.show();
  };
  studio.on("document", follow);
  studio.on("settings", follow);
  follow();
}

function keepFields(studio: Studio): Field[] {
  const meaning = { text: "What counts", setting: "meaning", title: "Of the search steered" };
  const diverse = { text: "Show", setting: "diverse", title: "Which of the candidates are chosen" };
  return [
    shareField(studio, meaning, ["Colours", "Meaning"]),
    numberField(studio, { text: "Candidates", setting: "candidates" }, { min: 1, max: 256 }),
    numberField(studio, { text: "Shown", setting: "shown" }, { min: 1, max: 256 }),
    choiceField(
      studio,
      diverse,
      { false: "The best", true: "Good ones that differ" },
      (value) => value === "true",
    ),
    choiceField(studio, { text: "Search", setting: "search" }, KEEPING),
    numberField(studio, STEPS, { min: 0, max: 10_000, open: "Own" }),
    seedField(studio),
  ];
}

const STEPS = { text: "Steps", setting: "steps", title: "Of the search; empty for its own number" };

function fillFields(studio: Studio): Field[] {
  const shared = { text: "Frames of one person", setting: "shared", title: "All pictures are filled alike" };
  const smooth = { text: "Smoothing", setting: "smooth", title: "Frames over which points are smoothed" };
  const fillings = { text: "Fillings", setting: "fillings", title: "Each of the next seed; of searches" };
  return [
    choiceField(studio, { text: "Search", setting: "search" }, FILLING),
    numberField(studio, STEPS, { min: 0, max: 10_000, open: "Own" }),
    numberField(studio, fillings, { min: 1, max: 16 }),
    switchField(studio, shared),
    numberField(studio, smooth, { min: 0, max: 100, step: 0.1 }),
    seedField(studio),
  ];
}

/** Weight and lock of the region that is painted with; there where regions are kept. */
export function mountRegion(host: HTMLElement, studio: Studio): void {
  const [weightId, lockId] = [freshId("weight"), freshId("lock")];
  const weight = h("input", {
    type: "number",
    id: weightId,
    ...{ min: 0.1, max: MOST_WEIGHT, step: 0.1, required: true },
    title: "How much the region counts beside others",
  });
  const lock = h("input", { type: "checkbox", id: lockId, title: "Bring back its very pixels" });
  const element = h(
    "div",
    { class: "row region-line" },
    h("label", { for: weightId }, "Weight"),
    weight,
    h("label", { for: lockId }, "Lock"),
    lock,
  );
  host.append(element);
  const set = (label: string, values: { weight?: number; locked?: boolean }) => {
    const { classes, active } = studio;
    studio.change(label, { classes: classes.with(active, { ...classes[active], ...values }) });
  };
  weight.addEventListener("change", () => {
    if (weight.reportValidity()) set("Weigh a region", { weight: weight.valueAsNumber });
  });
  lock.addEventListener("change", () => set("Lock a region", { locked: lock.checked }));
  const follow = () => {
    const { board, active, classes } = studio;
    element.hidden = board?.method !== "preserve" || active === FREE;
    weight.value = String(classes[active]?.weight ?? 1);
    lock.checked = classes[active]?.locked === true;
  };
  for (const event of ["document", "classes", "active", "changed"] as const) studio.on(event, follow);
  follow();
}
