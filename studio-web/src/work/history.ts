/** The strip of finished pictures of the past: a click goes back to what made them. */

import "./work.css";
import { Emitter } from "../model/emitter";
import { type PackedMap, unpack } from "../model/packed";
import type { HistoryEntry } from "../model/session";
import { same } from "../model/snapshot";
import type { Studio } from "../model/studio";
import type { ClassEntry, IndexMap, Settings } from "../model/types";
import { h, icon, setAttribute } from "../shell/dom";
import { wordsOf } from "./fault";
import type { Finished, Loop } from "./loop";
import type { Handle } from "./result-view";

/** So many entries are kept, the newest. */
export const MOST_ENTRIES = 200;

/** Longest side of a thumbnail in pixels: twice what the strip shows, for fine screens. */
const THUMBNAIL_SIDE = 144;

/** The entries of the open document, oldest first. A new document empties it. */
export class History {
  #entries: readonly HistoryEntry[] = [];
  #current: string | null = null;
  #document = 0;
  readonly #coming = new Set<Promise<void>>();
  readonly #events = new Emitter<{ change: null }>();
  readonly #off: () => void;

  constructor(studio: Studio) {
    this.#off = studio.on("document", () => {
      this.#current = null;
      this.#document += 1;
      this.replace([]);
    });
  }

  /** Oldest first. */
  get entries(): readonly HistoryEntry[] {
    return this.#entries;
  }

  /** Calls `listener` after every change; the function returned ends that. */
  on(event: "change", listener: () => void): () => void {
    return this.#events.on(event, listener);
  }

  /** The id of the entry whose picture is shown, or null. */
  get current(): string | null {
    return this.#current;
  }

  /** Take in what is shown now. One made of the same layout with the same settings stays where it is in its place. */
  add(entry: HistoryEntry): void {
    const known = this.#entries.find((other) => equal(other, entry));
    this.#current = (known ?? entry).id;
    this.replace(known ? this.#entries : [...this.#entries, entry]);
  }

  /** Take in an entry once it is made, unless another document is open by then. Rejects if it cannot be made. */
  addLater(coming: Promise<HistoryEntry>): Promise<void> {
    const document = this.#document;
    const added = coming.then((entry) => {
      if (document === this.#document) this.add(entry);
    });
    const done = () => this.#coming.delete(added);
    this.#coming.add(added);
    added.then(done, done);
    return added;
  }

  /** Resolves when nothing that is to be taken in is still being made. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#coming);
  }

  /** Drop an entry. */
  remove(id: string): void {
    this.replace(this.#entries.filter((entry) => entry.id !== id));
  }

  /** Hold these instead, of a session file say. */
  replace(entries: readonly HistoryEntry[]): void {
    this.#entries = entries.slice(-MOST_ENTRIES);
    this.#events.emit("change", null);
  }

  /** Stop listening. */
  destroy(): void {
    this.#off();
  }
}

/** Go back to an entry's layout and settings, in one undoable step. Returns a sentence if classes of it are gone. */
export async function restore(studio: Studio, entry: HistoryEntry): Promise<string | null> {
  const labels = studio.map("labels");
  const past = await unpack(entry.layout);
  const { layout, gone } = translated(past, entry.classes, { classes: studio.classes, labels });
  const rolls = entry.rolls ? await unpack(entry.rolls) : null;
  const values = { layout, rolls, settings: { ...studio.settings, ...entry.settings } as Settings };
  studio.change("Go back", { ...values, target: "layout" });
  if (gone.length === 0) return null;
  return `No longer a class: ${gone.map((name) => `“${name}”`).join(", ")}; there the photo's own labels are taken.`;
}

/**
 * A layout in today's classes: classes are found again by name, else by colour; the pixels of one that is gone become
 * what `labels` holds there. Restoring old classes instead would part them from the labels.
 */
export function translated(
  layout: IndexMap,
  had: readonly ClassEntry[],
  now: { classes: readonly ClassEntry[]; labels: IndexMap | null },
): { layout: IndexMap; gone: string[] } {
  const table = had.map(({ name, colour }, id) => {
    if (now.classes[id]?.name === name) return id;
    const byName = now.classes.findIndex((entry) => entry.name === name);
    return byName >= 0 ? byName : now.classes.findIndex((entry) => entry.colour === colour);
  });
  if (table.every((to, id) => to === id)) return { layout, gone: [] };
  const seen = new Set<number>();
  const ids = layout.ids.map((id, i) => {
    const to = table[id] ?? -1;
    if (to >= 0) return to;
    seen.add(id);
    return now.labels?.ids[i] ?? 0;
  });
  return { layout: { ...layout, ids }, gone: [...seen].map((id) => had[id]?.name ?? `class ${id}`) };
}

/** What the strip works with; `say` is told what the user should know. */
export interface HistoryParts {
  readonly studio: Studio;
  readonly history: History;
  readonly loop: Loop;
  say(text: string): void;
}

/** Show the entries, newest first, in a strip of fixed height, and take in every finished picture. */
export function mountHistory(host: HTMLElement, parts: HistoryParts): Handle {
  return new HistoryStrip(host, parts);
}

class HistoryStrip implements Handle {
  readonly #list = h("ul", { class: "strip-list", "aria-label": "Earlier pictures, newest first" });
  readonly #empty = h("p", { class: "strip-empty" }, "Every finished picture is kept here.");
  readonly #root = h("div", { class: "strip-body" }, h("h2", { class: "strip-title" }, "History"));
  readonly #shown = new Map<string, { item: HTMLElement; address: string }>();
  readonly #parts: HistoryParts;
  readonly #off: (() => void)[];

  constructor(host: HTMLElement, parts: HistoryParts) {
    this.#parts = parts;
    this.#root.append(this.#empty, this.#list);
    host.append(this.#root);
    this.#off = [
      parts.history.on("change", () => this.#show()),
      parts.loop.on("finished", (finished) => this.#remember(finished)),
    ];
    this.#show();
  }

  destroy(): void {
    for (const off of this.#off) off();
    this.#drop(new Set());
    this.#root.remove();
  }

  async #remember(finished: Finished): Promise<void> {
    try {
      await this.#parts.history.addLater(entryOf(finished));
    } catch (error) {
      this.#parts.say(wordsOf(error));
    }
  }

  async #open(entry: HistoryEntry): Promise<void> {
    const { studio, loop, say } = this.#parts;
    try {
      say((await restore(studio, entry)) ?? "");
      if (!loop.engine?.always) loop.use(entry.run ? { run: entry.run, always: false } : null);
    } catch (error) {
      say(wordsOf(error));
    }
  }

  #show(): void {
    const { history } = this.#parts;
    this.#drop(new Set(history.entries.map((entry) => entry.id)));
    for (const entry of history.entries) if (!this.#shown.has(entry.id)) this.#add(entry);
    for (const [id, { item }] of this.#shown) {
      setAttribute(item.firstElementChild ?? item, "aria-current", id === history.current ? "true" : null);
    }
    this.#empty.hidden = history.entries.length > 0;
  }

  #add(entry: HistoryEntry): void {
    const address = URL.createObjectURL(entry.thumbnail);
    const acts = { open: () => this.#open(entry), remove: () => this.#parts.history.remove(entry.id) };
    const item = historyItem(entry, address, acts);
    this.#shown.set(entry.id, { item, address });
    this.#list.prepend(item);
  }

  /** Take away what is not to be kept. */
  #drop(kept: ReadonlySet<string>): void {
    for (const [id, { item, address }] of this.#shown) {
      if (kept.has(id)) continue;
      item.remove();
      URL.revokeObjectURL(address);
      this.#shown.delete(id);
    }
  }
}

function historyItem(
  entry: HistoryEntry,
  address: string,
  acts: { open(): void; remove(): void },
): HTMLElement {
  const time = new Date(entry.made).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  const words = `${entry.label}, ${time}`;
  const remove = () => {
    const next = item.nextElementSibling ?? item.previousElementSibling;
    acts.remove();
    next?.querySelector("button")?.focus(); // else the keyboard would start at the top of the page again
  };
  const item = h(
    "li",
    { class: "strip-item" },
    h(
      "button",
      {
        type: "button",
        class: "strip-picture",
        title: `Go back to: ${words}`,
        "aria-label": `Go back to: ${words}`,
        onclick: acts.open,
      },
      h("img", { src: address, alt: "" }),
    ),
    h(
      "button",
      {
        type: "button",
        class: "strip-remove",
        title: "Delete from history",
        "aria-label": `Delete from history: ${words}`,
        onclick: remove,
      },
      icon("close", 12),
    ),
  );
  return item;
}

async function entryOf({ label, classes, settings, run, ...finished }: Finished): Promise<HistoryEntry> {
  const made = Date.now();
  const parts = [finished.layout, finished.rolls, smallPicture(finished.picture)] as const;
  const [layout, rolls, thumbnail] = await Promise.all(parts);
  return { id: entryId(made), made, label, layout, classes, settings, run, rolls, thumbnail };
}

async function smallPicture(picture: Blob): Promise<Blob> {
  const whole = await createImageBitmap(picture);
  const scale = Math.min(1, THUMBNAIL_SIDE / Math.max(whole.width, whole.height));
  const width = Math.max(1, Math.round(whole.width * scale));
  const height = Math.max(1, Math.round(whole.height * scale));
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  if (context) {
    context.imageSmoothingQuality = "high";
    context.drawImage(whole, 0, 0, width, height);
  }
  whole.close();
  return canvas.convertToBlob({ type: "image/jpeg", quality: 0.8 });
}

function entryId(made: number): string {
  const random = crypto.getRandomValues(new Uint32Array(1))[0];
  return `${made.toString(36)}-${random.toString(36)}`;
}

function equal(a: HistoryEntry, b: HistoryEntry): boolean {
  if (!same(a.settings, b.settings) || (a.run ?? null) !== (b.run ?? null)) return false;
  return equalMaps(a.layout, b.layout) && equalMaps(a.rolls ?? null, b.rolls ?? null);
}

function equalMaps(a: PackedMap | null, b: PackedMap | null): boolean {
  if (a === null || b === null) return a === b;
  return a.bytes.length === b.bytes.length && a.bytes.every((byte, i) => byte === b.bytes[i]);
}
