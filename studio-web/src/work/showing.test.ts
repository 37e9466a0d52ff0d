import { beforeEach, describe, expect, it } from "vitest";
import type { PackedMap } from "../model/packed";
import { sampleOf } from "./changes";
import { fakeFrame } from "./fakes";
import { type Made, Showing, type Shown } from "./showing";

const packed = async (): Promise<PackedMap> => ({ width: 128, height: 64, bytes: new Uint8Array() });
const labels = packed();

/** What is made of a layout that is 1 at some places, each a cell of its own. */
function made(...places: number[]): Made {
  const ids = new Uint8Array(128 * 64);
  for (const at of places) ids[at] = 1;
  const layout = sampleOf({ width: 128, height: 64, ids });
  return { task: "analogy", settings: { seed: 1 }, maps: { labels, layout: packed() }, layout };
}

const LEFT = 32 * 128 + 10;
const RIGHT = 32 * 128 + 110;

describe("Showing", () => {
  let showing: Showing;

  beforeEach(() => {
    showing = new Showing();
  });

  /** The sides of the frames that are shown, of those offered. */
  function sides(from: Made, offered: number[]): number[] {
    return offered.filter((side) => showing.show(from, fakeFrame(side)) !== null);
  }

  function seen(shown: Shown | null): { over: boolean; left: boolean; right: boolean } | null {
    if (!shown?.area) return null;
    const { alpha } = shown.area;
    return { over: shown.over, left: alpha[LEFT] === 255, right: alpha[RIGHT] === 255 };
  }

  it("shows whole frames where there is no finished picture: any first one, then none that is coarse", () => {
    const from = made();
    expect(sides(from, [32, 64, 128, 256])).toEqual([32, 128, 256]);
    expect(showing.show(from, fakeFrame(512))).toMatchObject({ area: null, over: false });
  });

  it("lays frames over the finished picture where the layout is another", () => {
    showing.finish(made());
    const from = made(LEFT);
    expect(sides(from, [32, 63])).toEqual([]);
    for (const side of [64, 128, 256]) {
      const shown = showing.show(from, fakeFrame(side));
      expect(seen(shown)).toEqual({ over: false, left: true, right: false });
    }
  });

  it("replaces what is finer only where that was made from another layout", () => {
    showing.finish(made());
    showing.show(made(LEFT), fakeFrame(128));
    const after = made(LEFT, RIGHT);
    expect(seen(showing.show(after, fakeFrame(64)))).toEqual({ over: true, left: false, right: true });
    expect(seen(showing.show(after, fakeFrame(128)))).toEqual({ over: false, left: true, right: true });
  });

  it("keeps what a request found under its coarse frames until they are fine enough", () => {
    showing.finish(made());
    showing.show(made(LEFT), fakeFrame(256));
    for (const from of [made(LEFT, RIGHT), made(LEFT, RIGHT, 0)]) {
      for (const side of [64, 128]) expect(showing.show(from, fakeFrame(side))?.over).toBe(true);
    }
    expect(showing.show(made(LEFT, RIGHT, 0), fakeFrame(256))?.over).toBe(false);
  });

  it("takes away what is no longer in the layout", () => {
    showing.finish(made());
    showing.show(made(LEFT), fakeFrame(128));
    expect(seen(showing.show(made(), fakeFrame(64)))).toEqual({ over: true, left: true, right: false });
    expect(seen(showing.show(made(), fakeFrame(128)))).toEqual({ over: false, left: false, right: false });
  });

  it.each<[string, (from: Made) => Made]>([
    ["setting", (from) => ({ ...from, settings: { seed: 2 } })],
    ["label map", (from) => ({ ...from, maps: { ...from.maps, labels: packed() } })],
    ["task", (from) => ({ ...from, task: "another" })],
    ["layout unknown", (from) => ({ ...from, layout: null })],
  ])("shows whole frames, but none that is coarse, for another %s", (_what, change) => {
    showing.finish(made());
    const from = change(made(LEFT));
    expect(sides(from, [32, 64])).toEqual([]);
    expect(showing.show(from, fakeFrame(96))).toMatchObject({ area: null, over: false });
  });

  it("lays frames over whole ones that are not finished", () => {
    showing.show(made(), fakeFrame(256));
    expect(seen(showing.show(made(RIGHT), fakeFrame(128)))).toEqual({ over: true, left: false, right: true });
    expect(showing.show(made(RIGHT), fakeFrame(256))?.area).toBeNull();
  });

  it("starts anew once cleared", () => {
    showing.finish(made());
    showing.clear();
    expect(showing.show(made(LEFT), fakeFrame(16))).toMatchObject({ area: null, over: false });
  });
});
