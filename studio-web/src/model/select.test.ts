import { describe, expect, it } from "vitest";
import { fillNearest } from "./nearest";
import { connected, IDENTITY, type Pose, place, type Selection, within } from "./select";
import { copy, drawn, noise, plain, seeded } from "./testing";
import type { IndexMap, Rect } from "./types";

/** The labels at the least distance from a pixel, looked for everywhere. */
function nearestLabels({ ids, width }: IndexMap, hole: Uint8Array, at: number): Set<number> {
  let least = Number.POSITIVE_INFINITY;
  let labels = new Set<number>();
  for (let other = 0; other < ids.length; other++) {
    if (hole[other] === 1) continue;
    const square =
      ((other % width) - (at % width)) ** 2 + (Math.floor(other / width) - Math.floor(at / width)) ** 2;
    if (square < least) labels = new Set();
    if (square <= least) labels.add(ids[other]);
    least = Math.min(least, square);
  }
  return labels;
}

/** A selection's mask, laid on the whole map. */
function laid(selection: Selection, { width, height }: IndexMap): Uint8Array {
  const { bounds, mask } = selection;
  const whole = new Uint8Array(width * height);
  for (const [i, inside] of mask.entries())
    whole[(bounds.y + Math.floor(i / bounds.width)) * width + bounds.x + (i % bounds.width)] = inside;
  return whole;
}

function differs(a: Uint8Array, b: Uint8Array, { width, rect }: { width: number; rect: Rect }): boolean {
  const outside = (i: number) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    return x < rect.x || y < rect.y || x >= rect.x + rect.width || y >= rect.y + rect.height;
  };
  return a.some((id, i) => id !== b[i] && outside(i));
}

describe("fillNearest", () => {
  it("gives every pixel of a hole one of the labels nearest to it", () => {
    const random = seeded(4);
    for (let round = 0; round < 60; round++) {
      const map = noise(23, 17, { random, count: 5 });
      const density = 0.3 + 0.69 * random();
      const hole = map.ids.map(() => (random() < density ? 1 : 0));
      if (!hole.includes(0)) hole[0] = 0;
      const filled = fillNearest(map.ids, hole, map);
      for (const [i, id] of filled.entries()) {
        if (hole[i] === 0) expect(id).toBe(map.ids[i]);
        else expect(nearestLabels(map, hole, i)).toContain(id);
      }
    }
  });

  it("leaves a map that is all hole as it is", () => {
    const map = noise(5, 4, { random: seeded(5), count: 4 });
    expect(fillNearest(map.ids, new Uint8Array(20).fill(1), map)).toEqual(map.ids);
  });
});

describe("selecting", () => {
  const map = drawn("000000", "011020", "001020", "111002");

  it("lifts one connected piece", () => {
    const { bounds, mask, ids } = connected(map, { x: 1.5, y: 1.5 });
    expect(bounds).toEqual({ x: 0, y: 1, width: 3, height: 3 });
    expect([...mask]).toEqual([0, 1, 1, 0, 0, 1, 1, 1, 1]);
    expect([...ids]).toEqual([0, 1, 1, 0, 0, 1, 1, 1, 1]);
    expect(connected(map, { x: 99, y: 99 }).bounds).toEqual({ x: 5, y: 3, width: 1, height: 1 });
  });

  it("lifts everything inside a lasso, cut off at the border of the map", () => {
    const lasso = [
      { x: 3, y: 1 },
      { x: 9, y: 1 },
      { x: 9, y: 3 },
      { x: 3, y: 3 },
    ];
    const selection = within(map, lasso);
    expect(selection?.bounds).toEqual({ x: 3, y: 1, width: 3, height: 2 });
    expect([...(selection?.ids ?? [])]).toEqual([0, 2, 0, 0, 2, 0]);
    expect(
      within(map, [
        { x: 2, y: 2 },
        { x: 2.2, y: 2 },
        { x: 2, y: 2.2 },
      ]),
    ).toBeNull();
    expect(within(map, [])).toBeNull();
    expect(
      within(map, [
        { x: -9, y: -9 },
        { x: -5, y: -9 },
        { x: -5, y: -5 },
      ]),
    ).toBeNull();
  });
});

describe("place", () => {
  const random = seeded(6);

  function scene(): { map: IndexMap; before: Uint8Array; selection: Selection } {
    const map = noise(30, 24, { random, count: 4 });
    const points = Array.from({ length: 6 }, () => ({ x: 4 + random() * 22, y: 4 + random() * 16 }));
    const selection = within(map, points) ?? connected(map, points[0]);
    return { map, before: map.ids.slice(), selection };
  }

  function somePose(): Pose {
    return { dx: random() * 20 - 10, dy: random() * 20 - 10, scale: 0.3 + 2 * random(), angle: 7 * random() };
  }

  it("changes no byte at the identity, whatever pose came before", () => {
    for (let round = 0; round < 50; round++) {
      const { map, before, selection } = scene();
      if (round % 2 === 0) place(map, before, selection, somePose(), { duplicate: round % 4 === 0 });
      place(map, before, selection, IDENTITY, { duplicate: round % 3 === 0 });
      expect(map.ids).toEqual(before);
    }
  });

  it("depends on the last pose alone, and tells where this call wrote", () => {
    for (let round = 0; round < 60; round++) {
      const { map, before, selection } = scene();
      const fresh = { ...copy(map), before: before.slice() };
      for (let move = 0; move < 3; move++) {
        const earlier = map.ids.slice();
        const rect = place(map, before, selection, somePose(), { duplicate: move === 1 });
        expect(differs(earlier, map.ids, { width: map.width, rect })).toBe(false);
      }
      const [pose, duplicate] = [somePose(), round % 2 === 0];
      place(map, before, selection, pose, { duplicate });
      place(fresh, fresh.before, selection, pose, { duplicate });
      expect(map.ids).toEqual(fresh.ids);
    }
  });

  it("starts from the ids before even when the map was put back in between", () => {
    const { map, before, selection } = scene();
    place(map, before, selection, { ...IDENTITY, dx: 7 }, { duplicate: false });
    const settled = map.ids.slice();
    place(map, before, selection, { ...IDENTITY, dy: -5 }, { duplicate: false });
    map.ids.set(settled); // a cancelled edit
    place(map, before, selection, IDENTITY, { duplicate: false });
    expect(map.ids).toEqual(before);
  });

  it("moves by whole pixels exactly, and heals what is uncovered with the nearest label", () => {
    for (let round = 0; round < 40; round++) {
      const { map, before, selection } = scene();
      const [dx, dy] = [Math.round(random() * 16 - 8), Math.round(random() * 16 - 8)];
      const mask = laid(selection, map);
      place(map, before, selection, { ...IDENTITY, dx, dy }, { duplicate: false });
      const old = { ...map, ids: Uint8Array.from(before) };
      for (const [i, id] of map.ids.entries()) {
        const [x, y] = [(i % 30) - dx, Math.floor(i / 30) - dy];
        const from = x >= 0 && y >= 0 && x < 30 && y < 24 ? y * 30 + x : -1;
        if (from >= 0 && mask[from] === 1) expect(id).toBe(before[from]);
        else if (mask[i] === 1) expect(nearestLabels(old, mask, i)).toContain(id);
        else expect(id).toBe(before[i]);
      }
    }
  });

  it("keeps the original of a duplicate", () => {
    const map = drawn("10000", "11000", "00000");
    const selection = connected(map, { x: 0, y: 0 });
    place(map, map.ids.slice(), selection, { ...IDENTITY, dx: 3, dy: 1 }, { duplicate: true });
    expect(map.ids).toEqual(drawn("10000", "11010", "00011").ids);
  });

  it("keeps every pixel of a region that is turned by quarters, also where centres fall on edges", () => {
    for (let size = 0; size < 64; size++) {
      const map = plain(30, 30);
      const bounds = { x: 10, y: 11, width: 1 + (size % 8), height: 1 + Math.floor(size / 8) };
      const count = bounds.width * bounds.height;
      const ids = Uint8Array.from({ length: count }, (_, i) => i + 1);
      const selection = { bounds, mask: new Uint8Array(count).fill(1), ids };
      const before = map.ids.slice();
      for (const angle of [1, 2, 3, 5].map((quarters) => (quarters * Math.PI) / 2)) {
        place(map, before, selection, { ...IDENTITY, angle }, { duplicate: true });
        expect([...map.ids].filter((id) => id > 0).sort((a, b) => a - b)).toEqual([...ids]);
      }
    }
  });

  it("turns by a quarter and doubles without gaps", () => {
    const bar = plain(9, 9);
    bar.ids.set([1, 1, 1, 1], 4 * 9 + 2);
    const selection = connected(bar, { x: 2, y: 4 });
    const turned = copy(bar);
    place(turned, bar.ids.slice(), selection, { ...IDENTITY, angle: Math.PI / 2 }, { duplicate: false });
    expect(turned.ids.filter((id) => id === 1)).toHaveLength(4);
    expect(new Set([...turned.ids.keys()].filter((i) => turned.ids[i] === 1).map((i) => i % 9)).size).toBe(1);
    const doubled = copy(bar);
    place(doubled, bar.ids.slice(), selection, { ...IDENTITY, dy: 0.5, scale: 2 }, { duplicate: false });
    expect(doubled.ids).toEqual(
      drawn(
        "000000000",
        "000000000",
        "000000000",
        "000000000",
        "111111110",
        "111111110",
        "000000000",
        "000000000",
        "000000000",
      ).ids,
    );
  });
});
