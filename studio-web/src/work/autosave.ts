/** Keeps the document in the browser: closing the tab or the browser, or a crash, loses nothing. */

import { unpack } from "../model/packed";
import type { Snapshot, Studio } from "../model/studio";
import { MAPS, type Photo } from "../model/types";
import { wordsOf } from "./fault";
import type { History } from "./history";
import type { Packer } from "./packer";
import type { DocumentStore, Saving, StoredDocument, StoredWhole } from "./store";
import type { Tab } from "./tabs";

/** A document of an earlier visit that may be continued. */
export interface Offer {
  readonly photoName: string;
  /** When it was last changed, in milliseconds since 1970. */
  readonly saved: number;
  /** Open it in this tab. */
  accept(): Promise<void>;
}

/** What autosave works with. */
export interface AutosaveParts {
  readonly studio: Studio;
  readonly history: History;
  readonly packer: Packer;
  readonly store: DocumentStore;
  readonly tab: Tab;
  /** Told once when saving fails. */
  say(text: string): void;
}

const DELAY = 400;
const MOST_DOCUMENTS = 8;

/** Saves a while after every change. Call `start` once the tab's document is open. */
export class Autosave {
  readonly #parts: AutosaveParts;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #saving = Promise.resolve(true);
  #unsaved = 0;
  #storedPhoto: Photo | null | undefined;
  #storedIds: ReadonlySet<string> = new Set();
  #told = false;
  #off: (() => void)[] = [];

  constructor(parts: AutosaveParts) {
    this.#parts = parts;
  }

  /** Open the document that this tab had before it was loaded anew; false if there was none. */
  async restore(): Promise<boolean> {
    const { store, tab } = this.#parts;
    const whole = await store.load(tab.id);
    if (whole === null || whole.photo === null) return false;
    await this.#open(whole);
    this.#storedPhoto = this.#parts.studio.photo;
    this.#storedIds = new Set(whole.history.map((entry) => entry.id));
    return true;
  }

  /** The newest document that no open tab holds, for a tab that has none; null if there is none. */
  async offer(): Promise<Offer | null> {
    const { store, tab } = this.#parts;
    const newest = newestFree(await store.list(), await tab.open());
    if (newest === null) return null;
    const accept = async () => {
      const whole = await store.load(newest.tab);
      if (whole === null) throw new Error("That document is no longer there.");
      await this.#open(whole);
      this.#plan();
      if (await this.flush()) await store.remove(newest.tab);
    };
    return { photoName: newest.photoName, saved: newest.saved, accept };
  }

  /** Save from now on; also when the page is hidden, which may be the last it hears. */
  start(): void {
    const { studio, history } = this.#parts;
    const soon = () => this.#plan();
    const now = () => {
      if (document.visibilityState === "hidden") this.flush();
    };
    const leave = () => this.#leave();
    document.addEventListener("visibilitychange", now);
    window.addEventListener("pagehide", leave);
    this.#off = [
      ...(["document", "changed", "classes", "active", "target", "settings", "styles", "faces"] as const).map(
        (event) => studio.on(event, soon),
      ),
      history.on("change", soon),
      () => document.removeEventListener("visibilitychange", now),
      () => window.removeEventListener("pagehide", leave),
    ];
  }

  /** Save what is not saved yet; false if it could not be. */
  flush(): Promise<boolean> {
    if (this.#timer === undefined) return this.#saving;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#unsaved += 1;
    this.#saving = this.#saving.then(() => this.#save());
    this.#saving.then(() => {
      this.#unsaved -= 1;
    });
    return this.#saving;
  }

  /** Stop saving; what waits is saved now. */
  destroy(): void {
    for (const off of this.#off) off();
    this.flush();
  }

  /**
   * The page goes away: what is asynchronous but for the store itself may not be done any more, so the maps are stored
   * as they are. Should the page come back, it saves again.
   */
  #leave(): void {
    const { studio, store } = this.#parts;
    if (studio.photo === null || (this.#timer === undefined && this.#unsaved === 0)) return;
    const changes = this.#changes(studio.photo);
    const maps = {
      strokes: studio.map("strokes"),
      labels: studio.map("labels"),
      layout: studio.map("layout"),
      rolls: studio.map("rolls"),
    };
    store
      .save({ ...changes, document: { ...changes.document, maps } })
      .catch((error) => this.#complain(error));
    this.#plan();
  }

  #plan(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.flush(), DELAY);
  }

  async #save(): Promise<boolean> {
    const { studio, history, packer, store } = this.#parts;
    const { photo } = studio;
    if (photo === null) return true;
    const { entries } = history;
    try {
      const changes = this.#changes(photo);
      const packed = MAPS.map(async (name) => {
        const map = studio.map(name);
        return map && packer.pack(map);
      });
      const [strokes, labels, layout, rolls] = await Promise.all(packed);
      const maps = { strokes, labels, layout, rolls };
      await store.save({ ...changes, document: { ...changes.document, maps } });
      this.#storedPhoto = photo;
      this.#storedIds = new Set(entries.map(({ id }) => id));
      await this.#prune();
      return true;
    } catch (error) {
      this.#complain(error);
      return false;
    }
  }

  /** What is to be stored of the document as it is now, but for its maps. */
  #changes(photo: Photo): Omit<Saving, "document"> & { document: Omit<StoredDocument, "maps"> } {
    const { studio, history, tab } = this.#parts;
    const { classes, target, active, task, settings, scene, board, portrait, faces } = studio;
    const kinds = { scene, board, portrait, faces };
    const values = { classes, target, active, task, settings, ...kinds, photoName: photo.name };
    const ids = new Set(history.entries.map(({ id }) => id));
    return {
      document: { ...values, tab: tab.id, saved: Date.now() },
      ...(photo !== this.#storedPhoto && { photo }),
      added: history.entries.filter(({ id }) => !this.#storedIds.has(id)),
      removed: [...this.#storedIds].filter((id) => !ids.has(id)),
    };
  }

  async #prune(): Promise<void> {
    const { store, tab } = this.#parts;
    const documents = await store.list();
    if (documents.length <= MOST_DOCUMENTS) return;
    for (const old of outdated(documents, await tab.open())) await store.remove(old.tab);
  }

  #complain(error: unknown): void {
    if (this.#told) return;
    this.#told = true;
    const full = error instanceof DOMException && error.name === "QuotaExceededError";
    const why = full ? "its store is full" : wordsOf(error);
    this.#parts.say(
      `This browser cannot keep the document (${why}); save a session file before you close the page.`,
    );
  }

  async #open(whole: StoredWhole): Promise<void> {
    const { maps, photoName: _name, tab: _tab, saved: _saved, ...values } = whole.document;
    const [strokes, labels, layout, rolls] = await Promise.all(
      MAPS.map(async (name) => {
        const kept = maps[name] ?? null; // documents from before there were scenes lack one
        return kept === null || "ids" in kept ? kept : unpack(kept);
      }),
    );
    const { board = null, portrait = null, faces = [] } = values; // older documents lack them
    const snapshot: Snapshot = {
      ...values,
      board,
      portrait,
      faces,
      photo: whole.photo,
      strokes,
      labels,
      layout,
      rolls,
    };
    this.#parts.studio.open(snapshot);
    this.#parts.history.replace(whole.history);
  }
}

/** The newest of the documents that no open tab holds, or null. */
export function newestFree(
  documents: readonly StoredDocument[],
  open: ReadonlySet<string>,
): StoredDocument | null {
  return documents.filter(({ tab }) => !open.has(tab)).sort((a, b) => b.saved - a.saved)[0] ?? null;
}

/** The documents to drop, lest they grow without end: all but the newest few; never one that a tab holds. */
export function outdated(
  documents: readonly StoredDocument[],
  open: ReadonlySet<string>,
): readonly StoredDocument[] {
  const newestFirst = [...documents].sort((a, b) => b.saved - a.saved);
  return newestFirst.slice(MOST_DOCUMENTS).filter(({ tab }) => !open.has(tab));
}
