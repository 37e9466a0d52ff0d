import { describe, expect, it } from "vitest";
import {
  beginBoard,
  canvasOf,
  crop,
  isMarked,
  masked,
  nearestPoint,
  onBoard,
  relaid,
  shifted,
  withPoint,
} from "./board";
import { Studio } from "./studio";
import { drawn, plain } from "./testing";
import type { Board, Face, Photo, Tile } from "./types";

const LEFT: Tile = { name: "a.png", x: 0, y: 0, width: 3, height: 2 };
const RIGHT: Tile = { name: "b.png", x: 4, y: 0, width: 3, height: 2 };

function photo(width: number, id = "p"): Photo {
  return { id, name: "a.png", width, height: 2, file: new Blob() };
}

function board(method: Board["method"], ...tiles: Tile[]): Board {
  return { model: "model:m", title: "m", method, tiles };
}

function face(at = 0): Face {
  return { points: Array.from({ length: 68 }, (_, i) => ({ x: at + i, y: i / 2 })), placed: [] };
}

describe("a new board", () => {
  it("has nothing marked, and a region to mark with", () => {
    const snapshot = beginBoard(photo(7), board("preserve", LEFT, RIGHT));
    expect(snapshot.layout).toEqual(plain(7, 2));
    expect(snapshot.classes.map(({ name }) => name)).toEqual(["free", "region 1"]);
    expect([snapshot.active, snapshot.task, snapshot.faces]).toEqual([1, "preserve", []]);
    expect(snapshot.settings).toMatchObject({ candidates: 36, shown: 9, meaning: 0.6 });
  });

  it("has a place for the face of each picture where holes are filled", () => {
    expect(beginBoard(photo(7), board("inpaint", LEFT, RIGHT)).faces).toEqual([null, null]);
  });
});

describe("other pictures", () => {
  it("keep the marks and faces of those that stay, wherever these lie now", () => {
    const begun = beginBoard(photo(7), board("inpaint", LEFT, RIGHT));
    const [first, second] = [face(), face(5)];
    const old = { ...begun, layout: drawn("1000001", "0100010"), faces: [first, second], active: 0 };
    const [moved, added] = [
      { ...RIGHT, x: 4 },
      { ...LEFT, name: "c.png" },
    ];
    const next = relaid(old, photo(7, "q"), [added, moved], [-1, 1]);
    expect(next.layout).toEqual(drawn("0000001", "0000010"));
    expect(next.labels).toEqual(plain(7, 2));
    expect(next.faces).toEqual([null, second]);
    expect(next.board?.tiles.map(({ name }) => name)).toEqual(["c.png", "b.png"]);
    expect([next.photo?.id, next.active]).toEqual(["q", 0]);
  });
});

describe("marks", () => {
  const layout = drawn("1000002", "0100020");

  it("are cut out of a board and laid over a picture of it", () => {
    expect(crop(layout, RIGHT)).toEqual(drawn("002", "020"));
    const next = masked(layout, RIGHT, { mask: drawn("900", "009"), id: 1 });
    expect(next).toEqual(drawn("1000100", "0100001"));
    expect(layout).toEqual(drawn("1000002", "0100020"));
  });

  it("are looked for in one picture alone", () => {
    expect(isMarked(drawn("0001000", "0001000"), LEFT)).toBe(false);
    expect(isMarked(layout, LEFT)).toBe(true);
  });

  it("lie on one canvas, later pictures on top", () => {
    const pixels = { data: new Uint8ClampedArray(7 * 2 * 4), width: 7, height: 2 } as ImageData;
    for (let i = 0; i < 14; i++) pixels.data.set([i, 100 + i, 200, 255], 4 * i);
    const marks = drawn("1100010", "0000000");
    const { size, rgba } = canvasOf(pixels, marks, { tiles: [LEFT, RIGHT], side: 3 });
    expect(size).toEqual({ width: 3, height: 3 });
    const at = (i: number) => [...rgba.subarray(4 * i, 4 * i + 4)];
    expect([at(0), at(1), at(2)]).toEqual([
      [0, 100, 200, 255],
      [5, 105, 200, 255], // of the right picture
      [0, 0, 0, 255],
    ]);
  });
});

describe("points", () => {
  it("are told in pixels of their picture, and drawn where they are on the board", () => {
    const place = { x: 1.25, y: 0.5 };
    expect(onBoard(RIGHT, place)).toEqual({ x: 5.75, y: 1 });
  });

  it("are taken hold of where they are near, in any picture that has a face", () => {
    const faces = [null, face()];
    const both = board("inpaint", LEFT, RIGHT);
    const near = onBoard(RIGHT, face().points[3]);
    expect(nearestPoint(both, faces, { at: { x: near.x + 0.2, y: near.y }, reach: 1 })).toEqual({
      tile: 1,
      point: 3,
    });
    expect(nearestPoint(both, faces, { at: { x: near.x, y: near.y + 40 }, reach: 1 })).toBeNull();
  });

  it("count as placed once they were moved, each once", () => {
    const moved = withPoint(withPoint(withPoint(face(), 9, { x: 1, y: 2 }), 4, { x: 3, y: 4 }), 9, {
      x: 5,
      y: 6,
    });
    expect(moved.placed).toEqual([4, 9]);
    expect([moved.points[4], moved.points[9]]).toEqual([
      { x: 3, y: 4 },
      { x: 5, y: 6 },
    ]);
    expect(moved.points[10]).toEqual(face().points[10]);
  });

  it("move together with their face", () => {
    const moved = shifted({ ...face(), placed: [2] }, { x: 2, y: -1 });
    expect(moved.points[10]).toEqual({ x: 12, y: 4 });
    expect(moved.placed).toEqual([2]);
  });

  it("are undone and redone with everything else", () => {
    const studio = new Studio();
    studio.open(beginBoard(photo(7), board("inpaint", LEFT, RIGHT)));
    const told: number[] = [];
    studio.on("faces", () => told.push(studio.faces.filter(Boolean).length));
    studio.change("Find", { faces: [face(), null] });
    studio.change("Move", { faces: [withPoint(face(), 0, { x: 9, y: 9 }), null] });
    studio.undo();
    expect(studio.faces[0]?.placed).toEqual([]);
    studio.undo();
    expect(studio.faces).toEqual([null, null]);
    studio.redo();
    studio.redo();
    expect(studio.faces[0]?.placed).toEqual([0]);
    expect(told).toEqual([1, 1, 1, 0, 1, 1]);
  });
});
