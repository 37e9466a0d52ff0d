/** The few helpers with which every part of the page is built: elements, icons, buttons. */

import { ICONS, type IconName } from "./icons";

/** What an element may hold; null and false hold nothing, so that a condition can stand in a list of children. */
export type Child = Node | string | null | false;

type Listeners = { [E in keyof HTMLElementEventMap as `on${E}`]?: (event: HTMLElementEventMap[E]) => void };

/** Attributes by name and listeners by `on...`; true writes an empty attribute, false and null write none. */
export type Attributes = Listeners & { [name: string]: unknown };

/** Makes an element. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value as EventListener);
    else setAttribute(element, name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== false));
  return element;
}

/** Writes an attribute, or takes it away for null, undefined and false; true writes it empty. */
export function setAttribute(element: Element, name: string, value: unknown): void {
  if (value === null || value === undefined || value === false) element.removeAttribute(name);
  else element.setAttribute(name, value === true ? "" : String(value));
}

const SVG = "http://www.w3.org/2000/svg";

/** Draws an icon, 20 px unless told; hidden from screen readers, so the button around it needs a name. */
export function icon(name: IconName, size = 20): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  const attributes = {
    viewBox: "0 0 24 24",
    width: size,
    height: size,
    class: "icon",
    "aria-hidden": "true",
  };
  for (const [key, value] of Object.entries(attributes)) svg.setAttribute(key, String(value));
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** How a button looks and what it says beside its text. */
export interface ButtonLook {
  readonly icon?: IconName;
  /** "primary" stands out, "quiet" has no frame until pointed at; "plain" is framed. */
  readonly look?: "primary" | "plain" | "quiet";
  /** More than the text says, such as the shortcut; shown when pointed at. */
  readonly title?: string;
  readonly disabled?: boolean;
}

/** A button with a text. */
export function button(text: string, press: () => void, look: ButtonLook = {}): HTMLButtonElement {
  return h(
    "button",
    {
      type: "button",
      class: `button ${look.look ?? "plain"}`,
      title: look.title,
      disabled: look.disabled,
      onclick: press,
    },
    look.icon ? icon(look.icon, 18) : null,
    h("span", {}, text),
  );
}

/** A square button that shows an icon only; `text` is its accessible name, and with the shortcut its tooltip. */
export function iconButton(
  name: IconName,
  text: string,
  press: () => void,
  shortcut?: string,
): HTMLButtonElement {
  const title = shortcut ? `${text} (${shortcut})` : text;
  const attributes = { type: "button", class: "icon-button", "aria-label": text, title, onclick: press };
  return h("button", attributes, icon(name));
}

let used = 0;

/** An id that no other element of the page has. */
export function freshId(stem: string): string {
  used += 1;
  return `${stem}-${used}`;
}

/** The element with this id, which the page must have. */
export function byId(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no element "${id}"`);
  return element;
}

/** A text only screen readers meet. */
export function spoken(text: string): HTMLElement {
  return h("span", { class: "spoken" }, text);
}
