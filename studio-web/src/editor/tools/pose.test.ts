import { describe, expect, it } from "vitest";
import { IDENTITY, type Pose } from "../../model/select";
import { Viewport } from "../viewport";
import { cornerCursor, corners, gripAt, middle, moved, resized, rotated, scaled, turnHandle } from "./pose";

const bounds = { x: 100, y: 80, width: 60, height: 40 };
const posed: Pose = { dx: 30, dy: -12, scale: 1.7, angle: 0.6 };

function viewport(): Viewport {
  const made = new Viewport();
  made.fit({ width: 400, height: 300 }, { width: 900, height: 700 });
  return made;
}

describe("a pose", () => {
  it("has the corners of the bounds when nothing was moved", () => {
    expect(corners(bounds, IDENTITY)).toEqual([
      { x: 100, y: 80 },
      { x: 160, y: 80 },
      { x: 160, y: 120 },
      { x: 100, y: 120 },
    ]);
  });

  it("puts a corner that is dragged under the pointer", () => {
    const from = corners(bounds, posed)[2];
    const centre = middle(bounds, posed);
    const to = { x: centre.x + 2 * (from.x - centre.x), y: centre.y + 2 * (from.y - centre.y) };
    const after = corners(bounds, scaled(posed, { centre, from, to }))[2];
    expect(after.x).toBeCloseTo(to.x);
    expect(after.y).toBeCloseTo(to.y);
  });

  it("has cursors along its diagonals, however it is turned", () => {
    const round = (angle: number) =>
      corners(bounds, { ...posed, angle }).map((at) => cornerCursor(at, bounds, { ...posed, angle }));
    const [falling, rising, flat, upright] = ["nwse", "nesw", "ew", "ns"].map((way) => `${way}-resize`);
    expect(round(0)).toEqual([falling, rising, falling, rising]);
    expect(round(Math.PI / 4)).toEqual([upright, flat, upright, flat]);
    expect(round(Math.PI / 2)).toEqual([rising, falling, rising, falling]);
    expect(round(-5 * Math.PI)).toEqual(round(0));
  });

  it("turns the round handle to where the pointer is", () => {
    const view = viewport();
    const centre = middle(bounds, posed);
    const from = view.toMap(turnHandle(bounds, posed, view).head);
    for (const to of [
      { x: centre.x + 50, y: centre.y },
      { x: centre.x - 20, y: centre.y + 33 },
    ]) {
      const { head } = turnHandle(bounds, rotated(posed, { centre, from, to }, false), view);
      const way = view.toMap(head);
      const cross = (way.x - centre.x) * (to.y - centre.y) - (way.y - centre.y) * (to.x - centre.x);
      const dot = (way.x - centre.x) * (to.x - centre.x) + (way.y - centre.y) * (to.y - centre.y);
      expect(Math.atan2(cross, dot)).toBeCloseTo(0);
    }
  });

  it("snaps to steps of 15 degrees", () => {
    const snapped = rotated(
      IDENTITY,
      { centre: { x: 0, y: 0 }, from: { x: 1, y: 0 }, to: { x: 1, y: 1.2 } },
      true,
    );
    expect(snapped.angle).toBeCloseTo(Math.PI / 4);
  });

  it("moves by whole pixels and scales within limits", () => {
    expect(moved(IDENTITY, { x: 0.4, y: 0 }, { x: 3.1, y: -1.7 })).toEqual({ ...IDENTITY, dx: 3, dy: -2 });
    expect(resized(IDENTITY, 1e9).scale).toBe(20);
    expect(resized(IDENTITY, 0).scale).toBe(0.05);
  });
});

describe("gripAt", () => {
  it("finds the handles, the inside and the outside of a posed selection", () => {
    const view = viewport();
    const selection = { bounds, pose: posed };
    for (const corner of corners(bounds, posed))
      expect(gripAt(view.toScreen(corner), selection, view)).toBe("corner");
    expect(gripAt(turnHandle(bounds, posed, view).head, selection, view)).toBe("turn");
    const centre = view.toScreen(middle(bounds, posed));
    expect(gripAt(centre, selection, view)).toBe("inside");
    // Inside the upright box around the turned one, yet outside it.
    const [first, second] = corners(bounds, posed);
    const beside = view.toScreen({ x: second.x - 1, y: first.y + 1 });
    expect(gripAt({ x: beside.x, y: beside.y - 30 }, selection, view)).toBeNull();
    expect(gripAt({ x: 2, y: 2 }, selection, view)).toBeNull();
  });
});
