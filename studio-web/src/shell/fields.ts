/** Fields of forms: what is seen, what the user says, and how a value is shown. */

import type { Value } from "../model/types";
import { freshId, h } from "./dom";

/** A field on the page. */
export interface Field {
  readonly element: HTMLElement;
  show(value: Value): void;
}

/** What a field is about. */
export interface About {
  readonly text: string;
  /** A line more for who points at it, */
  readonly title?: string | undefined;
  /** or for everybody. */
  readonly help?: string | undefined;
}

/** Called when the user says another value. */
export type Change = (value: Value) => void;

/** Yes or no. */
export function switchField(about: About, change: Change): Field {
  const input = h("input", { type: "checkbox", id: freshId("switch"), title: about.title });
  input.addEventListener("change", () => change(input.checked));
  const show = (value: Value) => {
    input.checked = value === true;
  };
  return { element: line(about, input, "setting switch"), show };
}

/** The limits of a number; `open` is what an empty field says, where it may be left so. */
export interface Limits {
  readonly min: number | null;
  readonly max: number;
  readonly step?: number;
  readonly open?: string | undefined;
}

/** A number within limits. */
export function numberField(about: About, { min, max, step = 1, open }: Limits, change: Change): Field {
  const input = h("input", {
    type: "number",
    id: freshId("number"),
    ...{ min, max, step, title: about.title },
    required: open === undefined,
    placeholder: open ?? null,
  });
  input.addEventListener("input", () => input.setAttribute("aria-invalid", String(!input.validity.valid)));
  input.addEventListener("change", () => {
    if (!input.validity.valid) return void input.reportValidity();
    change(input.value === "" ? null : input.valueAsNumber);
  });
  const show = (value: Value) => {
    input.value = value === null ? "" : String(value);
    input.setAttribute("aria-invalid", "false");
  };
  return { element: line(about, input), show };
}

/** One of several names, each shown as a text. */
export function choiceField(
  about: About,
  choices: Readonly<Record<string, string>>,
  change: (name: string) => void,
): Field {
  const select = h("select", { id: freshId("choice"), title: about.title });
  select.append(...Object.entries(choices).map(([value, text]) => h("option", { value }, text)));
  select.addEventListener("change", () => change(select.value));
  const show = (value: Value) => {
    select.value = String(value ?? "");
  };
  return { element: line(about, select), show };
}

/** A share from 0 to 1 between two ends that have names. */
export function shareField(about: About, [least, most]: readonly [string, string], change: Change): Field {
  const id = freshId("share");
  const input = h("input", { type: "range", id, min: 0, max: 100, step: 1, title: about.title });
  input.addEventListener("input", () => change(input.valueAsNumber / 100));
  const show = (value: Value) => {
    const percent = Math.round(100 * Number(value));
    input.value = String(percent);
    input.setAttribute("aria-valuetext", `${percent} % ${most.toLowerCase()}`);
  };
  const ends = [least, most].map((text) => h("span", {}, text));
  const scale = h("div", { class: "share-ends", "aria-hidden": "true" }, ...ends);
  return { element: h("div", { class: "share" }, h("label", { for: id }, about.text), input, scale), show };
}

function line({ text, help }: About, input: HTMLElement, look = "setting"): HTMLElement {
  const small = help === undefined ? null : h("small", { id: `${input.id}-help` }, help);
  if (small !== null) input.setAttribute("aria-describedby", small.id);
  return h("div", { class: look }, h("label", { for: input.id }, text), input, small);
}
