/** What is missing of faces, and where their points are: kinds of holes, files, points found, read, guessed. */

import { crop, isMarked, masked } from "../model/board";
import type { Studio } from "../model/studio";
import type { Board, Face, IndexMap, Tile } from "../model/types";
import { drawHole, findFaces, guessFace, readMask, readPoints } from "../work/boards";
import { withPhoto } from "../work/rest";
import type { BoardPanelParts, Part } from "./board-panel";
import { button, freshId, h } from "./dom";
import { chooseFiles } from "./files";

/** So many placed points say where the others are. */
const ENOUGH = 4;

const POINT_FILES = ".json,.pts,.txt,.csv,image/png,image/*";

/** Builds the part; it is there for boards whose holes are filled. */
export function facesPart(parts: BoardPanelParts): Part {
  const fields = [holesField(parts), pointsField(parts)];
  const element = h("div", { class: "board-part" }, ...fields.map(({ element }) => element));
  const show = () => {
    element.hidden = parts.studio.board?.method !== "inpaint";
    if (!element.hidden) for (const field of fields) field.show();
  };
  return { element, show };
}

/** Holes that need no brush. */
function holesField({ studio, generators, status }: BoardPanelParts): Part {
  const kind = h("select", { id: freshId("hole") });
  const lay = (mask: (tile: Tile) => Promise<IndexMap>) => async (tiles: readonly Tile[]) => {
    const { board } = studio;
    const masks = await status.during("Laying the hole over…", Promise.all(tiles.map(mask)));
    const layout = studio.map("layout");
    if (masks === null || layout === null || studio.board !== board) return;
    const next = tiles.reduce((map, tile, at) => masked(map, tile, { mask: masks[at], id: 1 }), layout);
    studio.change("Lay a hole over", { layout: next });
  };
  const over = button("Lay over all", () =>
    lay((tile) => drawHole(kind.value, tile))(studio.board?.tiles ?? []),
  );
  const open = button("Open a mask", () =>
    chooseFiles("image/*", ([file]) => lay((tile) => readMask(file, tile))(current(studio))),
  );
  open.title = "A picture of the same size, white where this picture is missing";
  const element = h(
    "div",
    { class: "board-part" },
    h("h3", {}, "What is missing"),
    h("div", { class: "row" }, h("label", { for: kind.id, class: "spoken" }, "Kind of hole"), kind, over),
    h("div", { class: "row" }, open),
  );
  const show = () => {
    if (kind.options.length === generators.holes.length) return;
    kind.replaceChildren(...generators.holes.map((name) => h("option", { value: name }, name)));
  };
  return { element, show };
}

/** The picture that is looked at. */
function current({ board, view }: Studio): readonly Tile[] {
  return board?.tiles.slice(view.tile, view.tile + 1) ?? [];
}

/** The points of faces: found, read from a file, or following from those that were placed by hand. */
function pointsField(parts: BoardPanelParts): Part {
  const { studio, generators } = parts;
  const told = h("p", { role: "status" });
  const find = button("Find", () => findAll(parts), { look: "primary" });
  const open = button("Open…", () => chooseFiles(POINT_FILES, ([file]) => void openPoints(parts, file)), {
    title: "68 points of this picture (.json, .pts, .txt, .csv), or its face-parsing map",
  });
  const guess = button("Guess the others", () => void guessOthers(parts), {
    title: `Where the others are, from ${ENOUGH} or more that you placed`,
  });
  const hand = button("Move points", () => studio.setView({ tool: "points" }), { icon: "points" });
  const element = h(
    "div",
    { class: "board-part" },
    h("h3", {}, "Points of the faces"),
    told,
    h("div", { class: "row" }, find, open, hand),
    h("div", { class: "row" }, guess),
  );
  const show = () => {
    const { faces, view } = studio;
    const face = faces[view.tile] ?? null;
    find.title = generators.findsFaces
      ? "Find the face in each picture; what is marked is not looked at"
      : "Faces cannot be found without dlib (pip install 'sembla[faces]'): a mean face to be moved by hand";
    hand.disabled = faces.every((one) => one === null);
    guess.disabled = (face?.placed.length ?? 0) < ENOUGH;
    told.textContent = advice(faces, face);
  };
  return { element, show };
}

/** What to do next about points, in a sentence. */
export function advice(faces: readonly (Face | null)[], face: Face | null): string {
  const lacking = faces.filter((one) => one === null).length;
  if (lacking > 0)
    return lacking === faces.length
      ? "They say how each face stands. Mark what is missing, then find them."
      : `${lacking} of ${faces.length} pictures have none yet.`;
  const placed = face?.placed.length ?? 0;
  if (placed === 0) return "Drag those that are wrong (T); Shift+drag moves the face.";
  const many = `${placed} placed by hand.`;
  return placed < ENOUGH
    ? `${many} From ${ENOUGH} on, the others can be guessed.`
    : `${many} The others can follow.`;
}

/** Finds the faces of all pictures; where none is found, a mean face stands in, and why is told. */
async function findAll({ studio, status }: BoardPanelParts): Promise<void> {
  const { photo, board } = studio;
  const layout = studio.map("layout");
  if (photo === null || board === null || layout === null) return;
  const missing = withoutWhole(layout, board);
  const finding = withPhoto(photo, (id) => findFaces(id, board.tiles, missing));
  const found = await status.during("Looking for faces…", finding);
  if (found === null || studio.board?.tiles !== board.tiles) return;
  studio.change("Find the points of faces", { faces: found.map(({ face }) => face) });
  const failed = found.filter(({ found: seen }) => !seen);
  if (failed.length > 0) {
    status.problem(
      `${failed[0].note} A mean face stands in ${failed.length} of ${found.length}: drag it into place.`,
    );
    studio.setView({ tool: "points" });
  }
}

/** The marks, without those of pictures that are marked all over: there would be nothing to look at. */
function withoutWhole(layout: IndexMap, { tiles }: Board): IndexMap {
  const whole = tiles.filter(
    (tile) => isMarked(layout, tile) && crop(layout, tile).ids.every((id) => id !== 0),
  );
  return whole.reduce((map, tile) => {
    const mask = { ...tile, ids: new Uint8Array(tile.width * tile.height) };
    return masked(map, tile, { mask, id: 1 });
  }, layout);
}

async function openPoints({ studio, status }: BoardPanelParts, file: File): Promise<void> {
  const [tile] = current(studio);
  const at = studio.view.tile;
  if (tile === undefined) return;
  const read = await status.during(`Reading ${file.name}…`, readPoints(file, tile), file.name);
  if (read === null || studio.board?.tiles[at] !== tile) return;
  studio.change("Open the points of a face", { faces: studio.faces.with(at, read.face) });
}

async function guessOthers({ studio, status }: BoardPanelParts): Promise<void> {
  const [tile] = current(studio);
  const at = studio.view.tile;
  const face = studio.faces[at];
  if (tile === undefined || !face) return;
  const guessed = await status.during("Guessing the others…", guessFace(face, tile));
  if (guessed === null || studio.faces[at] !== face) return;
  studio.change("Guess the other points", { faces: studio.faces.with(at, guessed) });
}
