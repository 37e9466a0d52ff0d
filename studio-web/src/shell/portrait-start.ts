/** Beginning a portrait: which model, and then the photo. */

import type { PortraitCard, PortraitModels } from "../work/portraits";
import type { Documents } from "./documents";
import { button, h, icon } from "./dom";
import { chooseFiles } from "./files";
import { attachMenu } from "./menu";

/** Lets the user choose a photo of a face, and begins to edit it. */
function beginWith(card: PortraitCard, documents: Documents): void {
  chooseFiles("image/*", ([file]) => void documents.portrait(card, file));
}

/** The section of the start screen; hidden where nothing makes portraits. */
export function portraitSection(models: PortraitModels, documents: Documents): HTMLElement {
  const cards = h("div", { class: "cards" });
  const section = h("section", { class: "start-section" }, h("h3", {}, "Or edit a face"), cards);
  const follow = () => {
    section.hidden = models.cards.length === 0;
    cards.replaceChildren(
      ...models.cards.map((card) =>
        h(
          "button",
          { type: "button", class: "card", onclick: () => beginWith(card, documents) },
          h("span", { class: "card-blank board-mark" }, icon("points", 40)),
          h("b", {}, card.title),
          h("small", {}, "Paint the parts of a face"),
        ),
      ),
    );
  };
  models.on("change", follow);
  follow();
  return section;
}

/** The button of the header, which opens a menu of the models; hidden where there are none. */
export function portraitButton(models: PortraitModels, documents: Documents): HTMLElement {
  const opener = button("Edit a face", () => {}, { icon: "points", look: "quiet" });
  attachMenu(opener, "Edit a face", () =>
    models.cards.map((card) => ({
      text: card.title,
      icon: "points" as const,
      note: "Paint the parts of a face; choose a photo",
      press: () => beginWith(card, documents),
    })),
  );
  const follow = () => {
    opener.hidden = models.cards.length === 0;
  };
  models.on("change", follow);
  follow();
  return opener;
}
