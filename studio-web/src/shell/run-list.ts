/** The list of trained models, of which one is chosen. */

import { type RunCard, runPhotoUrl } from "../work/runs";
import { factsOf, type Trained } from "../work/trained";
import { freshId, h } from "./dom";
import { chooseByArrows, setChosen } from "./radios";

/** A model's row: its parts are written anew, the row itself stays, and with it the focus. */
interface Row {
  readonly element: HTMLElement;
  readonly facts: HTMLElement;
}

/** Builds the list; `show` brings it up to date. */
export function mountRunList(trained: Trained): { readonly element: HTMLElement; show(): void } {
  const title = freshId("models");
  const list = h("div", { class: "run-list", role: "radiogroup", "aria-labelledby": title });
  const rows = new Map<string, Row>();
  chooseByArrows(list, () => [...list.children] as HTMLElement[]);
  const show = () => {
    const { runs, chosen } = trained;
    for (const [name, { element }] of rows) {
      if (runs.some((card) => card.name === name)) continue;
      element.remove();
      rows.delete(name);
    }
    const shown = runs.map((card) => {
      const row = rows.get(card.name) ?? rowOf(card, () => trained.choose(card.name));
      rows.set(card.name, row);
      const facts = factsOf(card, trained.kinship(card));
      if (row.facts.textContent !== facts) row.facts.textContent = facts;
      return row.element;
    });
    if (shown.some((element, at) => list.children[at] !== element)) list.replaceChildren(...shown);
    setChosen(
      shown,
      runs.findIndex((card) => card.name === chosen?.name),
    );
  };
  return { element: h("div", {}, h("h3", { id: title }, "Models"), list), show };
}

function rowOf(card: RunCard, press: () => void): Row {
  const facts = h("small", {});
  const made = new Date(card.made * 1000).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
  const photo = card.thumbnail
    ? h("img", { src: runPhotoUrl(card.name), alt: "", width: 40, height: 40 })
    : h("span", { class: "run-blank" });
  const element = h(
    "button",
    { type: "button", class: "run-row", role: "radio", title: `${card.title}, ${made}`, onclick: press },
    photo,
    h("b", {}, card.title),
    facts,
  );
  return { element, facts };
}
