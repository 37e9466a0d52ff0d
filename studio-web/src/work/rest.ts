/** The server's routes as typed functions. Every failure is one `ServerError` with a line for the user. */

import { deflate, inflate } from "../model/packed";
import type { ClassEntry, IndexMap, Photo, Settings, Size } from "../model/types";

/** Why the server did not do what was asked: `message` is for the user; `status` 0 means that no answer came. */
export class ServerError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = "ServerError";
    this.status = status;
  }
}

/** One number or switch of a task's form. */
export interface Setting {
  readonly name: string;
  readonly help: string;
  readonly kind: "whole" | "switch" | "optional_whole";
  readonly default: number | boolean | null;
  readonly least: number | null;
  readonly most: number | null;
}

/** What a task can be set to. */
export interface Form {
  readonly name: string;
  readonly summary: string;
  readonly settings: readonly Setting[];
}

/** What the server can do, and how large things may be. */
export interface About {
  readonly version: string;
  readonly limits: {
    readonly pixels: number;
    readonly side: number;
    readonly classes: number;
    readonly upload_bytes: number;
  };
  readonly tasks: readonly Form[];
}

/** What the list of examples shows of one. */
export interface ExampleCard extends Size {
  readonly name: string;
  readonly classes: readonly ClassEntry[];
  readonly layouts: readonly string[];
  readonly credit: string;
}

/** A photo as the server holds it. */
export interface UploadedPhoto extends Size {
  readonly id: string;
  readonly notes: readonly string[];
}

/** An example, opened. */
export interface OpenedExample {
  readonly photo: UploadedPhoto;
  readonly classes: readonly ClassEntry[];
  readonly labels: IndexMap;
  readonly layouts: Readonly<Record<string, IndexMap>>;
}

/** A label map with its classes; `notes` say what was done to read it. */
export interface Labelled {
  readonly map: IndexMap;
  readonly classes: readonly ClassEntry[];
  readonly notes: readonly string[];
}

/** How a map travels in JSON: zlib-compressed ids in base64. */
export interface WireMap extends Size {
  readonly ids: string;
}

type Query = Readonly<Record<string, string | boolean>>;

/** What the server is and what its tasks can be set to. */
export const about = (): Promise<About> => json("GET", "api/about");

/** The built-in examples. */
export const examples = (): Promise<ExampleCard[]> => json("GET", "api/examples");

/** Where the small picture of an example is. */
export const thumbnailUrl = (name: string): string => `api/examples/${encodeURIComponent(name)}/thumbnail`;

/** Where the photo is, as the server decoded it. */
export const photoUrl = (id: string): string => `api/photos/${encodeURIComponent(id)}`;

/** The photo as a PNG of the very pixels that the server works on. */
export const photoFile = async (id: string): Promise<Blob> => (await send("GET", photoUrl(id))).blob();

/** Open an example; the server takes its photo into its store. */
export async function openExample(name: string): Promise<OpenedExample> {
  const opened = await json<{
    photo: UploadedPhoto;
    classes: ClassEntry[];
    labels: WireMap;
    layouts: Record<string, WireMap>;
  }>("POST", `api/examples/${encodeURIComponent(name)}`);
  const layouts: Record<string, IndexMap> = {};
  for (const [title, map] of Object.entries(opened.layouts)) layouts[title] = await fromWire(map);
  return { ...opened, labels: await fromWire(opened.labels), layouts };
}

/** Send a photo's file; `name` is for messages. */
export const uploadPhoto = (file: Blob, name: string): Promise<UploadedPhoto> =>
  json("POST", "api/photos", { query: { name }, body: file });

/** Read a label map file with whatever colours it has as the photo's own. `resize` scales one of another size. */
export async function readLabels(
  photo: string,
  file: Blob,
  options: { name: string; resize?: boolean },
): Promise<Labelled> {
  const query = { name: options.name, resize: options.resize ?? false };
  const read = await json<Omit<Labelled, "map"> & { map: WireMap }>("POST", `${photoUrl(photo)}/labels`, {
    query,
    body: file,
  });
  return { ...read, map: await fromWire(read.map) };
}

/**
 * Read a label map file with known classes, matched by colour: a layout, or the map of a second photo.
 *
 * `adoptNearest` reads a colour that is none of the classes' as the nearest; without, it is refused.
 */
export async function matchMap(
  photo: string,
  file: Blob,
  options: { name: string; classes: readonly ClassEntry[]; adoptNearest?: boolean },
): Promise<IndexMap> {
  const content = {
    file: toBase64(new Uint8Array(await file.arrayBuffer())),
    name: options.name,
    classes: options.classes,
    adopt_nearest: options.adoptNearest ?? false,
  };
  return fromWire(await json("POST", `${photoUrl(photo)}/matched`, { content }));
}

/** Fill every pixel from strokes (`UNMARKED` where there are none) of `count` classes. */
export async function fillScribbles(
  photo: string,
  strokes: IndexMap,
  count: number,
): Promise<{ map: IndexMap; seconds: number }> {
  const content = { strokes: await toWire(strokes), count };
  const filled = await json<{ map: WireMap; seconds: number }>("POST", `${photoUrl(photo)}/scribbles`, {
    content,
  });
  return { map: await fromWire(filled.map), seconds: filled.seconds };
}

/** Propose about `count` regions (2 to 64) of the photo. */
export async function proposeSegments(
  photo: string,
  count: number,
): Promise<{ map: IndexMap; classes: readonly ClassEntry[]; seconds: number }> {
  const proposed = await json<{ map: WireMap; classes: ClassEntry[]; seconds: number }>(
    "POST",
    `${photoUrl(photo)}/segments`,
    { content: { count } },
  );
  return { ...proposed, map: await fromWire(proposed.map) };
}

/** Do something with a photo on the server; a server that has forgotten it is sent it once more. */
export async function withPhoto<T>(photo: Photo, work: (id: string) => Promise<T>): Promise<T> {
  try {
    return await work(photo.id);
  } catch (error) {
    if (!(error instanceof ServerError && error.status === 404)) throw error;
    return work((await uploadPhoto(photo.file, photo.name)).id);
  }
}

/**
 * Read a file strictly (`lenient` false) or else leniently; `strictly` says which. It is the server that judges files, so
 * that the second succeeds is how one knows why the first did not. Throws what the second throws.
 */
export async function strictlyOr<T>(
  read: (lenient: boolean) => Promise<T>,
): Promise<{ made: T; strictly: boolean }> {
  try {
    return { made: await read(false), strictly: true };
  } catch (error) {
    if (!(error instanceof ServerError && error.status === 400)) throw error;
    return { made: await read(true), strictly: false };
  }
}

/** The form's settings at their defaults. */
export function defaults(form: Form): Settings {
  return Object.fromEntries(form.settings.map((setting) => [setting.name, setting.default]));
}

/** Ask for JSON. */
export async function json<T>(
  method: "GET" | "POST",
  path: string,
  sent: { query?: Query; body?: Blob; content?: unknown } = {},
): Promise<T> {
  const query = new URLSearchParams(
    Object.entries(sent.query ?? {}).map(([key, value]) => [key, String(value)]),
  );
  const request: RequestInit = {};
  if (sent.body) {
    request.body = sent.body;
    request.headers = { "Content-Type": "application/octet-stream" };
  } else if (sent.content !== undefined) {
    request.body = JSON.stringify(sent.content);
    request.headers = { "Content-Type": "application/json" };
  }
  const answer = await send(method, query.size ? `${path}?${query}` : path, request);
  try {
    return await answer.json();
  } catch {
    throw new ServerError(0, "the studio's server broke off in the middle of its answer; try again.");
  }
}

/** Ask for anything; throws a `ServerError` unless it is given. */
export async function send(
  method: "GET" | "POST" | "DELETE",
  path: string,
  request: RequestInit = {},
): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(path, { ...request, method });
  } catch {
    throw new ServerError(0, "the studio's server does not answer; is it still running?");
  }
  if (answer.ok) return answer;
  throw new ServerError(answer.status, await messageOf(answer));
}

async function messageOf(answer: Response): Promise<string> {
  try {
    const { message } = await answer.json();
    if (typeof message === "string") return message;
  } catch {
    // not the server's own words: a proxy, say
  }
  return `the studio's server answered ${answer.status} ${answer.statusText}`.trim();
}

/** A map as JSON carries it. */
export async function toWire(map: IndexMap): Promise<WireMap> {
  return { width: map.width, height: map.height, ids: toBase64(await deflate(map.ids)) };
}

/** The map that JSON carried. */
export async function fromWire({ width, height, ids }: WireMap): Promise<IndexMap> {
  const packed = Uint8Array.from(atob(ids), (character) => character.charCodeAt(0));
  return { width, height, ids: await inflate(packed, width * height) };
}

function toBase64(bytes: Uint8Array): string {
  const pieces: string[] = [];
  for (let at = 0; at < bytes.length; at += 0x8000) {
    pieces.push(String.fromCharCode(...bytes.subarray(at, at + 0x8000))); // more arguments overflow the stack
  }
  return btoa(pieces.join(""));
}
