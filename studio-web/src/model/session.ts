/**
 * Session files, NAME.sembla: a ZIP with session.json (everything but bytes), the photo's own file, the maps as palette
 * PNGs, and for each entry of the history its layout and thumbnail.
 */

import { strFromU8, strToU8 } from "fflate";
import { type PackedMap, pack, unpack } from "./packed";
import { decodeIndexPng, encodeIndexPngAside } from "./png";
import { type EntryRecord, readSessionRecord, type SessionRecord, VERSION } from "./session-record";
import type { Snapshot } from "./studio";
import {
  type ClassEntry,
  type IndexMap,
  type Photo,
  type Settings,
  type Size,
  type Target,
  UNMARKED,
} from "./types";
import { readZip, ZipWriter } from "./zip";

/** A finished picture of the past: what it was made from, to go back to. */
export interface HistoryEntry {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly made: number;
  readonly label: string;
  readonly layout: PackedMap;
  readonly classes: readonly ClassEntry[];
  readonly settings: Settings;
  /** The run whose trained model made it; null or left out for the instant engine. */
  readonly run?: string | null;
  /** A small JPEG. */
  readonly thumbnail: Blob;
}

/** What a session file holds. */
export interface Session {
  readonly snapshot: Snapshot;
  readonly history: HistoryEntry[];
}

const TARGETS: readonly Target[] = ["strokes", "labels", "layout"];

/** The session as a file. */
export async function packSession(snapshot: Snapshot, history: readonly HistoryEntry[]): Promise<Blob> {
  const { photo, classes, target, active, task, settings } = snapshot;
  const maps = TARGETS.filter((name) => snapshot[name] !== null);
  const entries = history.map(({ id, made, label, classes, settings, run = null }) => ({
    id,
    made,
    label,
    classes,
    settings,
    run,
  }));
  const record: SessionRecord = {
    format: "sembla-session",
    version: VERSION,
    photo: photo && {
      id: photo.id,
      name: photo.name,
      type: photo.file.type,
      width: photo.width,
      height: photo.height,
    },
    classes,
    target,
    active,
    task,
    settings,
    maps,
    history: entries,
  };
  const zip = new ZipWriter();
  zip.compress("session.json", strToU8(JSON.stringify(record, null, 1)));
  if (photo !== null) zip.store("photo", await bytesOf(photo.file));
  for (const name of maps) {
    const map = snapshot[name];
    if (map !== null) zip.store(`${name}.png`, await encodeIndexPngAside(map, classes));
  }
  for (const [number, entry] of history.entries()) {
    zip.store(
      `${historyName(number)}.png`,
      await encodeIndexPngAside(await unpack(entry.layout), entry.classes),
    );
    zip.store(`${historyName(number)}.jpg`, await bytesOf(entry.thumbnail));
  }
  return zip.end();
}

/** What `packSession` packed. Throws an error of one line if anything is missing, damaged or at odds with the rest. */
export async function unpackSession(bytes: Uint8Array): Promise<Session> {
  try {
    return await readSession(new Parts(bytes));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`The session file cannot be opened: ${reason}.`);
  }
}

async function readSession(parts: Parts): Promise<Session> {
  const record = readSessionRecord(strFromU8(parts.get("session.json")));
  const photo = record.photo && readPhoto(record.photo, parts);
  let size: Size | null = photo;
  const read = (name: Target): IndexMap | null => {
    if (!record.maps.includes(name)) return null;
    const map = parts.map(`${name}.png`, {
      size,
      classes: record.classes.length,
      unmarked: name === "strokes",
    });
    size ??= map;
    return map;
  };
  const maps = { strokes: read("strokes"), labels: read("labels"), layout: read("layout") };
  const history: HistoryEntry[] = [];
  for (const [number, entry] of record.history.entries())
    history.push(await readEntry(entry, { parts, name: historyName(number), size }));
  const { classes, target, active, task, settings } = record;
  return { snapshot: { photo, classes, ...maps, target, active, task, settings }, history };
}

function readPhoto(
  { id, name, type, width, height }: NonNullable<SessionRecord["photo"]>,
  parts: Parts,
): Photo {
  return { id, name, width, height, file: new Blob([parts.get("photo")], { type }) };
}

interface EntryParts {
  readonly parts: Parts;
  readonly name: string;
  readonly size: Size | null;
}

async function readEntry(entry: EntryRecord, { parts, name, size }: EntryParts): Promise<HistoryEntry> {
  const layout = parts.map(`${name}.png`, { size, classes: entry.classes.length, unmarked: false });
  const thumbnail = new Blob([parts.get(`${name}.jpg`)], { type: "image/jpeg" });
  return { ...entry, layout: await pack(layout), thumbnail };
}

function historyName(number: number): string {
  return `history/${String(number).padStart(3, "0")}`;
}

async function bytesOf(blob: Blob): Promise<Uint8Array> {
  return new Uint8Array(await blob.arrayBuffer());
}

interface Expected {
  /** Null where any size will do. */
  readonly size: Size | null;
  /** How many classes there are. */
  readonly classes: number;
  /** Whether `UNMARKED` may occur. */
  readonly unmarked: boolean;
}

/** The parts of the file. */
class Parts {
  readonly #parts: Map<string, Uint8Array<ArrayBuffer>>;

  constructor(bytes: Uint8Array) {
    this.#parts = readZip(bytes);
    if (!this.#parts.has("session.json"))
      throw new Error("it has no session.json, so it is no session of Sembla");
  }

  get(name: string): Uint8Array<ArrayBuffer> {
    const part = this.#parts.get(name);
    if (part === undefined) throw new Error(`its part ${name} is missing`);
    return part;
  }

  map(name: string, { size, classes, unmarked }: Expected): IndexMap {
    const map = this.#decode(name);
    if (size !== null && (map.width !== size.width || map.height !== size.height))
      throw new Error(
        `its part ${name} is ${map.width}x${map.height} in place of ${size.width}x${size.height}`,
      );
    for (let i = 0; i < map.ids.length; i++) {
      const id = map.ids[i];
      if (id < classes || (unmarked && id === UNMARKED)) continue;
      throw new Error(`its part ${name} holds class ${id}, but there are only ${classes} classes`);
    }
    return map;
  }

  #decode(name: string): IndexMap {
    const part = this.get(name);
    try {
      return decodeIndexPng(part).map;
    } catch {
      throw new Error(`its part ${name} is no label map`);
    }
  }
}
