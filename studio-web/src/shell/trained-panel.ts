/** The section "Trained model": train on the photo, watch it, go on with it, and choose who makes the pictures. */

import type { Studio } from "../model/studio";
import type { Loop } from "../work/loop";
import { previewUrl, type RunCard } from "../work/runs";
import { progressOf, spokenProgressOf, type Trained } from "../work/trained";
import { ask, openDialog } from "./dialogs";
import { button, freshId, h, icon, iconButton, setAttribute } from "./dom";
import { mountRunList } from "./run-list";
import type { Status } from "./status";

/** What the section works with. */
export interface TrainedParts {
  readonly studio: Studio;
  readonly loop: Loop;
  readonly trained: Trained;
  readonly status: Status;
}

/** A part of the section: what is seen, and what brings it up to date. */
interface Piece {
  readonly element: HTMLElement;
  show(): void;
}

/** Does something on the server; its failure is told. */
type Act = (work: () => Promise<void>) => void;

/** Adds the section to the side column, closed: it takes no more room than its title until somebody opens it. */
export function mountTrained(host: HTMLElement, parts: TrainedParts): void {
  const { studio, loop, trained, status } = parts;
  const act: Act = (work) => void work().catch((error: unknown) => status.problem(error));
  const missing = h("p", { class: "muted" });
  const pieces = [beginning(parts, act), underWay(parts, act), chosen(parts, act)];
  const works = h("div", { class: "trained-works" }, ...pieces.map(({ element }) => element));
  const { section, body, brief } = disclosure("Trained model", () => act(() => trained.refresh()));
  body.append(missing, works);
  host.append(section);
  const show = () => {
    const { known, training } = trained;
    section.hidden = !studio.ofPhoto;
    brief.textContent = training?.steps ? `${Math.floor((100 * training.step) / training.steps)} %` : "";
    missing.textContent = known?.missing ? `${capital(known.missing)}, and start the studio again.` : "";
    missing.hidden = !known?.missing;
    works.hidden = known === null || known.missing !== "";
    for (const piece of pieces) piece.show();
  };
  trained.on("change", show);
  loop.on("engine", show);
  for (const event of ["document", "target", "changed"] as const) studio.on(event, show);
  window.addEventListener("focus", () => act(() => trained.refresh()));
  show();
}

/** A section that opens and closes by its title. */
function disclosure(
  words: string,
  opened: () => void,
): { section: HTMLElement; body: HTMLElement; brief: HTMLElement } {
  const [title, place] = [freshId("trained"), freshId("trained-body")];
  const brief = h("span", { class: "trained-brief", "aria-hidden": "true" });
  const body = h("div", { class: "trained-body", id: place, hidden: true });
  const toggle = h(
    "button",
    { type: "button", class: "disclosure", id: title, "aria-expanded": "false", "aria-controls": place },
    icon("down", 16),
    h("span", {}, words),
    brief,
  );
  toggle.addEventListener("click", () => {
    body.hidden = !body.hidden;
    toggle.setAttribute("aria-expanded", String(!body.hidden));
    if (body.hidden) return;
    opened();
    body.scrollIntoView({ block: "nearest" });
  });
  const section = h(
    "section",
    { class: "panels trained", "aria-labelledby": title },
    h("h2", {}, toggle),
    body,
  );
  return { section, body, brief };
}

/** Begin to train on the photo. */
function beginning({ studio, trained }: TrainedParts, act: Act): Piece {
  const id = freshId("steps");
  const field = h("input", { id, type: "number", min: 1, max: 1_000_000, step: 1, required: true });
  const press = () => {
    if (field.reportValidity()) act(() => trained.train(field.valueAsNumber));
  };
  const train = button("Train on this photo", press, { look: "primary", icon: "play" });
  const why = h("p", { class: "muted" });
  const element = h(
    "div",
    { class: "trained-begin" },
    why,
    h("div", { class: "setting" }, h("label", { for: id }, "Steps"), field),
    train,
  );
  const show = () => {
    element.hidden = trained.training !== null;
    if (field.value === "" && trained.known) field.value = String(trained.known.steps);
    const labelled = studio.map("labels") !== null;
    train.disabled = !labelled;
    why.textContent = labelled
      ? "A network learns this photo, in minutes to half an hour. Go on painting meanwhile."
      : "Label the photo first; then a network can learn it.";
  };
  return { element, show };
}

/** The training at work: how far it is, what it can do by now, and how to stop it. */
function underWay({ trained }: TrainedParts, act: Act): Piece {
  const bar = h("progress", { max: 1 });
  const words = h("p", { class: "trained-words", "aria-hidden": "true" });
  const spoken = h("span", { class: "spoken", role: "status" });
  const sheet = h("img", { alt: "" });
  const larger = h(
    "button",
    { type: "button", class: "trained-sheet", onclick: () => enlarge(trained.training) },
    sheet,
  );
  const waiting = h("p", { class: "trained-waiting" }, "A preview appears here");
  const cancel = button("Cancel", () => act(() => trained.stop(trained.training?.name ?? "")), {
    title: "Save, and end the training; it can be gone on with",
  });
  const line = h("div", { class: "row" }, words, cancel);
  const element = h("div", { class: "trained-progress" }, bar, line, waiting, larger);
  let shown = "";
  const show = () => {
    const card = trained.training;
    const begins = element.hidden && card !== null;
    element.hidden = card === null;
    if (begins) element.scrollIntoView({ block: "nearest" }); // does nothing while the section is closed
    spoken.textContent =
      card === null ? (shown === "" ? "" : "The training has ended") : spokenProgressOf(card);
    shown = card?.name ?? shown;
    if (card === null) return;
    words.textContent = progressOf(card);
    words.title = card.images_per_second ? `${card.images_per_second.toPrecision(2)} images a second` : "";
    waiting.hidden = card.preview !== null;
    setAttribute(bar, "aria-label", `Training on ${card.title}`);
    if (card.steps === null || card.step === 0) bar.removeAttribute("value");
    else bar.value = card.step / card.steps;
    cancel.disabled = card.state === "stopping";
    showSheet(card, { sheet, larger });
  };
  return { element: h("div", {}, spoken, element), show };
}

/** The last contact sheet of a run. */
function showSheet(card: RunCard, { sheet, larger }: { sheet: HTMLImageElement; larger: HTMLElement }): void {
  larger.hidden = card.preview === null;
  if (card.preview === null) return;
  const address = previewUrl(card.name, card.preview);
  if (sheet.getAttribute("src") !== address) sheet.src = address;
  const words = `Preview after ${card.preview} steps: photo, layout, and what the model makes of it`;
  larger.setAttribute("aria-label", words);
  larger.title = `${words}. Click for a larger one`;
}

function enlarge(card: RunCard | null): void {
  if (card === null || card.preview === null) return;
  const dialog = openDialog(`${card.title} after ${card.preview} steps`, { wide: true });
  const alt = "In each row the photo, a layout, and what the model makes of it";
  dialog.body.append(h("img", { class: "trained-large", src: previewUrl(card.name, card.preview), alt }));
}

/** The models there are, and what to do with the one chosen. */
function chosen({ loop, trained }: TrainedParts, act: Act): Piece {
  const list = mountRunList(trained);
  const id = freshId("always");
  const always = h("input", { type: "checkbox", id });
  const resume = button("Continue", () => act(() => trained.resume(trained.chosen?.name ?? "")), {
    icon: "play",
  });
  const sheet = button("Preview", () => enlarge(trained.chosen), { icon: "photo" });
  const remove = iconButton("trash", "Delete the model", () => act(() => removeOne(trained, loop)));
  const fault = h("p", { class: "form-error" });
  always.addEventListener("change", () => {
    const run = trained.chosen;
    loop.use(always.checked && run ? { run: run.name, always: true } : null);
  });
  const use = h(
    "div",
    { class: "setting switch" },
    h("label", { for: id }, "Make every picture with it"),
    always,
  );
  const element = h(
    "div",
    { class: "trained-chosen" },
    list.element,
    fault,
    use,
    h("div", { class: "row" }, resume, sheet, remove),
  );
  const show = () => {
    const card = trained.chosen;
    element.hidden = trained.runs.length === 0;
    list.show();
    fault.textContent = card?.message ? `${capital(card.message)}` : "";
    always.disabled = card?.usable !== true;
    always.checked = loop.engine?.always === true;
    const idle = card !== null && ["done", "stopped", "failed"].includes(card.state);
    resume.hidden = card === null || (card.state !== "stopped" && card.state !== "failed");
    resume.disabled = trained.training !== null;
    sheet.hidden = card === null || card.preview === null;
    remove.disabled = !idle;
  };
  return { element, show };
}

async function removeOne(trained: Trained, loop: Loop): Promise<void> {
  const card = trained.chosen;
  if (card === null) return;
  const question = "Its weights, checkpoints and previews go for good.";
  const answer = await ask(`Delete the model of ${card.title}?`, question, [
    { text: "Cancel", value: false, look: "primary" },
    { text: "Delete", value: true },
  ]);
  if (!answer) return;
  await trained.remove(card.name);
  if (loop.engine?.run === card.name) loop.use(null);
}

function capital(text: string): string {
  return text[0].toUpperCase() + text.slice(1);
}
