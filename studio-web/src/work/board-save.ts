/** What came of a board as files: one picture, all of them, masks, points. */

import { crop, FREE } from "../model/board";
import { encodeIndexPng } from "../model/png";
import type { Studio } from "../model/studio";
import type { Face, Tile } from "../model/types";
import { ZipWriter } from "../model/zip";
import type { BoardPicture, BoardRun } from "./board-run";
import { pair } from "./boards";
import { download, stem } from "./files";

const BLACK_AND_WHITE = [
  { name: "black", colour: "#000000" },
  { name: "white", colour: "#ffffff" },
];

/** Save the chosen candidate, or the picture that is looked at with its hole filled. */
export function saveBest(studio: Studio, run: BoardRun): void {
  const { best } = run;
  if (best === null) throw new Error("There is no picture yet; make one first.");
  download(best.picture, `${stem(studio)}-${studio.task}.png`);
}

/** Save everything that was made as one ZIP file. */
export async function saveAll(studio: Studio, run: BoardRun): Promise<void> {
  if (run.pictures.length === 0) throw new Error("There are no pictures yet; make some first.");
  const zip = new ZipWriter();
  const names = new Set<string>();
  for (const picture of run.pictures) {
    const name = free(nameOf(picture, studio.board?.tiles ?? []), names);
    zip.store(`${name}.png`, new Uint8Array(await picture.picture.arrayBuffer()));
  }
  download(zip.end(), `${stem(studio)}-${studio.task}.zip`);
}

/** Save the mask of the picture that is looked at: white where it is marked. */
export function saveMask(studio: Studio): void {
  const [tile, layout] = [tileOf(studio), studio.map("layout")];
  if (tile === null || layout === null) throw new Error("There are no pictures yet; open some first.");
  const mask = crop(layout, tile);
  const white = { ...mask, ids: mask.ids.map((id) => (id === FREE ? 0 : 1)) };
  download(
    new Blob([encodeIndexPng(white, BLACK_AND_WHITE)], { type: "image/png" }),
    `${bare(tile)}-mask.png`,
  );
}

/** Save the points of the face in the picture that is looked at. */
export function savePoints(studio: Studio): void {
  const [tile, face] = [tileOf(studio), studio.faces[studio.view.tile] ?? null];
  if (tile === null || face === null) throw new Error("There are no points yet; place them first.");
  download(new Blob([pointsText(face)], { type: "application/json" }), `${bare(tile)}.json`);
}

/** The points of a face as files hold them. */
export function pointsText({ points }: Face): string {
  return `${JSON.stringify(points.map((point) => pair(point).map((value) => Math.round(value * 1000) / 1000)))}\n`;
}

/** What a finished picture is called in the ZIP, as the command line calls it. */
export function nameOf({ piece, variation }: BoardPicture, tiles: readonly Tile[]): string {
  const { part, place } = piece;
  if (part === "candidate") return String(place + 1).padStart(2, "0");
  if (part !== "whole" && part !== "made") return part;
  const folder = part === "made" ? "faces" : "whole";
  return `${folder}-${variation + 1}/${tiles[place] ? bare(tiles[place]) : place + 1}`;
}

/** The name, with a number where another part has it. */
function free(name: string, names: Set<string>): string {
  let own = name;
  for (let number = 2; names.has(own); number++) own = `${name}-${number}`;
  names.add(own);
  return own;
}

function tileOf({ board, view }: Studio): Tile | null {
  return board?.tiles[view.tile] ?? null;
}

function bare({ name }: Tile): string {
  return name.replace(/\.[^.]+$/, "") || "picture";
}
