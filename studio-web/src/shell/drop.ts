/** Files that are dropped on the page or pasted. With a photo open, the place of the drop says what the file is. */

import type { Studio } from "../model/studio";
import { ask } from "./dialogs";
import type { Documents } from "./documents";
import { h, icon } from "./dom";
import type { IconName } from "./icons";

type Kind = "photo" | "labels" | "layout";

interface Zone {
  readonly kind: Kind;
  readonly text: string;
  readonly note: string;
  readonly icon: IconName;
}

const ZONES: readonly Zone[] = [
  { kind: "photo", text: "New photo or session", note: "Opens it in place of this one", icon: "photo" },
  {
    kind: "labels",
    text: "Label map of this photo",
    note: "Says what is where in the photo",
    icon: "regions",
  },
  { kind: "layout", text: "New layout", note: "In the colours of this document's classes", icon: "layers" },
];

/** Takes files in by drop and by paste, anywhere on the page. */
export function takeFiles(studio: Studio, documents: Documents): void {
  listenToDrops(studio, documents);
  document.addEventListener("paste", async (event) => {
    const file = [...(event.clipboardData?.files ?? [])][0];
    if (!file || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    const kinds = possible(studio);
    if (kinds.length < 2 || isSession(file)) return documents.open(file);
    const answers = kinds.map(({ kind, text }) => ({ text, value: kind }));
    const kind = await ask("What did you paste?", `“${file.name}” can be one of these.`, answers);
    if (kind !== null) take(documents, kind, file);
  });
}

function listenToDrops(studio: Studio, documents: Documents): void {
  let shown: HTMLElement | null = null;
  const hide = () => {
    shown?.remove();
    shown = null;
  };
  document.addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    shown ??= document.body.appendChild(zones(possible(studio)));
    const over = zoneAt(event);
    for (const zone of shown.children) zone.classList.toggle("over", zone === over);
    event.dataTransfer.dropEffect = over === null ? "none" : "copy";
  });
  document.addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) hide(); // left the window
  });
  document.addEventListener("drop", (event) => {
    const file = event.dataTransfer?.files[0];
    const kind = zoneAt(event)?.dataset.kind as Kind | undefined;
    hide();
    if (!file) return;
    event.preventDefault();
    if (isSession(file)) void documents.open(file);
    else if (kind) take(documents, kind, file);
  });
}

function possible(studio: Studio): readonly Zone[] {
  if (studio.photo === null) return ZONES.slice(0, 1);
  if (studio.board !== null) return ZONES.slice(0, 1);
  if (studio.scene !== null || studio.portrait !== null) return ZONES.filter(({ kind }) => kind !== "labels");
  return studio.map("labels") === null ? ZONES.slice(0, 2) : ZONES;
}

function zones(kinds: readonly Zone[]): HTMLElement {
  const places = kinds.map(({ kind, text, note, icon: symbol }) =>
    h(
      "div",
      { class: "drop-zone", "data-kind": kind },
      icon(symbol, 40),
      h("span", {}, text),
      h("small", {}, note),
    ),
  );
  return h("div", { class: "drop", "aria-hidden": "true" }, ...places);
}

function zoneAt(event: DragEvent): HTMLElement | null {
  const { target } = event;
  return target instanceof Element ? target.closest<HTMLElement>(".drop-zone") : null;
}

function take(documents: Documents, kind: Kind, file: File): void {
  const act = { photo: documents.open, labels: documents.labels, layout: documents.layout }[kind];
  void act.call(documents, file);
}

function isSession(file: File): boolean {
  return file.name.toLowerCase().endsWith(".sembla");
}
