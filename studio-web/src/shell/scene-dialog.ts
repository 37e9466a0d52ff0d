/** Beginning a scene: what makes it, and the layout to begin with. */

import { Emitter } from "../model/emitter";
import type { IndexMap } from "../model/types";
import { listScenes, type SceneCard, spread, styleThumbnailUrl } from "../work/scenes";
import { openDialog } from "./dialogs";
import type { Documents } from "./documents";
import { button, freshId, h } from "./dom";

/** Sides that a layout may have, in pixels, and its most pixels; as on the server. */
const LEAST = 16;
const MOST = 4096;
const MOST_PIXELS = 12_500_000;

/** So many photos of a bank are offered for their layouts. */
const GIVEN = 12;

/** What makes scenes here, once the server has told it. */
export class SceneEngines {
  readonly #events = new Emitter<{ change: null }>();
  #cards: readonly SceneCard[] = [];

  /** The engines; none before the server has told them. */
  get cards(): readonly SceneCard[] {
    return this.#cards;
  }

  /** Whether there are any. */
  get known(): boolean {
    return this.#cards.length > 0;
  }

  /** Calls `listener` when they were told anew. */
  on(event: "change", listener: () => void): () => void {
    return this.#events.on(event, listener);
  }

  /** Asks the server; gives back why some cannot be used. */
  async refresh(): Promise<readonly string[]> {
    const { engines, problems } = await listScenes();
    this.#cards = engines;
    this.#events.emit("change", null);
    return problems;
  }
}

/** In words, what an engine is. */
export function kindOf({ kind, photos }: Pick<SceneCard, "kind" | "photos">): string {
  return kind === "bank" ? `from ${photos.toLocaleString("en")} photos` : "a trained model";
}

/** A small picture of an engine: a photo of the bank, or the colours of a model's classes. */
export function pictureOf(card: SceneCard): HTMLElement {
  if (card.kind === "bank")
    return h("img", { src: styleThumbnailUrl(card.name, Math.floor(card.photos / 2)), alt: "" });
  const stripes = card.classes.map(({ colour }) => {
    const stripe = h("span", {});
    stripe.style.background = colour;
    return stripe;
  });
  return h("span", { class: "card-blank stripes" }, ...stripes);
}

/** Lets the user choose an engine and a layout, and begins the scene. */
export function openSceneDialog(engines: SceneEngines, documents: Documents, first?: SceneCard): void {
  const { cards } = engines;
  if (cards.length === 0) return;
  const dialog = openDialog("New scene");
  const form = new BeginForm(cards, first ?? cards[0], async (number) =>
    begin(await documents.photoLayout(form.card.name, number)),
  );
  const begin = async (layout: IndexMap | null) => {
    if (layout === null) return;
    dialog.close();
    await documents.scene(form.card, layout);
  };
  const file = h("input", { type: "file", accept: "image/png,image/*", hidden: true });
  file.addEventListener("change", async () => {
    const chosen = file.files?.[0];
    if (chosen) await begin(await documents.sceneLayout(form.card.name, chosen));
    file.value = "";
  });
  const empty = button("Begin", () => begin(form.layout()), { look: "primary" });
  dialog.body.append(
    form.element,
    file,
    h(
      "div",
      { class: "dialog-actions" },
      button("Open a label map…", () => file.click(), {
        icon: "upload",
        title: "A file in the ids or the colours of these classes",
      }),
      empty,
    ),
  );
  empty.focus();
}

class BeginForm {
  readonly element: HTMLElement;
  readonly #cards: readonly SceneCard[];
  readonly #engine = h("select", { id: freshId("engine") });
  readonly #note = h("p", { class: "muted" });
  readonly #class = h("select", { id: freshId("class") });
  readonly #photos = h("div", { class: "style-list", role: "group", "aria-label": "Layouts of photos" });
  readonly #given = h(
    "div",
    { class: "begin-given" },
    h("p", {}, "Or begin with the layout of one of its photos:"),
    this.#photos,
  );
  readonly #take: (number: number) => void;
  readonly #width = sideField("Width in pixels");
  readonly #height = sideField("Height in pixels");

  /** `take` is told the number of a photo of a bank whose layout is wanted. */
  constructor(cards: readonly SceneCard[], first: SceneCard, take: (number: number) => void) {
    this.#cards = cards;
    this.#take = take;
    this.#engine.append(...cards.map(({ name, title }) => h("option", { value: name }, title)));
    this.#engine.value = first.name;
    this.#engine.addEventListener("change", () => this.#follow());
    const size = h("span", { class: "row" }, this.#width, "×", this.#height);
    this.element = h(
      "div",
      { class: "begin-scene" },
      line("Made by", this.#engine),
      this.#note,
      line("Everywhere", this.#class),
      h("div", { class: "begin-line" }, h("span", {}, "Size"), size),
      this.#given,
    );
    this.#follow();
  }

  /** The chosen engine. */
  get card(): SceneCard {
    return this.#cards.find(({ name }) => name === this.#engine.value) ?? this.#cards[0];
  }

  /** One class everywhere; null, with the fault shown, where the size cannot be. */
  layout(): IndexMap | null {
    if (!this.#width.reportValidity() || !this.#height.reportValidity()) return null;
    const [width, height] = [this.#width.valueAsNumber, this.#height.valueAsNumber];
    const large = width * height > MOST_PIXELS;
    this.#height.setCustomValidity(large ? "So many pixels cannot be made; take a smaller size." : "");
    if (!this.#height.reportValidity()) return null;
    return { width, height, ids: new Uint8Array(width * height).fill(Number(this.#class.value)) };
  }

  #follow(): void {
    const { card } = this;
    this.#note.textContent =
      card.kind === "bank" ? `Copies parts ${kindOf(card)}.` : "Trained; it copies nothing.";
    const usable = card.ignore === null ? card.classes : card.classes.slice(0, -1);
    this.#class.replaceChildren(...usable.map(({ name }, id) => h("option", { value: id }, name)));
    this.#width.valueAsNumber = card.width;
    this.#height.valueAsNumber = card.height;
    this.#height.setCustomValidity("");
    this.#given.hidden = card.photos === 0;
    const numbers = spread(card.photos, GIVEN);
    this.#photos.replaceChildren(...numbers.map((number) => this.#choice(card, number)));
  }

  #choice(card: SceneCard, number: number): HTMLElement {
    const words = `The layout of photo ${number + 1}`;
    return h(
      "button",
      {
        type: "button",
        class: "style-choice",
        title: words,
        "aria-label": words,
        onclick: () => this.#take(number),
      },
      h("img", { src: styleThumbnailUrl(card.name, number), alt: "" }),
    );
  }
}

function line(text: string, field: HTMLElement): HTMLElement {
  return h("div", { class: "begin-line" }, h("label", { for: field.id }, text), field);
}

function sideField(name: string): HTMLInputElement {
  const field = h("input", {
    type: "number",
    min: LEAST,
    max: MOST,
    step: 1,
    required: true,
    "aria-label": name,
  });
  field.addEventListener("input", () => field.setCustomValidity(""));
  return field;
}
