/** Fields of forms that follow a setting of the document. */

import type { Studio } from "../model/studio";
import type { Value } from "../model/types";
import { freshId, h, iconButton } from "./dom";

/** A field on the page, and what brings it up to date. */
export interface Field {
  readonly element: HTMLElement;
  show(): void;
}

/** What a field is about: its name, the setting behind it, and a line more for who points at it. */
export interface About {
  readonly text: string;
  readonly setting: string;
  readonly title?: string;
}

/** A choice from a list of names and their texts. */
export function choiceField(
  studio: Studio,
  about: About,
  choices: Readonly<Record<string, string>>,
  read: (value: string) => Value = (value) => value,
): Field {
  const select = h("select", { id: freshId("choice"), title: about.title });
  select.append(...Object.entries(choices).map(([value, text]) => h("option", { value }, text)));
  select.addEventListener("change", () => studio.setSettings({ [about.setting]: read(select.value) }));
  const show = () => {
    select.value = String(studio.settings[about.setting] ?? "");
  };
  return { element: line(about.text, select), show };
}

/** A number within limits; where it may be left open, an empty field says so. */
export function numberField(
  studio: Studio,
  about: About,
  limits: { min: number; max: number; step?: number; open?: string },
): Field {
  const { open, min, max, step = 1 } = limits;
  const input = h("input", {
    type: "number",
    id: freshId("number"),
    ...{ min, max, step, title: about.title },
    required: open === undefined,
    placeholder: open ?? null,
  });
  input.addEventListener("input", () => input.setAttribute("aria-invalid", String(!input.validity.valid)));
  input.addEventListener("change", () => {
    if (!input.reportValidity()) return;
    studio.setSettings({ [about.setting]: input.value === "" ? null : input.valueAsNumber });
  });
  const show = () => {
    const value = studio.settings[about.setting] ?? null;
    input.value = value === null ? "" : String(value);
    input.setAttribute("aria-invalid", "false");
  };
  return { element: line(about.text, input), show };
}

/** Yes or no. */
export function switchField(studio: Studio, about: About): Field {
  const id = freshId("switch");
  const input = h("input", { type: "checkbox", id, title: about.title });
  input.addEventListener("change", () => studio.setSettings({ [about.setting]: input.checked }));
  const show = () => {
    input.checked = studio.settings[about.setting] === true;
  };
  return { element: h("div", { class: "setting switch" }, h("label", { for: id }, about.text), input), show };
}

/** A share from 0 to 1 between two ends that have names. */
export function shareField(studio: Studio, about: About, [least, most]: readonly [string, string]): Field {
  const id = freshId("share");
  const input = h("input", { type: "range", id, min: 0, max: 100, step: 1, title: about.title });
  input.addEventListener("input", () => studio.setSettings({ [about.setting]: input.valueAsNumber / 100 }));
  const show = () => {
    const percent = Math.round(100 * Number(studio.settings[about.setting] ?? 0));
    input.value = String(percent);
    input.setAttribute("aria-valuetext", `${percent} % ${most.toLowerCase()}`);
  };
  const ends = h(
    "div",
    { class: "share-ends", "aria-hidden": "true" },
    h("span", {}, least),
    h("span", {}, most),
  );
  return { element: h("div", { class: "share" }, h("label", { for: id }, about.text), input, ends), show };
}

/** The dice throw seeds below this: short enough to read out. */
const SEEDS = 1_000_000;

/** The seed, with dice to throw. */
export function seedField(studio: Studio): Field {
  const field = numberField(
    studio,
    { text: "Seed", setting: "seed", title: "Same seed, same pictures" },
    { min: 0, max: Number.MAX_SAFE_INTEGER },
  );
  const dice = iconButton("dice", "Another seed", () =>
    studio.setSettings({ seed: Math.floor(Math.random() * SEEDS) }),
  );
  return { element: h("div", { class: "seed-line" }, field.element, dice), show: field.show };
}

function line(text: string, field: HTMLElement): HTMLElement {
  return h("div", { class: "setting" }, h("label", { for: field.id }, text), field);
}
