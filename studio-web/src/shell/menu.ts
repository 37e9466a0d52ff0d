/** Menus that open below a button: arrow keys walk through them, Escape and a click elsewhere close them. */

import { freshId, h, icon } from "./dom";
import type { IconName } from "./icons";

/** One line of a menu. */
export interface MenuItem {
  readonly text: string;
  readonly icon?: IconName;
  /** "#rrggbb": a swatch in place of the icon. */
  readonly colour?: string;
  readonly shortcut?: string;
  /** A second, smaller line. */
  readonly note?: string;
  readonly disabled?: boolean;
  press(): void;
}

/** Makes `opener` open a menu; `items` is asked each time, so that it can fit the document. */
export function attachMenu(opener: HTMLElement, name: string, items: () => readonly MenuItem[]): void {
  const id = freshId("menu");
  const menu = h("div", { class: "menu", id, role: "menu", popover: "auto", "aria-label": name });
  opener.setAttribute("aria-haspopup", "menu");
  opener.setAttribute("aria-expanded", "false");
  opener.setAttribute("aria-controls", id);
  opener.addEventListener("click", () => {
    if (menu.matches(":popover-open")) return menu.hidePopover();
    opener.after(menu);
    menu.replaceChildren(...items().map((item) => itemButton(item, menu)));
    menu.showPopover();
    place(menu, opener);
    enabled(menu)[0]?.focus();
  });
  // the press that closes the menu would else open it again
  opener.addEventListener("pointerdown", (event) => {
    if (menu.matches(":popover-open")) event.preventDefault();
  });
  menu.addEventListener("toggle", (event) => {
    opener.setAttribute("aria-expanded", String(event.newState === "open"));
  });
  menu.addEventListener("keydown", (event) => walk(menu, event));
}

function itemButton(item: MenuItem, menu: HTMLElement): HTMLElement {
  const press = () => {
    menu.hidePopover();
    item.press();
  };
  return h(
    "button",
    { type: "button", class: "menu-item", role: "menuitem", disabled: item.disabled, onclick: press },
    symbolOf(item),
    h("span", {}, item.text),
    h("span", { class: "shortcut", "aria-hidden": "true" }, item.shortcut ?? ""),
    item.note !== undefined && h("small", {}, item.note),
  );
}

function symbolOf(item: MenuItem): Node {
  if (item.icon) return icon(item.icon, 18);
  const swatch = h("span", item.colour ? { class: "swatch" } : {});
  if (item.colour) swatch.style.background = item.colour;
  return swatch;
}

function place(menu: HTMLElement, opener: HTMLElement): void {
  const below = opener.getBoundingClientRect();
  const { width, height } = menu.getBoundingClientRect();
  const left = Math.min(below.left, window.innerWidth - width - 8);
  const fits = below.bottom + 4 + height <= window.innerHeight - 8;
  menu.style.left = `${Math.max(8, left)}px`;
  menu.style.top = `${fits ? below.bottom + 4 : Math.max(8, below.top - 4 - height)}px`;
}

function enabled(menu: HTMLElement): HTMLElement[] {
  return [...menu.querySelectorAll<HTMLElement>("button:not(:disabled)")];
}

function walk(menu: HTMLElement, event: KeyboardEvent): void {
  const items = enabled(menu);
  const at = items.indexOf(document.activeElement as HTMLElement);
  const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
  if (event.key === "Tab") menu.hidePopover();
  if (next === undefined) return;
  event.preventDefault();
  items[(next + items.length) % items.length]?.focus();
}
