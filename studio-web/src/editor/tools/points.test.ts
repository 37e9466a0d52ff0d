import { describe, expect, it } from "vitest";
import { beginBoard, onBoard } from "../../model/board";
import { Studio } from "../../model/studio";
import type { Face, Point, Tile } from "../../model/types";
import type { FaceDrawing } from "../faces";
import type { Overlay } from "../overlay";
import { Viewport } from "../viewport";
import { Points } from "./points";
import type { Stage } from "./tool";

const SIDE = 100;
const TILES: readonly Tile[] = [
  { name: "a", x: 0, y: 0, width: SIDE, height: SIDE },
  { name: "b", x: SIDE, y: 0, width: SIDE, height: SIDE },
];

function face(): Face {
  return {
    points: Array.from({ length: 68 }, (_, i) => ({ x: 10 + (i % 10) * 8, y: 10 + Math.floor(i / 10) * 10 })),
    placed: [],
  };
}

function stage(faces: readonly (Face | null)[]) {
  const studio = new Studio();
  const photo = { id: "p", name: "a", width: 2 * SIDE, height: SIDE, file: new Blob() };
  const board = { model: "m", title: "m", method: "inpaint", tiles: TILES } as const;
  studio.open({ ...beginBoard(photo, board), faces });
  const viewport = new Viewport();
  viewport.fit(photo, { width: 2 * SIDE, height: SIDE });
  const shown: (readonly (Face | null)[])[] = [];
  const said: string[] = [];
  const drawing = { show: (moved: readonly (Face | null)[]) => shown.push(moved) } as unknown as FaceDrawing;
  const parts: Stage = {
    ...{ studio, viewport, overlay: {} as Overlay, faces: drawing },
    say: (text) => said.push(text),
  };
  return { tool: new Points(parts), studio, shown, said };
}

function drag(tool: Points, from: Point, by: Point, shift = false): void {
  const press = (at: Point) => ({ at, shift, alt: false });
  tool.press(press(from));
  tool.drag(press({ x: from.x + by.x, y: from.y + by.y }));
}

describe("the tool for points", () => {
  const at = onBoard(TILES[1], face().points[12]);

  it("moves the point that was pressed, in one step of undo", () => {
    const { tool, studio, shown } = stage([null, face()]);
    drag(tool, at, { x: 3, y: -2 });
    expect(shown.at(-1)?.[1]?.points[12]).toEqual({ x: 29, y: 18 });
    expect(studio.faces[1]?.placed).toEqual([]);
    tool.release();
    expect(studio.faces[1]?.points[12]).toEqual({ x: 29, y: 18 });
    expect(studio.faces[1]?.points[13]).toEqual(face().points[13]);
    expect(studio.faces[1]?.placed).toEqual([12]);
    expect(studio.undoLabel).toBe("Move a point");
    studio.undo();
    expect(studio.faces[1]).toEqual(face());
  });

  it("moves the whole face with Shift", () => {
    const { tool, studio } = stage([null, face()]);
    drag(tool, at, { x: 3, y: -2 }, true);
    tool.release();
    expect(studio.faces[1]?.points).toEqual(face().points.map(({ x, y }) => ({ x: x + 3, y: y - 2 })));
    expect(studio.undoLabel).toBe("Move a face");
  });

  it("puts everything back when it is cancelled, and does nothing at a click", () => {
    const { tool, studio, shown } = stage([null, face()]);
    drag(tool, at, { x: 3, y: -2 });
    expect(tool.cancel()).toBe(true);
    expect(shown.at(-1)).toBe(studio.faces);
    tool.press({ at, shift: false, alt: false });
    tool.release();
    expect(studio.undoLabel).toBeNull();
  });

  it("says what to do where there is no point", () => {
    const far = { x: 5, y: 95 };
    const { tool, said } = stage([null, null]);
    drag(tool, far, { x: 1, y: 1 });
    expect(said).toEqual(["There are no points yet. Find them first."]);
    const other = stage([null, face()]);
    drag(other.tool, far, { x: 1, y: 1 });
    expect(other.said).toEqual(["Press a point of the face."]);
  });
});
