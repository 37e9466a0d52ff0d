/** session.json: what a session file says besides its bytes, read with every value proved. */

import {
  type Board,
  type ClassEntry,
  type Face,
  MAX_CLASSES,
  type MapName,
  type Portrait,
  type Scene,
  type Settings,
  type Target,
  type Value,
} from "./types";

/** The version of the format that is written; newer ones are refused. */
export const VERSION = 1;

/** So many points has a face. */
export const POINTS = 68;

/** An entry of the history; its layout and thumbnail are parts of their own. */
export interface EntryRecord {
  readonly id: string;
  readonly made: number;
  readonly label: string;
  readonly classes: readonly ClassEntry[];
  readonly settings: Settings;
  /** The run whose trained model made it; null for the instant engine. */
  readonly run: string | null;
  /** Whether parts of it were made anew; then the map of these is a part of its own. */
  readonly rolls: boolean;
}

/** A photo; its file is a part of its own. */
export interface PhotoRecord {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly width: number;
  readonly height: number;
}

/** What makes a scene. */
export type SceneRecord = Omit<Scene, "styles"> & { readonly styles: readonly PhotoRecord[] };

/** What edits a face. */
export type PortraitRecord = Omit<Portrait, "references"> & { readonly references: readonly PhotoRecord[] };

/** The whole of session.json. */
export interface SessionRecord {
  readonly format: "sembla-session";
  readonly version: number;
  readonly photo: PhotoRecord | null;
  /** Null for what is made of a photo. */
  readonly scene: SceneRecord | null;
  /** Null unless pictures lie side by side. */
  readonly board: Board | null;
  /** Null unless a face is edited. */
  readonly portrait: PortraitRecord | null;
  readonly faces: readonly (Face | null)[];
  readonly classes: readonly ClassEntry[];
  readonly target: Target;
  readonly active: number;
  readonly task: string;
  readonly settings: Settings;
  /** The maps that are there. */
  readonly maps: readonly MapName[];
  readonly history: readonly EntryRecord[];
}

/** Reads session.json; throws an error that names the first value that is wrong. */
export function readSessionRecord(json: string): SessionRecord {
  const fields = new Fields(parse(json), "session.json");
  if (fields.text("format") !== "sembla-session") throw new Error("it is no session of Sembla");
  const version = fields.whole("version", 1, Number.MAX_SAFE_INTEGER);
  if (version > VERSION) throw new Error("it was saved by a newer Sembla; update Sembla to open it");
  const classes = readClasses(fields);
  return {
    format: "sembla-session",
    version,
    photo: fields.value("photo") === null ? null : readPhotoRecord(fields.inner("photo")),
    scene: fields.optional("scene") === null ? null : readSceneRecord(fields.inner("scene")),
    board: fields.optional("board") === null ? null : readBoard(fields.inner("board")),
    portrait: fields.optional("portrait") === null ? null : readPortraitRecord(fields.inner("portrait")),
    faces: fields.optional("faces") === null ? [] : readFaces(fields),
    classes,
    target: readTarget(fields.value("target"), "target"),
    active: fields.whole("active", 0, Math.max(classes.length - 1, 0)),
    task: fields.text("task"),
    settings: readSettings(fields.inner("settings")),
    maps: fields.list("maps").map((value) => (value === "rolls" ? value : readTarget(value, "maps"))),
    history: fields.inners("history").map(readEntryRecord),
  };
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw new Error("its session.json is no JSON");
  }
}

function readSceneRecord(fields: Fields): SceneRecord {
  const kind = fields.text("kind");
  if (kind !== "bank" && kind !== "model") throw fields.wrong("kind", "bank or model");
  return {
    engine: fields.text("engine"),
    title: fields.text("title"),
    kind,
    photos: fields.whole("photos", 0, Number.MAX_SAFE_INTEGER),
    ignore: fields.value("ignore") === null ? null : fields.whole("ignore", 0, 255),
    styled: fields.flag("styled"),
    varies: fields.flag("varies"),
    variesStyled: fields.flag("variesStyled"),
    styles: fields.inners("styles").map(readPhotoRecord),
  };
}

function readPortraitRecord(fields: Fields): PortraitRecord {
  const references = fields.inners("references").map(readPhotoRecord);
  return { model: fields.text("model"), title: fields.text("title"), references };
}

function readBoard(fields: Fields): Board {
  const method = fields.text("method");
  if (method !== "preserve" && method !== "inpaint") throw fields.wrong("method", "preserve or inpaint");
  const tiles = fields.inners("tiles").map((tile) => ({
    name: tile.text("name"),
    x: tile.whole("x", 0, 1 << 24),
    y: tile.whole("y", 0, 1 << 24),
    width: tile.whole("width", 1, 1 << 24),
    height: tile.whole("height", 1, 1 << 24),
  }));
  return { model: fields.text("model"), title: fields.text("title"), method, tiles };
}

function readFaces(fields: Fields): (Face | null)[] {
  const values = fields.list("faces");
  return values.map((value, i) => (value === null ? null : readFace(fields.item("faces", i))));
}

function readFace(fields: Fields): Face {
  const points = fields.inners("points").map((point) => ({ x: point.number("x"), y: point.number("y") }));
  if (points.length !== POINTS) throw fields.wrong("points", `a list of ${POINTS} points`);
  const placed = fields.list("placed").filter((at) => typeof at === "number");
  return { points, placed };
}

function readPhotoRecord(fields: Fields): PhotoRecord {
  return {
    id: fields.text("id"),
    name: fields.text("name"),
    type: fields.text("type"),
    width: fields.whole("width", 1, 1 << 24),
    height: fields.whole("height", 1, 1 << 24),
  };
}

function readEntryRecord(fields: Fields): EntryRecord {
  return {
    id: fields.text("id"),
    made: fields.whole("made", 0, Number.MAX_SAFE_INTEGER),
    label: fields.text("label"),
    classes: readClasses(fields),
    settings: readSettings(fields.inner("settings")),
    run: fields.names.includes("run") ? fields.optionalText("run") : null, // files from before there were models
    rolls: fields.optional("rolls") === true,
  };
}

function readClasses(fields: Fields): ClassEntry[] {
  const classes = fields.inners("classes");
  if (classes.length > MAX_CLASSES)
    throw new Error(`it has ${classes.length} classes, more than ${MAX_CLASSES}`);
  return classes.map((entry) => {
    const colour = entry.text("colour");
    if (!/^#[0-9a-f]{6}$/.test(colour)) throw entry.wrong("colour", "a colour like #3fa34d");
    const [weight, locked] = [entry.optional("weight"), entry.optional("locked")];
    return {
      name: entry.text("name"),
      colour,
      ...(weight !== null && { weight: entry.number("weight") }),
      ...(locked !== null && { locked: locked === true }),
    };
  });
}

function readSettings(fields: Fields): Settings {
  return Object.fromEntries(fields.names.map((name) => [name, fields.setting(name)]));
}

function readTarget(value: unknown, where: string): Target {
  if (value === "strokes" || value === "labels" || value === "layout") return value;
  throw new Error(`session.json: "${where}" names a map that does not exist`);
}

/** An object of the JSON and where it stands, for messages. */
class Fields {
  readonly #values: Map<string, unknown>;
  readonly #where: string;

  constructor(value: unknown, where: string) {
    this.#where = where;
    if (typeof value !== "object" || value === null || Array.isArray(value))
      throw new Error(`${where} is not an object with named values`);
    this.#values = new Map(Object.entries(value));
  }

  get names(): string[] {
    return [...this.#values.keys()];
  }

  wrong(name: string, expected: string): Error {
    return new Error(`${this.#where}: "${name}" is not ${expected}`);
  }

  value(name: string): unknown {
    if (!this.#values.has(name)) throw new Error(`${this.#where} has no "${name}"`);
    return this.#values.get(name);
  }

  /** Null where there is none, as in files from before there were such. */
  optional(name: string): unknown {
    return this.#values.get(name) ?? null;
  }

  /** Yes or no; yes where there is none, as in files from before every engine could do less. */
  flag(name: string): boolean {
    const value = this.optional(name) ?? true;
    if (typeof value !== "boolean") throw this.wrong(name, "true or false");
    return value;
  }

  text(name: string): string {
    const value = this.value(name);
    if (typeof value !== "string") throw this.wrong(name, "text");
    return value;
  }

  optionalText(name: string): string | null {
    return this.value(name) === null ? null : this.text(name);
  }

  whole(name: string, least: number, most: number): number {
    const value = this.value(name);
    if (typeof value !== "number" || !Number.isInteger(value) || value < least || value > most)
      throw this.wrong(name, `a whole number from ${least} to ${most}`);
    return value;
  }

  number(name: string): number {
    const value = this.value(name);
    if (typeof value !== "number" || !Number.isFinite(value)) throw this.wrong(name, "a number");
    return value;
  }

  setting(name: string): Value {
    const value = this.value(name);
    if (value === null || ["number", "boolean", "string"].includes(typeof value)) return value as Value;
    throw this.wrong(name, "a number, a text, true, false or null");
  }

  list(name: string): unknown[] {
    const value = this.value(name);
    if (!Array.isArray(value)) throw this.wrong(name, "a list");
    return value;
  }

  inner(name: string): Fields {
    return new Fields(this.value(name), `${this.#where}: "${name}"`);
  }

  item(name: string, at: number): Fields {
    return new Fields(this.list(name)[at], `${this.#where}: "${name}" ${at + 1}`);
  }

  inners(name: string): Fields[] {
    return this.list(name).map((_, at) => this.item(name, at));
  }
}
