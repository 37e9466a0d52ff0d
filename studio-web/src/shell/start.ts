/** The start screen: shown while there is no photo. And the examples, which the header offers later too. */

import type { Studio } from "../model/studio";
import type { Offer } from "../work/autosave";
import type { Generators } from "../work/generators";
import type { PortraitModels } from "../work/portraits";
import { type ExampleCard, examples, thumbnailUrl } from "../work/rest";
import type { Actions } from "./actions";
import { boardSection } from "./board-start";
import { openDialog } from "./dialogs";
import type { Documents } from "./documents";
import { button, h, icon } from "./dom";
import { portraitSection } from "./portrait-start";
import { kindOf, openSceneDialog, pictureOf, type SceneEngines } from "./scene-dialog";
import type { Status } from "./status";

const PLACES = 5;

/** The start screen on the page. */
export interface Start {
  /** Shows itself, if there is still no photo, with an offer to go on with what another tab left. */
  show(offer: Offer | null): void;
  /** Fills the places of the examples; the server has answered. */
  fill(): void;
}

/** What the start screen works with; `left` is called when it gives way to a document. */
export interface StartParts {
  readonly studio: Studio;
  readonly documents: Documents;
  readonly actions: Actions;
  readonly status: Status;
  readonly engines: SceneEngines;
  readonly generators: Generators;
  readonly portraits: PortraitModels;
  left(): void;
}

/** Builds the start screen over the workspace; it comes and goes with the photo. */
export function mountStart(
  workspace: HTMLElement,
  { studio, documents, actions, status, engines, generators, portraits, left }: StartParts,
): Start {
  const resume = h("div", { class: "continue", hidden: true });
  const cards = h("div", { class: "cards" }, ...blanks());
  const screen = h(
    "div",
    { class: "start" },
    resume,
    dropPlace(actions),
    h("section", { class: "start-section" }, h("h3", {}, "Or try an example"), cards),
    boardSection(generators, documents),
    portraitSection(portraits, documents), // in the order in which they come
    sceneSection(engines, documents), // last: it may come late, and would push what is below it
  );
  workspace.append(screen);
  const follow = () => {
    const empty = studio.photo === null;
    const leaving = screen.contains(document.activeElement) && !empty;
    screen.hidden = !empty;
    for (const other of workspace.children) if (other !== screen) other.toggleAttribute("inert", empty);
    if (leaving) left();
  };
  studio.on("document", follow);
  follow();
  return {
    show: (offer) => {
      screen.classList.add("ready");
      if (offer === null) return;
      const go = () => void status.during("Opening…", offer.accept());
      resume.replaceChildren(
        icon("restore", 24),
        h(
          "p",
          {},
          h("b", {}, "Continue where you left off"),
          h("br"),
          `${offer.photoName}, ${when(offer.saved)}`,
        ),
        button("Continue", go, { look: "primary" }),
      );
      resume.hidden = false;
    },
    fill: () => void fillCards(cards, documents, status),
  };
}

/** The examples in a dialog. */
export function openExamples(documents: Documents, status: Status): void {
  const dialog = openDialog("Examples", { wide: true });
  const cards = h("div", { class: "cards" }, ...blanks());
  dialog.body.append(cards);
  void fillCards(cards, documents, status, dialog.close);
}

/** Scenes to begin; nothing where nothing makes any. */
function sceneSection(engines: SceneEngines, documents: Documents): HTMLElement {
  const cards = h("div", { class: "cards" });
  const section = h(
    "section",
    { class: "start-section" },
    h("h3", {}, "Or paint a scene, without a photo of your own"),
    cards,
  );
  const follow = () => {
    section.hidden = !engines.known;
    cards.replaceChildren(
      ...engines.cards.map((card) =>
        h(
          "button",
          { type: "button", class: "card", onclick: () => openSceneDialog(engines, documents, card) },
          pictureOf(card),
          h("b", {}, card.title),
          h("small", {}, capital(kindOf(card))),
        ),
      ),
    );
  };
  engines.on("change", follow);
  follow();
  return section;
}

function capital(text: string): string {
  return text[0].toUpperCase() + text.slice(1);
}

function dropPlace(actions: Actions): HTMLElement {
  return h(
    "section",
    { class: "start-drop" },
    icon("photo", 40),
    h("h2", {}, "Drop a photo here"),
    h(
      "p",
      { class: "muted" },
      "Say what is where in it, paint a new layout, and see the photo follow your brush.",
    ),
    h(
      "div",
      { class: "start-actions" },
      button("Open a photo", actions.openPhoto, { look: "primary", icon: "photo" }),
      button("Open a session", actions.openSession, { icon: "session" }),
    ),
  );
}

function blanks(): HTMLElement[] {
  return Array.from({ length: PLACES }, () =>
    h(
      "div",
      { class: "card", "aria-hidden": "true" },
      h("span", { class: "card-blank" }),
      h("b", {}, "\u00a0"),
      h("small", {}, "\u00a0"),
    ),
  );
}

async function fillCards(
  host: HTMLElement,
  documents: Documents,
  status: Status,
  chosen: () => void = () => {},
): Promise<void> {
  const list = await status.during("Looking for examples…", examples());
  if (list === null) {
    host.replaceChildren(h("p", { class: "muted" }, "The examples cannot be had now."));
    return;
  }
  const press = (card: ExampleCard) => {
    chosen();
    void documents.example(card);
  };
  host.replaceChildren(...list.map((card) => cardButton(card, () => press(card))));
}

function cardButton(card: ExampleCard, press: () => void): HTMLElement {
  const title = titleOf(card);
  const things = card.classes.map(({ name }) => name).join(", ");
  return h(
    "button",
    { type: "button", class: "card", title: `${things}. Photo: ${card.credit}.`, onclick: press },
    h("img", { src: thumbnailUrl(card.name), alt: "", width: 160, height: 120, loading: "eager" }),
    h("b", {}, title),
    h("small", {}, `${card.classes.length} classes, ${card.layouts.length} layouts`),
  );
}

function titleOf({ name }: ExampleCard): string {
  return name[0].toUpperCase() + name.slice(1);
}

function when(time: number): string {
  const date = new Date(time);
  const today = date.toDateString() === new Date().toDateString();
  const clock = date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  return today ? `today at ${clock}` : `${date.toLocaleDateString()} at ${clock}`;
}
