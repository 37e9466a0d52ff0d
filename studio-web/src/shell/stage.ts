/** The two stages and what each offers: ways to label the photo, ways to begin a layout. */

import { addClass } from "../model/classes";
import type { Studio } from "../model/studio";
import { type ClassEntry, UNMARKED } from "../model/types";
import { proposeSegments, withPhoto } from "../work/rest";
import type { Actions } from "./actions";
import type { Documents } from "./documents";
import { button, freshId, h, icon } from "./dom";
import type { IconName } from "./icons";
import { attachMenu } from "./menu";
import { chooseByArrows, setChosen } from "./radios";
import { marked } from "./scribbles";
import type { Status } from "./status";

/** So many regions are proposed first. */
const REGIONS = 12;

/** What the stages work with. */
export interface StageParts {
  readonly studio: Studio;
  readonly documents: Documents;
  readonly actions: Actions;
  readonly status: Status;
}

/** Builds the switch of stages and the panel below it. */
export function mountStage(host: HTMLElement, parts: StageParts): void {
  const { studio } = parts;
  const panel = h("div", { class: "stage-panel", role: "tabpanel", id: freshId("stage") });
  const tabs = [
    tab("1 Label the photo", panel.id, () => toLabels(studio)),
    tab("2 Paint the layout", panel.id, () => toLayout(studio)),
  ];
  const list = h("div", { class: "stages", role: "tablist", "aria-label": "Stage" }, ...tabs);
  chooseByArrows(list, () => tabs);
  host.append(list, panel);

  let shown = "";
  const builders = { choose, scribble, correct, layout };
  const follow = () => {
    list.hidden = !studio.ofPhoto; // nothing else is labelled
    panel.hidden = list.hidden;
    const painting = studio.target === "layout";
    setChosen(tabs, painting ? 1 : 0, "aria-selected");
    panel.setAttribute("aria-labelledby", tabs[painting ? 1 : 0].id);
    const ready = studio.map("labels") !== null;
    tabs[1].setAttribute("aria-disabled", String(!ready));
    tabs[1].title = ready ? "" : "Label the photo first";
    const wanted = situation(studio);
    if (wanted !== shown) panel.replaceChildren(...builders[wanted](parts));
    shown = wanted;
    panel.dispatchEvent(new Event("follow"));
  };
  for (const event of ["document", "target", "changed"] as const) studio.on(event, follow);
  follow();
}

type Situation = "choose" | "scribble" | "correct" | "layout";

function situation(studio: Studio): Situation {
  if (studio.target === "layout") return "layout";
  if (studio.target === "strokes") return "scribble";
  return studio.map("labels") === null ? "choose" : "correct";
}

function tab(text: string, controls: string, press: () => void): HTMLElement {
  const attributes = { type: "button", class: "stage-tab", role: "tab", id: freshId("tab") };
  return h("button", { ...attributes, "aria-controls": controls, onclick: press }, text);
}

function toLabels(studio: Studio): void {
  if (studio.target === "layout") studio.setTarget("labels");
}

/** The first time the layout is a copy of the labels; that can be undone. */
function toLayout(studio: Studio): void {
  const labels = studio.map("labels");
  if (labels === null) return;
  if (studio.map("layout") !== null) studio.setTarget("layout");
  else studio.change("Begin the layout", { layout: labels, target: "layout" });
}

function choose(parts: StageParts): HTMLElement[] {
  const { documents, actions } = parts;
  return [
    h("p", {}, "What is where in the photo? Choose how to say it."),
    choice("upload", "Open a label map", "A picture with one colour for each class", actions.openLabels),
    choice("scribble", "Scribble", "A few strokes on each thing; the rest is filled in", () =>
      documents.scribble(),
    ),
    choice("regions", "Propose regions", "Found by the computer, for you to name and merge", () =>
      propose(parts, REGIONS),
    ),
  ];
}

function choice(symbol: IconName, text: string, note: string, press: () => void): HTMLElement {
  return h(
    "button",
    { type: "button", class: "choice", onclick: press },
    icon(symbol, 22),
    h("b", {}, text),
    h("small", {}, note),
  );
}

function scribble({ studio }: StageParts): HTMLElement[] {
  const text = h("p", {});
  const use = button("Use these labels", () => finishScribbles(studio), { look: "primary", icon: "check" });
  const wipe = button("Start over", () => wipeStrokes(studio), { title: "Wipe all strokes" });
  const back = button("Other ways", () => studio.setTarget("labels"), { look: "quiet" });
  const row = h("div", { class: "row" }, wipe, back);
  onFollow(row, () => {
    const strokes = studio.map("strokes");
    const count = strokes === null ? 0 : marked(strokes.ids);
    text.textContent = advice(count, studio.classes.length - count);
    use.disabled = count < 2 || studio.map("labels") === null;
    wipe.disabled = count === 0;
  });
  return [text, use, row];
}

function advice(count: number, left: number): string {
  if (count < 2)
    return "Choose a class and draw a stroke on it in the photo; then the same for each other class.";
  if (left === 0) return "Add strokes where the labels are wrong. Restore (E) erases strokes.";
  const lacking = left === 1 ? "One class has" : `${left} classes have`;
  return `${lacking} no stroke yet. Add strokes where the labels are wrong, too.`;
}

/** Runs `follow` whenever the panel that holds `element` follows the document. */
function onFollow(element: HTMLElement, follow: () => void): void {
  queueMicrotask(() => {
    element.parentElement?.addEventListener("follow", () => element.isConnected && follow());
    follow();
  });
}

function finishScribbles(studio: Studio): void {
  const labels = studio.map("labels");
  if (labels !== null) studio.change("Use the proposed labels", { layout: labels, target: "layout" });
}

function wipeStrokes(studio: Studio): void {
  const strokes = studio.map("strokes");
  if (strokes === null) return;
  const wiped = { ...strokes, ids: new Uint8Array(strokes.ids.length).fill(UNMARKED) };
  studio.change("Wipe all strokes", { strokes: wiped });
}

function correct(parts: StageParts): HTMLElement[] {
  const { studio, documents, actions } = parts;
  const paint = button("Paint the layout", () => toLayout(studio), { look: "primary" });
  const id = freshId("regions");
  const count = h("input", { type: "range", id, min: 2, max: 64, value: REGIONS });
  const told = h("output", { for: id }, count.value);
  count.addEventListener("input", () => {
    told.textContent = count.value;
  });
  const again = button("Propose", () => propose(parts, count.valueAsNumber), {
    title: "Propose so many regions in place of the labels",
  });
  return [
    h("p", {}, "Correct the labels with the tools; name and merge the classes below."),
    paint,
    h("div", { class: "row" }, h("label", { for: id }, "Regions"), count, told, again),
    h(
      "div",
      { class: "row" },
      button("Open a map", actions.openLabels, { look: "quiet", icon: "upload" }),
      button("Scribble", () => documents.scribble(), { look: "quiet", icon: "scribble" }),
    ),
  ];
}

let asked = 0;

/** Regions in place of the labels; one step of undo brings those back. Only the count asked for last counts. */
async function propose({ studio, status }: StageParts, count: number): Promise<void> {
  const { photo } = studio;
  if (photo === null) return;
  asked += 1;
  const turn = asked;
  const proposing = withPhoto(photo, (id) => proposeSegments(id, count));
  const proposed = await status.during("Looking for regions…", proposing);
  if (proposed === null || turn !== asked || studio.photo !== photo) return;
  const { map, classes: named } = proposed;
  // in colours that tell neighbours apart, which those of an index picture need not do
  const classes = named.reduce<readonly ClassEntry[]>((list, { name }) => addClass(list, name).classes, []);
  studio.change("Propose regions", {
    classes,
    labels: map,
    layout: null,
    strokes: null,
    target: "labels",
    active: 0,
  });
}

function layout({ studio, documents, actions }: StageParts): HTMLElement[] {
  const reset = () => {
    const labels = studio.map("labels");
    if (labels !== null) studio.change("Start the layout over", { layout: labels });
  };
  const given = h(
    "button",
    { type: "button", class: "button fitting" },
    icon("layers", 18),
    h("span", {}, "Example layouts"),
    icon("down", 14),
  );
  attachMenu(given, "Example layouts", () =>
    Object.entries(documents.layouts).map(([name, map]) => ({
      text: capital(name.replaceAll("-", " ")),
      press: () => studio.change(`Layout ${name}`, { layout: map, target: "layout" }),
    })),
  );
  onFollow(given, () => {
    given.hidden = Object.keys(documents.layouts).length === 0;
  });
  return [
    h("p", {}, "Paint where things should be."),
    h(
      "div",
      { class: "row" },
      button("Open layout", actions.openLayout, {
        icon: "upload",
        title: "A file in the colours of the classes",
      }),
      button("Start over", reset, { icon: "restore", title: "The photo's own labels again" }),
    ),
    given,
  ];
}

function capital(text: string): string {
  return text[0].toUpperCase() + text.slice(1);
}
