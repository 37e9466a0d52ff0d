/** The strip of variations: several pictures of one layout to choose from, and the seed. */

import "./work.css";
import { randomSeed } from "../model/seeds";
import type { Studio } from "../model/studio";
import { panelOf } from "../panels";
import { button, freshId, h, iconButton } from "../shell/dom";
import type { Loop, Variation } from "./loop";
import type { Handle } from "./result-view";

/** So many are asked for at once. */
export const COUNT = 6;

/** Mount the strip; its height never changes. */
export function mountVariations(host: HTMLElement, { studio, loop }: { studio: Studio; loop: Loop }): Handle {
  const places = Array.from({ length: COUNT }, (_, index) => new Place(index, () => loop.pick(index)));
  const ask = button("Variations", () => loop.vary(COUNT), {
    icon: "regions",
    title: `Make ${COUNT} pictures to choose from`,
  });
  const seed = seedField(studio);
  const list = h(
    "ul",
    { class: "strip-list", "aria-label": "Variations" },
    ...places.map((place) => place.item),
  );
  const head = h("div", { class: "strip-head" }, ask, seed.element);
  const root = h("div", { class: "strip-body variations" }, head, list);
  host.append(root);
  const show = () => {
    const chosen = Number(studio.settings.first_variation ?? 0);
    for (const [index, place] of places.entries())
      place.show(loop.variations[index] ?? null, index === chosen);
  };
  const ready = () => {
    ask.disabled = studio.target !== "layout" || panelOf(studio.task).ready(studio) !== null;
    list.hidden = studio.portrait !== null; // its pictures differ by looks that are drawn for its parts
    ask.hidden = list.hidden || (studio.scene !== null && !studio.varies);
    seed.show();
    show();
  };
  const off = [
    loop.on("variations", show),
    loop.on("status", ({ kind }) => {
      ask.disabled = kind === "blocked" || studio.target !== "layout";
    }),
    ...(["document", "settings", "target"] as const).map((event) => studio.on(event, ready)),
  ];
  ready();
  return {
    destroy: () => {
      for (const end of off) end();
      for (const place of places) place.show(null, false);
      root.remove();
    },
  };
}

/** The place of one variation: empty, forming, or to be picked. */
class Place {
  readonly #picture = h("img", { alt: "", hidden: true });
  readonly #button: HTMLButtonElement;
  readonly item: HTMLElement;
  #shown: Blob | null = null;

  constructor(index: number, pick: () => void) {
    const words = `Variation ${index + 1}`;
    this.#button = h(
      "button",
      {
        type: "button",
        class: "strip-picture",
        title: words,
        "aria-label": words,
        disabled: true,
        onclick: pick,
      },
      h("span", { class: "strip-number", "aria-hidden": "true" }, String(index + 1)),
      this.#picture,
    );
    this.item = h("li", { class: "strip-item" }, this.#button);
  }

  show(variation: Variation | null, chosen: boolean): void {
    this.#button.disabled = !variation?.finished;
    this.#button.setAttribute("aria-pressed", String(chosen && variation?.finished === true));
    const blob = variation?.frame?.picture ?? null;
    if (blob === this.#shown) return;
    if (this.#shown) URL.revokeObjectURL(this.#picture.src);
    this.#shown = blob;
    this.#picture.hidden = blob === null;
    if (blob) this.#picture.src = URL.createObjectURL(blob);
    else this.#picture.removeAttribute("src");
  }
}

/** The seed: a number to type and dice to throw. */
function seedField(studio: Studio): { element: HTMLElement; show(): void } {
  const id = freshId("seed");
  const field = h("input", {
    id,
    type: "number",
    class: "seed",
    min: 0,
    max: Number.MAX_SAFE_INTEGER,
    step: 1,
  });
  const take = (seed: number) => studio.setSettings({ seed, first_variation: 0 });
  field.addEventListener("change", () => {
    const wrong = field.value === "" || !field.checkValidity();
    field.setAttribute("aria-invalid", String(wrong));
    if (!wrong) take(field.valueAsNumber);
  });
  const dice = iconButton("dice", "Another seed", () => take(randomSeed()));
  const element = h("div", { class: "strip-seed" }, h("label", { for: id }, "Seed"), field, dice);
  const show = () => {
    field.value = String(studio.settings.seed ?? 0);
    field.setAttribute("aria-invalid", "false");
  };
  return { element, show };
}
