import { describe, expect, it } from "vitest";
import { emptySnapshot, Studio } from "../model/studio";
import type { IndexMap } from "../model/types";
import { changedArea, Sampler, sampleOf } from "./changes";

function map(width: number, height: number): IndexMap {
  return { width, height, ids: new Uint8Array(width * height) };
}

/** The distance of two cells of a grid, along the axis where it is larger. */
function distance(a: number, b: number, columns: number): number {
  const across = Math.abs((a % columns) - (b % columns));
  return Math.max(across, Math.abs(Math.floor(a / columns) - Math.floor(b / columns)));
}

describe("changedArea", () => {
  it.each([
    [128, 96, 0],
    [1000, 700, 700 * 1000 - 1],
    [512, 512, 512 * 200 + 300],
    [90, 301, 90 * 299 + 3],
  ])("of a %ix%i map is all around one changed pixel and fades to nothing", (width, height, at) => {
    const before = map(width, height);
    const after = { ...before, ids: before.ids.slice() };
    after.ids[at] = 7;
    const area = changedArea(sampleOf(before), sampleOf(after));
    if (area === null) throw new Error("maps of one size");
    const { columns, rows, alpha, across, down } = area;
    expect(alpha).toHaveLength(columns * rows);
    expect(across / down).toBeCloseTo(width / height);
    const cell = width / across;
    const changed = Math.floor(Math.floor(at / width) / cell) * columns + Math.floor((at % width) / cell);
    for (let i = 0; i < alpha.length; i++) {
      const far = distance(i, changed, columns);
      if (far <= 2) expect(alpha[i]).toBe(255);
      else if (far <= 6) expect(alpha[i]).toBeGreaterThan(0);
      else expect(alpha[i]).toBe(0);
      if (far > 3 && far <= 6) expect(alpha[i]).toBeLessThan(255);
    }
  });

  it("is empty for equal maps and everything for unlike ones", () => {
    const sample = sampleOf(map(300, 200));
    expect(changedArea(sample, sample)?.alpha.every((alpha) => alpha === 0)).toBe(true);
    const other = map(300, 200);
    other.ids.fill(1);
    expect(changedArea(sample, sampleOf(other))?.alpha.every((alpha) => alpha === 255)).toBe(true);
  });

  it("does not compare maps of different sizes", () => {
    expect(changedArea(sampleOf(map(300, 200)), sampleOf(map(200, 300)))).toBeNull();
  });

  it("sees pixels that change places within a cell", () => {
    const [before, after] = [map(1280, 10), map(1280, 10)];
    before.ids[15] = 1;
    after.ids[16] = 1;
    expect(changedArea(sampleOf(before), sampleOf(after))?.alpha[1]).toBe(255);
  });
});

describe("Sampler", () => {
  it("gives the sample of the layout as it is, through edits, undo and new documents", () => {
    const studio = new Studio();
    const sampler = new Sampler(studio);
    expect(sampler.take()).toBeNull();
    const open = (width: number, height: number) => {
      const labels = map(width, height);
      const photo = { id: "p", name: "a.jpg", width, height, file: new Blob() };
      studio.open({ ...emptySnapshot(), photo, labels, layout: labels });
    };
    const right = () => sampleOf(studio.map("layout") ?? map(1, 1));
    open(777, 501);
    expect(sampler.take()).toEqual(right());
    for (const at of [0, 777 * 500 + 776, 777 * 250 + 17]) {
      const kept = sampler.take();
      const copy = kept?.marks.slice();
      const edit = studio.begin("Brush");
      edit.map.ids[at] = 1;
      edit.changed({ x: at % 777, y: Math.floor(at / 777), width: 1, height: 1 });
      expect(sampler.take()).toEqual(right());
      expect(sampler.take()).not.toEqual(kept);
      expect(kept?.marks).toEqual(copy);
      edit.commit();
    }
    studio.undo();
    expect(sampler.take()).toEqual(right());
    open(777, 501);
    expect(sampler.take()).toEqual(right());
    open(501, 777);
    expect(sampler.take()).toEqual(right());
  });
});
