/**
 * Session files, NAME.sembla: a ZIP with session.json (everything but bytes), the photo's own file, the maps as palette
 * PNGs, and for each entry of the history its layout and thumbnail.
 */

import { strFromU8, strToU8 } from "fflate";
import { type PackedMap, pack, unpack } from "./packed";
import { decodeIndexPng, encodeIndexPngAside } from "./png";
import {
  type EntryRecord,
  type PhotoRecord,
  type PortraitRecord,
  readSessionRecord,
  type SceneRecord,
  type SessionRecord,
  VERSION,
} from "./session-record";
import type { Snapshot } from "./studio";
import {
  type ClassEntry,
  type IndexMap,
  MAPS,
  type MapName,
  MOST_ROLLS,
  type Photo,
  type Portrait,
  type Scene,
  type Settings,
  type Size,
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
  /** Of a scene: which variation stands where; null or left out where all is the plain picture. */
  readonly rolls?: PackedMap | null;
  /** A small JPEG. */
  readonly thumbnail: Blob;
}

/** What a session file holds. */
export interface Session {
  readonly snapshot: Snapshot;
  readonly history: HistoryEntry[];
}

/** The session as a file. */
export async function packSession(snapshot: Snapshot, history: readonly HistoryEntry[]): Promise<Blob> {
  const { photo, scene, board, portrait, faces, classes, target, active, task, settings } = snapshot;
  const maps = MAPS.filter((name) => snapshot[name] !== null);
  const entries = history.map(recordOf);
  const record: SessionRecord = {
    format: "sembla-session",
    version: VERSION,
    photo: photo && photoRecord(photo),
    scene: scene && { ...scene, styles: scene.styles.map(photoRecord) },
    board,
    portrait: portrait && { ...portrait, references: portrait.references.map(photoRecord) },
    faces,
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
  for (const [number, style] of (scene?.styles ?? []).entries())
    zip.store(styleName(number), await bytesOf(style.file));
  for (const [number, reference] of (portrait?.references ?? []).entries())
    zip.store(referenceName(number), await bytesOf(reference.file));
  for (const name of maps) {
    const map = snapshot[name];
    if (map !== null)
      zip.store(`${name}.png`, await encodeIndexPngAside(map, name === "rolls" ? [] : classes));
  }
  for (const [number, entry] of history.entries()) {
    zip.store(
      `${historyName(number)}.png`,
      await encodeIndexPngAside(await unpack(entry.layout), entry.classes),
    );
    if (entry.rolls) zip.store(rollsName(number), await encodeIndexPngAside(await unpack(entry.rolls), []));
    zip.store(`${historyName(number)}.jpg`, await bytesOf(entry.thumbnail));
  }
  return zip.end();
}

function photoRecord({ id, name, width, height, file }: Photo): PhotoRecord {
  return { id, name, type: file.type, width, height };
}

function recordOf({ id, made, label, classes, settings, run = null, rolls }: HistoryEntry): EntryRecord {
  return { id, made, label, classes, settings, run, rolls: Boolean(rolls) };
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
  const photo = record.photo && readPhoto(record.photo, "photo", parts);
  let size: Size | null = photo;
  const read = (name: MapName): IndexMap | null => {
    if (!record.maps.includes(name)) return null;
    const map = parts.map(`${name}.png`, {
      size,
      classes: name === "rolls" ? MOST_ROLLS + 1 : record.classes.length,
      unmarked: name === "strokes",
    });
    size ??= map;
    return map;
  };
  const maps = {
    strokes: read("strokes"),
    labels: read("labels"),
    layout: read("layout"),
    rolls: read("rolls"),
  };
  const history: HistoryEntry[] = [];
  for (const [number, entry] of record.history.entries())
    history.push(await readEntry(entry, { parts, number, size }));
  const { board, faces, classes, target, active, task, settings } = record;
  const scene = record.scene && readScene(record.scene, parts);
  const portrait = record.portrait && readPortrait(record.portrait, parts);
  return {
    snapshot: { photo, scene, board, portrait, faces, classes, ...maps, target, active, task, settings },
    history,
  };
}

function readPhoto({ id, name, type, width, height }: PhotoRecord, part: string, parts: Parts): Photo {
  return { id, name, width, height, file: new Blob([parts.get(part)], { type }) };
}

function readScene(record: SceneRecord, parts: Parts): Scene {
  return { ...record, styles: record.styles.map((style, i) => readPhoto(style, styleName(i), parts)) };
}

function readPortrait(record: PortraitRecord, parts: Parts): Portrait {
  const references = record.references.map((photo, i) => readPhoto(photo, referenceName(i), parts));
  return { ...record, references };
}

interface EntryParts {
  readonly parts: Parts;
  readonly number: number;
  readonly size: Size | null;
}

async function readEntry(entry: EntryRecord, { parts, number, size }: EntryParts): Promise<HistoryEntry> {
  const name = historyName(number);
  const layout = parts.map(`${name}.png`, { size, classes: entry.classes.length, unmarked: false });
  const thumbnail = new Blob([parts.get(`${name}.jpg`)], { type: "image/jpeg" });
  const rolls = entry.rolls
    ? parts.map(rollsName(number), { size, classes: MOST_ROLLS + 1, unmarked: false })
    : null;
  return { ...entry, layout: await pack(layout), rolls: rolls && (await pack(rolls)), thumbnail };
}

function historyName(number: number): string {
  return `history/${String(number).padStart(3, "0")}`;
}

function rollsName(number: number): string {
  return `${historyName(number)}-rolls.png`;
}

function styleName(number: number): string {
  return `styles/${String(number).padStart(3, "0")}`;
}

function referenceName(number: number): string {
  return `references/${String(number).padStart(3, "0")}`;
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
