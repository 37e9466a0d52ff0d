/** The settings of a board's generator, and how much the active region counts. */

import { FILLING, FREE, KEEPING, SEEING } from "../model/board";
import { randomSeed } from "../model/seeds";
import type { Studio } from "../model/studio";
import type { Board } from "../model/types";
import { freshId, h, iconButton } from "./dom";
import { type Change, choiceField, type Field, numberField, shareField, switchField } from "./fields";

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
    for (const field of fields) field.follow();
  };
  studio.on("document", follow);
  studio.on("settings", follow);
  follow();
}

/** A field that follows a setting of the document. */
interface Bound {
  readonly element: HTMLElement;
  follow(): void;
}

/** Binds fields to settings of the document by their names. */
function binder(studio: Studio) {
  return (setting: string, make: (change: Change) => Field): Bound => {
    const { element, show } = make((value) => studio.setSettings({ [setting]: value }));
    return { element, follow: () => show(studio.settings[setting] ?? null) };
  };
}

function keepFields(studio: Studio): Bound[] {
  const bound = binder(studio);
  const meaning = { text: "What counts", title: "Of the search steered" };
  const show = { text: "Show", title: "Which of the candidates are chosen" };
  const seeing = { text: "Network", title: "What regions are compared through" };
  const gram = { text: "Patterns, not places", title: "Compare how alike places are to one another (Gram)" };
  const hard = {
    text: "Whole cells only",
    title: "Cells of the network count that lie within a region wholly",
  };
  const chosen = { false: "The best", true: "Good ones that differ" };
  return [
    bound("meaning", (change) => shareField(meaning, ["Colours", "Meaning"], change)),
    bound("candidates", (change) => numberField({ text: "Candidates" }, { min: 1, max: 256 }, change)),
    bound("shown", (change) => numberField({ text: "Shown" }, { min: 1, max: 256 }, change)),
    bound("diverse", (change) => choiceField(show, chosen, (name) => change(name === "true"))),
    bound("search", () =>
      choiceField({ text: "Search" }, KEEPING, (search) =>
        studio.setSettings({ search, gram: false, hard: false }),
      ),
    ),
    bound("steps", stepsField),
    bound("features", (change) => choiceField(seeing, SEEING, change)),
    ofSearches(
      ["faces", "bedrooms"],
      studio,
      bound("gram", (change) => switchField(gram, change)),
    ),
    ofSearches(
      ["faces"],
      studio,
      bound("hard", (change) => switchField(hard, change)),
    ),
    seedLine(studio),
  ];
}

/** A field that is there for some searches alone. */
function ofSearches(searches: readonly string[], studio: Studio, { element, follow }: Bound): Bound {
  return {
    element,
    follow: () => {
      element.hidden = !searches.includes(String(studio.settings.search));
      follow();
    },
  };
}

function fillFields(studio: Studio): Bound[] {
  const bound = binder(studio);
  const shared = { text: "Frames of one person", title: "All pictures are filled alike" };
  const smooth = { text: "Smoothing", title: "Frames over which points are smoothed" };
  const fillings = { text: "Fillings", title: "Each of the next seed; of searches" };
  return [
    bound("search", (change) => choiceField({ text: "Search" }, FILLING, change)),
    bound("steps", stepsField),
    bound("fillings", (change) => numberField(fillings, { min: 1, max: 16 }, change)),
    bound("shared", (change) => switchField(shared, change)),
    bound("smooth", (change) => numberField(smooth, { min: 0, max: 100, step: 0.1 }, change)),
    seedLine(studio),
  ];
}

function stepsField(change: Change): Field {
  const about = { text: "Steps", title: "Of the search; empty for its own number" };
  return numberField(about, { min: 0, max: 10_000, open: "Own" }, change);
}

/** The seed, with dice to throw. */
function seedLine(studio: Studio): Bound {
  const about = { text: "Seed", title: "Same seed, same pictures" };
  const limits = { min: 0, max: Number.MAX_SAFE_INTEGER };
  const { element, follow } = binder(studio)("seed", (change) => numberField(about, limits, change));
  const dice = iconButton("dice", "Another seed", () => studio.setSettings({ seed: randomSeed() }));
  return { element: h("div", { class: "seed-line" }, element, dice), follow };
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
