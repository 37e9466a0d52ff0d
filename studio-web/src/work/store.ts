/** The browser's own store of documents: packed maps, the photo's file and the history, by tab. */

import type { PackedMap } from "../model/packed";
import type { HistoryEntry } from "../model/session";
import type { Snapshot } from "../model/studio";
import type { IndexMap, MapName, Photo } from "../model/types";

/** A document as stored; its photo and history lie beside it, so that a stroke need not write them again. */
export interface StoredDocument extends Omit<Snapshot, MapName | "photo"> {
  /** The id of the tab that it belongs to. */
  readonly tab: string;
  /** When, in milliseconds since 1970. */
  readonly saved: number;
  /** Packed, or as they are where there was no time for that. */
  readonly maps: Readonly<Record<MapName, PackedMap | IndexMap | null>>;
  readonly photoName: string;
}

/** A document with all that belongs to it. */
export interface StoredWhole {
  readonly document: StoredDocument;
  readonly photo: Photo | null;
  readonly history: readonly HistoryEntry[];
}

/** What changed since the last save; what is left out stays as it is stored. */
export interface Saving {
  readonly document: StoredDocument;
  readonly photo?: Photo | null;
  readonly added: readonly HistoryEntry[];
  readonly removed: readonly string[];
}

/** Where documents are kept; tests give their own. */
export interface DocumentStore {
  save(saving: Saving): Promise<void>;
  load(tab: string): Promise<StoredWhole | null>;
  /** All documents, without photos and histories. */
  list(): Promise<readonly StoredDocument[]>;
  remove(tab: string): Promise<void>;
}

const STORES = ["documents", "photos", "history"] as const;

/** The store in IndexedDB; made when first used. */
export function browserStore(name = "sembla-studio"): DocumentStore {
  let opened: Promise<IDBDatabase> | null = null;
  const database = () => {
    opened ??= openDatabase(name);
    opened.catch(() => {
      opened = null;
    });
    return opened;
  };
  return {
    save: async (saving) => save(await database(), saving),
    load: async (tab) => load(await database(), tab),
    list: async () => answer((await database()).transaction("documents").objectStore("documents").getAll()),
    remove: async (tab) => {
      const transaction = (await database()).transaction(STORES, "readwrite");
      drop(transaction, tab);
      await finished(transaction);
    },
  };
}

async function openDatabase(name: string): Promise<IDBDatabase> {
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => {
    for (const store of STORES) request.result.createObjectStore(store);
  };
  const database = await answer(request);
  database.onversionchange = () => database.close(); // a newer page in another tab must not wait for this one
  return database;
}

/** One transaction: either all of it is stored or nothing. */
async function save(database: IDBDatabase, { document, photo, added, removed }: Saving): Promise<void> {
  const transaction = database.transaction(STORES, "readwrite");
  const { tab } = document;
  transaction.objectStore("documents").put(document, tab);
  if (photo !== undefined) transaction.objectStore("photos").put(photo, tab);
  for (const id of removed) transaction.objectStore("history").delete([tab, id]);
  for (const entry of added) transaction.objectStore("history").put(entry, [tab, entry.id]);
  transaction.commit(); // without it, a page that goes away takes what it wrote last with it
  await finished(transaction);
}

async function load(database: IDBDatabase, tab: string): Promise<StoredWhole | null> {
  const transaction = database.transaction(STORES);
  const document: StoredDocument | undefined = await answer(transaction.objectStore("documents").get(tab));
  if (document === undefined) return null;
  const photo: Photo | null | undefined = await answer(transaction.objectStore("photos").get(tab));
  const history: HistoryEntry[] = await answer(transaction.objectStore("history").getAll(all(tab)));
  return { document, photo: photo ?? null, history: history.sort((a, b) => a.made - b.made) };
}

function drop(transaction: IDBTransaction, tab: string): void {
  transaction.objectStore("documents").delete(tab);
  transaction.objectStore("photos").delete(tab);
  transaction.objectStore("history").delete(all(tab));
}

/** The keys [tab, any id]: an array comes after every string. */
function all(tab: string): IDBKeyRange {
  return IDBKeyRange.bound([tab], [tab, []]);
}

function answer<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function finished(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
    transaction.onerror = () => reject(transaction.error);
  });
}
