/** The form of the task's settings, made from what the server says about it. */

import type { Studio } from "../model/studio";
import type { Value } from "../model/types";
import { panelOf } from "../panels";
import type { Form, Setting } from "../work/rest";
import { freshId, h } from "./dom";

interface Field {
  readonly setting: Setting;
  readonly element: HTMLElement;
  show(value: Value): void;
}

type Change = (value: Value) => void;

/** Shows the form of the studio's task in `host`; it follows the document and its settings. */
export function mountSettings(host: HTMLElement, studio: Studio, forms: readonly Form[]): void {
  const shown = new Map(forms.map((form) => [form.name, formOf(form, studio)]));
  const follow = () => {
    const form = shown.get(studio.task) ?? shown.get(forms[0].name);
    host.hidden = studio.board !== null || studio.target !== "layout" || form === undefined || form.empty;
    if (form === undefined) return;
    if (form.element.parentElement !== host) host.replaceChildren(form.element);
    form.show();
  };
  studio.on("settings", follow);
  studio.on("document", follow);
  studio.on("target", follow);
  follow();
}

interface ShownForm {
  readonly element: HTMLElement;
  /** Whether all of its settings are shown elsewhere. */
  readonly empty: boolean;
  show(): void;
}

function formOf(form: Form, studio: Studio): ShownForm {
  const panel = panelOf(form.name);
  const shown = form.settings.filter(({ name }) => !panel.elsewhere.includes(name));
  const fields = shown.map((setting) =>
    field(setting, (value) => studio.setSettings({ [setting.name]: value })),
  );
  const own = panel.controls?.(studio) ?? null;
  const title = freshId("settings");
  const element = h(
    "section",
    { class: "panels", "aria-labelledby": title },
    h("div", { class: "section-head" }, h("h2", { id: title }, "Settings")),
    h("div", { class: "settings" }, ...fields.map(({ element }) => element), own),
  );
  const show = () => {
    for (const { setting, show } of fields) show(studio.settings[setting.name] ?? setting.default);
  };
  return { element, empty: fields.length === 0 && own === null, show };
}

function field(setting: Setting, change: Change): Field {
  switch (setting.kind) {
    case "switch":
      return switchField(setting, change);
    case "whole":
    case "optional_whole":
      return wholeField(setting, change);
  }
}

function switchField(setting: Setting, change: Change): Field {
  const { id, help } = ids(setting);
  const input = h("input", { type: "checkbox", id, "aria-describedby": help.id });
  input.addEventListener("change", () => change(input.checked));
  const show = (value: Value) => {
    input.checked = value === true;
  };
  const element = h("div", { class: "setting switch" }, h("label", { for: id }, title(setting)), input, help);
  return { setting, element, show };
}

/** A whole number; where it may be left open, an empty field says so. */
function wholeField(setting: Setting, change: Change): Field {
  const { id, help } = ids(setting);
  const optional = setting.kind === "optional_whole";
  const most = Math.min(setting.most ?? Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER); // beyond, numbers would be rounded
  const limits = { min: setting.least, max: most, step: 1 };
  const input = h("input", {
    type: "number",
    id,
    ...limits,
    required: !optional,
    placeholder: optional ? "Own" : null,
    "aria-describedby": help.id,
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
  const element = h("div", { class: "setting" }, h("label", { for: id }, title(setting)), input, help);
  return { setting, element, show };
}

function ids(setting: Setting) {
  const id = freshId("setting");
  const text = setting.help.replace(" (None)", ""); // how scripts write an empty field
  return { id, help: h("small", { id: `${id}-help` }, text) };
}

/** "first_variation" as "First variation". */
function title(setting: Setting): string {
  const words = setting.name.replaceAll("_", " ");
  return words[0].toUpperCase() + words.slice(1);
}
