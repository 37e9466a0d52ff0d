/** The layout of this document on another photo. */

import "./work.css";
import type { Studio } from "../model/studio";
import type { ClassEntry, IndexMap } from "../model/types";
import { openDialog } from "../shell/dialogs";
import { button, freshId, h } from "../shell/dom";
import { wordsOf } from "./fault";
import { download } from "./files";
import type { LiveFrame } from "./live";
import type { Packer } from "./packer";
import { done, progress } from "./progress";
import { renderOnce, type Watch } from "./render-once";
import { matchMap, strictlyOr, uploadPhoto } from "./rest";

const HINT = "The label map's colours say which class is which, as in this document.";

/** What the dialog works with. */
export interface BatchParts {
  readonly studio: Studio;
  readonly packer: Packer;
}

/** The second photo and its label map, as files. */
interface Pair {
  readonly photo: File;
  readonly labels: File;
  readonly adoptNearest: boolean;
}

/** Open the dialog; only the user closes it. */
export function openBatch(parts: BatchParts): void {
  new BatchDialog(parts);
}

class BatchDialog {
  readonly #photo = fileRow("Photo", "image/*");
  readonly #labels = fileRow("Its label map", "image/png,image/*");
  readonly #adopt = h("input", { type: "checkbox", id: freshId("adopt") });
  readonly #words = h("p", { class: "muted", role: "status" }, HINT);
  readonly #place = h("div", { class: "batch-picture" });
  readonly #save = button("Save picture", () => this.#download(), { icon: "save", disabled: true });
  readonly #run = button("Run", () => this.#start(), { look: "primary", icon: "play", disabled: true });
  readonly #stop = new AbortController();
  readonly #parts: BatchParts;
  #made: { picture: Blob; name: string } | null = null;

  constructor(parts: BatchParts) {
    this.#parts = parts;
    const dialog = openDialog("Same layout, another photo", { wide: true });
    const label = h(
      "label",
      { for: this.#adopt.id },
      "Take the nearest class where a colour or a class is missing",
    );
    const check = h("div", { class: "batch-check" }, this.#adopt, label);
    dialog.body.append(this.#photo.row, this.#labels.row, check, this.#place, this.#words);
    dialog.body.append(h("div", { class: "dialog-actions" }, this.#save, this.#run));
    for (const { input } of [this.#photo, this.#labels]) {
      input.addEventListener("change", () => {
        this.#run.disabled = this.#pair() === null;
      });
    }
    dialog.closed.then(() => this.#stop.abort());
  }

  async #start(): Promise<void> {
    const pair = this.#pair();
    if (pair === null) return;
    this.#run.disabled = true;
    this.#tell("Reading the files");
    try {
      const watch = { signal: this.#stop.signal, progress: (frame: LiveFrame) => this.#preview(frame) };
      const made = await runOn(pair, this.#parts, watch);
      const name = `${pair.photo.name.replace(/\.[^.]+$/, "")}-${this.#parts.studio.task}.png`;
      this.#made = { picture: made.picture, name };
      this.#save.disabled = false;
      showPicture(this.#place, made.picture);
      this.#tell(done(made).text);
    } catch (error) {
      this.#tell(wordsOf(error), true);
    }
    this.#run.disabled = false;
  }

  #preview(frame: LiveFrame): void {
    this.#tell(progress(frame, false).text);
    showPicture(this.#place, frame.picture);
  }

  #tell(text: string, failed = false): void {
    this.#words.textContent = text;
    this.#words.className = failed ? "dialog-error" : "muted";
  }

  #pair(): Pair | null {
    const [photo, labels] = [this.#photo.input.files?.[0], this.#labels.input.files?.[0]];
    return photo && labels ? { photo, labels, adoptNearest: this.#adopt.checked } : null;
  }

  #download(): void {
    if (this.#made) download(this.#made.picture, this.#made.name);
  }
}

/** Make the picture: the document's layout, settings and task on other pixels. */
async function runOn(pair: Pair, { studio, packer }: BatchParts, watch: Watch): Promise<LiveFrame> {
  const layout = studio.map("layout");
  if (layout === null) throw new Error("There is no layout yet; label the photo first.");
  const { classes, task } = studio;
  const settings = { ...studio.settings, variations: 1 };
  const wanted = { width: layout.width, height: layout.height, ids: layout.ids.slice() };
  const photo = await uploadPhoto(pair.photo, pair.photo.name);
  const { adoptNearest } = pair;
  const read = await strictlyOr((lenient) =>
    matchMap(photo.id, pair.labels, {
      name: pair.labels.name,
      classes,
      adoptNearest: adoptNearest || lenient,
    }),
  );
  const labels = read.made;
  if (labels.width !== photo.width || labels.height !== photo.height) {
    throw new Error(
      `${pair.labels.name} is ${labels.width}x${labels.height} but ${pair.photo.name} ${photo.width}x${photo.height}; give a map of the photo's size.`,
    );
  }
  if (!read.strictly) {
    throw new Error(
      `${pair.labels.name} has colours that are none of the classes of this document. Choose another, or take the nearest.`,
    );
  }
  const fitting = fitted(wanted, labels, { classes, adoptNearest });
  const maps = { labels: packer.pack(labels), layout: packer.pack(fitting) };
  return renderOnce({ task, photo: photo.id, settings, maps }, watch);
}

/**
 * The layout in classes that `labels` has. One that it lacks is read as the one of the nearest colour, if allowed;
 * else an error names it.
 */
export function fitted(
  layout: IndexMap,
  labels: IndexMap,
  { classes, adoptNearest }: { classes: readonly ClassEntry[]; adoptNearest: boolean },
): IndexMap {
  const present = new Set(labels.ids);
  const lacking = [...new Set(layout.ids)].filter((id) => !present.has(id));
  if (lacking.length === 0) return layout;
  if (!adoptNearest) {
    const names = lacking.map((id) => `“${classes[id]?.name ?? id}”`).join(", ");
    throw new Error(
      `The layout asks for ${names}, which the second label map lacks. Choose another, or take the nearest.`,
    );
  }
  const table = Uint8Array.from({ length: 256 }, (_, id) => id);
  for (const id of lacking) table[id] = nearest(id, [...present], classes);
  return { ...layout, ids: layout.ids.map((id) => table[id]) };
}

function nearest(id: number, among: readonly number[], classes: readonly ClassEntry[]): number {
  const distance = (other: number) => {
    const [a, b] = [channels(classes[id]), channels(classes[other])];
    return a.reduce((sum, value, i) => sum + (value - b[i]) ** 2, 0);
  };
  return among.reduce((best, other) => (distance(other) < distance(best) ? other : best));
}

function channels(entry: ClassEntry | undefined): readonly number[] {
  const rgb = Number.parseInt(entry?.colour.slice(1) ?? "0", 16);
  return [rgb >> 16, (rgb >> 8) & 255, rgb & 255];
}

function fileRow(text: string, accept: string): { row: HTMLElement; input: HTMLInputElement } {
  const id = freshId("file");
  const input = h("input", { type: "file", id, accept });
  return { row: h("div", { class: "batch-row" }, h("label", { for: id }, text), input), input };
}

function showPicture(place: HTMLElement, picture: Blob): void {
  const address = URL.createObjectURL(picture);
  const image = h("img", { src: address, alt: "The picture" });
  image.addEventListener("load", () => URL.revokeObjectURL(address));
  place.replaceChildren(image);
}
