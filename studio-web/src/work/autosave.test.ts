import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { deflate } from "../model/packed";
import { whole } from "../model/rect";
import type { HistoryEntry } from "../model/session";
import { emptySnapshot, type Snapshot, Studio } from "../model/studio";
import type { IndexMap } from "../model/types";
import { Autosave, newestFree, outdated } from "./autosave";
import { History } from "./history";
import { followPixels, Packer } from "./packer";
import type { DocumentStore, Saving, StoredDocument, StoredWhole } from "./store";

const SIZE = { width: 6, height: 4 };

function map(id: number): IndexMap {
  return { ...SIZE, ids: new Uint8Array(24).fill(id) };
}

function opened(name = "a.jpg"): Snapshot {
  return {
    ...emptySnapshot(),
    photo: { ...SIZE, id: name, name, file: new Blob([name]) },
    classes: [{ name: "sky", colour: "#0000ff" }],
    labels: map(0),
    layout: map(0),
  };
}

function entry(id: string): HistoryEntry {
  const layout = { ...SIZE, bytes: new TextEncoder().encode(id) };
  return { id, made: 1, label: "Brush", layout, classes: [], settings: {}, thumbnail: new Blob() };
}

class MemoryStore implements DocumentStore {
  readonly documents = new Map<string, StoredWhole>();
  readonly savings: Saving[] = [];
  fault: Error | null = null;

  async save(saving: Saving): Promise<void> {
    if (this.fault) throw this.fault;
    this.savings.push(saving);
    const { tab } = saving.document;
    const old = this.documents.get(tab);
    const kept = (old?.history ?? []).filter(({ id }) => !saving.removed.includes(id));
    const photo = saving.photo === undefined ? (old?.photo ?? null) : saving.photo;
    this.documents.set(tab, { document: saving.document, photo, history: [...kept, ...saving.added] });
  }

  async load(tab: string): Promise<StoredWhole | null> {
    return this.documents.get(tab) ?? null;
  }

  async list(): Promise<readonly StoredDocument[]> {
    return [...this.documents.values()].map(({ document }) => document);
  }

  async remove(tab: string): Promise<void> {
    this.documents.delete(tab);
  }
}

describe("Autosave", () => {
  let store: MemoryStore;
  let page: EventTarget & { visibilityState: string };
  let said: string[];
  const open = new Set<string>();

  beforeEach(() => {
    store = new MemoryStore();
    said = [];
    open.clear();
    page = Object.assign(new EventTarget(), { visibilityState: "visible" });
    vi.stubGlobal("document", page);
    vi.stubGlobal("window", new EventTarget());
  });

  afterEach(() => {
    vi.unstubAllGlobals();
  });

  function tab(id: string, pack = deflate) {
    open.add(id);
    const studio = new Studio();
    const history = new History(studio);
    const packer = new Packer(pack);
    followPixels(packer, studio);
    const parts = { id, open: async () => open, release: () => open.delete(id) };
    const say = (text: string) => said.push(text);
    const autosave = new Autosave({ studio, history, packer, store, tab: parts, say });
    return { studio, history, autosave };
  }

  function paint(studio: Studio): void {
    const edit = studio.begin("Brush", "layout");
    edit.map.ids[3] = 7;
    edit.changed(whole(SIZE));
    edit.commit();
  }

  it("gives a tab that is loaded anew its whole document, history included", async () => {
    const before = tab("one");
    before.autosave.start();
    before.studio.open(opened());
    before.history.add(entry("h1"));
    paint(before.studio);
    before.studio.setSettings({ seed: 12 });
    await before.autosave.flush();
    const after = tab("one");
    expect(await after.autosave.restore()).toBe(true);
    expect(after.studio.snapshot()).toEqual(before.studio.snapshot());
    expect(after.history.entries).toEqual(before.history.entries);
  });

  it("saves soon after a change, once for many, and writes photo and history only when they changed", async () => {
    const { studio, history, autosave } = tab("one");
    autosave.start();
    studio.open(opened());
    history.add(entry("h1"));
    await autosave.flush();
    vi.useFakeTimers();
    for (let i = 0; i < 5; i++) studio.setSettings({ seed: i });
    await vi.advanceTimersByTimeAsync(399);
    expect(store.savings).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    vi.useRealTimers();
    await autosave.flush();
    expect(store.savings).toHaveLength(2);
    expect(store.savings[0]).toMatchObject({ photo: studio.photo, added: [{ id: "h1" }] });
    expect(store.savings[1]).toMatchObject({ added: [], removed: [] });
    expect(store.savings[1]).not.toHaveProperty("photo");
    history.remove("h1");
    await autosave.flush();
    expect(store.savings[2]).toMatchObject({ added: [], removed: ["h1"] });
  });

  it("saves when the page is hidden", async () => {
    const { studio, autosave } = tab("one");
    autosave.start();
    studio.open(opened());
    page.dispatchEvent(new Event("visibilitychange"));
    page.visibilityState = "hidden";
    page.dispatchEvent(new Event("visibilitychange"));
    await autosave.flush();
    expect(store.savings).toHaveLength(1);
  });

  it("stores everything at once when the page goes away, even if packing never ends", async () => {
    const { studio, history, autosave } = tab("one", () => new Promise(() => {}));
    autosave.start();
    studio.open(opened());
    history.add(entry("h1"));
    paint(studio);
    page.visibilityState = "hidden";
    page.dispatchEvent(new Event("visibilitychange")); // begins to save, and waits for the packing
    await Promise.resolve();
    expect(store.savings).toHaveLength(0);
    window.dispatchEvent(new Event("pagehide"));
    expect(store.savings).toHaveLength(1); // without a moment in between
    const after = tab("one");
    expect(await after.autosave.restore()).toBe(true);
    expect(after.studio.snapshot()).toEqual(studio.snapshot());
    expect(after.history.entries).toEqual(history.entries);
  });

  it("stores nothing when the page goes away with everything saved, and saves anew if it comes back", async () => {
    const { studio, autosave } = tab("one");
    autosave.start();
    studio.open(opened());
    await autosave.flush();
    window.dispatchEvent(new Event("pagehide"));
    expect(store.savings).toHaveLength(1);
    paint(studio);
    window.dispatchEvent(new Event("pagehide"));
    expect(store.savings).toHaveLength(2);
    await autosave.flush();
    expect(store.savings).toHaveLength(3);
    expect(store.savings[2].document.maps.layout).toHaveProperty("bytes");
  });

  it("offers a fresh tab the newest document that no tab holds, and moves it there", async () => {
    const old = tab("old");
    old.autosave.start();
    old.studio.open(opened("old.jpg"));
    await old.autosave.flush();
    const fresh = tab("fresh");
    expect(await fresh.autosave.offer()).toBeNull();
    open.delete("old");
    const offer = await fresh.autosave.offer();
    fresh.autosave.start();
    expect(offer?.photoName).toBe("old.jpg");
    await offer?.accept();
    expect(fresh.studio.snapshot()).toEqual(old.studio.snapshot());
    expect([...store.documents.keys()]).toEqual(["fresh"]);
  });

  it("keeps the other document when the move cannot be stored", async () => {
    const old = tab("old");
    old.autosave.start();
    old.studio.open(opened());
    await old.autosave.flush();
    open.delete("old");
    const fresh = tab("fresh");
    fresh.autosave.start();
    const offer = await fresh.autosave.offer();
    store.fault = new DOMException("full", "QuotaExceededError");
    await offer?.accept();
    expect([...store.documents.keys()]).toEqual(["old"]);
  });

  it("tells once that it cannot save, and goes on trying", async () => {
    const { studio, autosave } = tab("one");
    autosave.start();
    store.fault = new DOMException("full", "QuotaExceededError");
    studio.open(opened());
    await autosave.flush();
    studio.setSettings({ seed: 1 });
    await autosave.flush();
    expect(said).toHaveLength(1);
    expect(said[0]).toContain("its store is full");
    store.fault = null;
    studio.setSettings({ seed: 2 });
    await autosave.flush();
    expect(store.documents.get("one")?.photo).toEqual(studio.photo);
  });
});

describe("the documents kept", () => {
  const stored = (tab: string, saved: number) => ({ tab, saved }) as StoredDocument;
  const ten = Array.from({ length: 10 }, (_, i) => stored(`t${i}`, i));

  it("are the newest eight and those of open tabs", () => {
    expect(outdated(ten, new Set(["t0"])).map(({ tab }) => tab)).toEqual(["t1"]);
    expect(outdated(ten.slice(2), new Set())).toEqual([]);
  });

  it("are offered newest first, unless a tab holds them", () => {
    expect(newestFree(ten, new Set(["t9", "t8"]))?.tab).toBe("t7");
    expect(newestFree(ten.slice(0, 1), new Set(["t0"]))).toBeNull();
  });
});
