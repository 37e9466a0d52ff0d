/** The server's routes to boards, as typed functions. */

import type { Board, Face, IndexMap, Photo, Point, Size, Tile } from "../model/types";
import { fromWire, json, toWire, type UploadedPhoto, type WireMap } from "./rest";

/** A trained generator that keeps regions or fills holes. */
export interface GeneratorCard {
  readonly name: string;
  readonly title: string;
  readonly method: Board["method"];
}

/** All of them. */
export interface GeneratorCards {
  readonly models: readonly GeneratorCard[];
  /** The kinds of holes that can be laid over a picture. */
  readonly holes: readonly string[];
  /** Whether points of faces can be found by the server. */
  readonly finds_faces: boolean;
}

/** A picture as the server places it. */
export interface WireTile {
  readonly name: string;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Points of a face, and whether they were found; else a mean face stands in for it, and the note says why. */
export interface FoundFace {
  readonly face: Face;
  readonly found: boolean;
  readonly note: string;
}

/** A photo that the server holds, or a part of it. */
export interface BoardPart {
  readonly photo: string;
  readonly name: string;
  readonly part?: WireTile;
}

interface WirePoints {
  readonly points: readonly (readonly [number, number])[];
  readonly found: boolean;
  readonly note: string;
}

/** What keeps regions and fills holes here. */
export const listGenerators = (): Promise<GeneratorCards> => json("GET", "api/generators");

/** Have photos laid side by side; with `square`, the middle square of each. */
export async function layOut(
  parts: readonly BoardPart[],
  square: boolean,
): Promise<{ photo: UploadedPhoto; tiles: Tile[] }> {
  const made = await json<{ photo: UploadedPhoto; tiles: WireTile[] }>("POST", "api/boards", {
    content: { parts, square },
  });
  const tiles = made.tiles.map(({ name, left, top, width, height }) => ({
    name,
    x: left,
    y: top,
    width,
    height,
  }));
  return { photo: made.photo, tiles };
}

/** A hole of a kind, 1 where it is. */
export async function drawHole(kind: string, { width, height }: Size): Promise<IndexMap> {
  return fromWire(await json<WireMap>("POST", "api/holes", { content: { kind, width, height } }));
}

/** A mask from a file, 1 where it is white. */
export async function readMask(file: File, size: Size): Promise<IndexMap> {
  const query = { ...sizeQuery(size), name: file.name };
  return fromWire(await json<WireMap>("POST", "api/masks", { query, body: file }));
}

/** Find the face in each picture of a board; what is marked is not looked at. */
export async function findFaces(
  photo: string,
  tiles: readonly Tile[],
  missing: IndexMap,
): Promise<FoundFace[]> {
  const content = { tiles: tiles.map(toWireTile), missing: await toWire(missing) };
  return (await json<WirePoints[]>("POST", `api/photos/${photo}/points`, { content })).map(foundFace);
}

/** The points of a face from a file of them, or from a face-parsing map. */
export async function readPoints(file: File, size: Size): Promise<FoundFace> {
  const query = { ...sizeQuery(size), name: file.name };
  return foundFace(await json<WirePoints>("POST", "api/points", { query, body: file }));
}

/** The face with all points but those that were placed as they follow from these. */
export async function guessFace(face: Face, { width, height }: Size): Promise<Face> {
  const content = { points: face.points.map(pair), right: face.placed, width, height };
  const { points } = await json<WirePoints>("POST", "api/points/guess", { content });
  return { points: points.map(place), placed: face.placed };
}

/** A picture as the server places it. */
export function toWireTile({ name, x, y, width, height }: Tile): WireTile {
  return { name, left: x, top: y, width, height };
}

/** A point as the server knows it. */
export function pair({ x, y }: Point): [number, number] {
  return [x, y];
}

/** The pictures of a board, to be laid out anew. */
export function partsOf(photo: Photo, board: Board): BoardPart[] {
  return board.tiles.map((tile) => ({ photo: photo.id, name: tile.name, part: toWireTile(tile) }));
}

function foundFace({ points, found, note }: WirePoints): FoundFace {
  return { face: { points: points.map(place), placed: [] }, found, note };
}

function place([x, y]: readonly [number, number]): Point {
  return { x, y };
}

function sizeQuery({ width, height }: Size): { width: string; height: string } {
  return { width: String(width), height: String(height) };
}
