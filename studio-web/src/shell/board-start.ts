/** Beginning a board: which generator, and then the pictures. */

import type { GeneratorCard } from "../work/boards";
import type { Generators } from "../work/generators";
import type { Documents } from "./documents";
import { button, h, icon } from "./dom";
import { chooseFiles } from "./files";
import { attachMenu } from "./menu";

const DOES: Readonly<Record<GeneratorCard["method"], string>> = {
  preserve: "Keeps what you mark",
  inpaint: "Fills holes in faces",
};

/** Lets the user choose pictures, and begins a board of them. */
export function beginWith(card: GeneratorCard, documents: Documents): void {
  chooseFiles("image/*", (files) => void documents.board(card, files), { several: true });
}

/** The section of the start screen; hidden where there is no generator. */
export function boardSection(generators: Generators, documents: Documents): HTMLElement {
  const cards = h("div", { class: "cards" });
  const section = h(
    "section",
    { class: "start-section" },
    h("h3", {}, "Or keep a part of a picture, or fill a hole in a face"),
    cards,
  );
  const follow = () => {
    section.hidden = generators.models.length === 0;
    cards.replaceChildren(...generators.models.map((card) => cardOf(card, documents)));
  };
  generators.on("change", follow);
  follow();
  return section;
}

/** The button of the header, which opens a menu of the generators; hidden where there are none. */
export function boardButton(generators: Generators, documents: Documents): HTMLElement {
  const opener = button("Keep or fill", () => {}, { icon: "refine", look: "quiet" });
  attachMenu(opener, "Keep or fill", () =>
    generators.models.map((card) => ({
      text: card.title,
      icon: symbolOf(card),
      note: `${DOES[card.method]}; choose pictures`,
      press: () => beginWith(card, documents),
    })),
  );
  const follow = () => {
    opener.hidden = generators.models.length === 0;
  };
  generators.on("change", follow);
  follow();
  return opener;
}

function cardOf(card: GeneratorCard, documents: Documents): HTMLElement {
  return h(
    "button",
    { type: "button", class: "card", onclick: () => beginWith(card, documents) },
    h("span", { class: "card-blank board-mark" }, icon(symbolOf(card), 40)),
    h("b", {}, card.title),
    h("small", {}, DOES[card.method]),
  );
}

function symbolOf({ method }: GeneratorCard): "lock" | "points" {
  return method === "preserve" ? "lock" : "points";
}
