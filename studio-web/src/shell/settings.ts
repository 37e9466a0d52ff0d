/** The form of the task's settings, made from what the server says about it. */

import type { Studio } from "../model/studio";
import { panelOf } from "../panels";
import type { Form, Setting } from "../work/rest";
import { freshId, h } from "./dom";
import { type Change, type Field, numberField, switchField } from "./fields";

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
  const fields = shown.map((setting) => ({
    setting,
    ...field(setting, (value) => studio.setSettings({ [setting.name]: value })),
  }));
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
  const about = { text: title(setting), help: setting.help.replace(" (None)", "") }; // how scripts write an empty field
  if (setting.kind === "switch") return switchField(about, change);
  const most = Math.min(setting.most ?? Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER); // beyond, numbers would be rounded
  const open = setting.kind === "optional_whole" ? "Own" : undefined;
  return numberField(about, { min: setting.least, max: most, open }, change);
}

/** "first_variation" as "First variation". */
function title(setting: Setting): string {
  const words = setting.name.replaceAll("_", " ");
  return words[0].toUpperCase() + words.slice(1);
}
