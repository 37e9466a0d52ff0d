import { describe, expect, it } from "vitest";
import { capsule, fill, idAt, polygon, rectangle } from "./paint";
import { NOTHING } from "./rect";
import { copy, drawn, noise, plain, seeded } from "./testing";
import type { IndexMap, Point, Rect } from "./types";

/** The smallest rectangle of differences, looked for pixel by pixel. */
function changes(before: IndexMap, after: IndexMap): Rect {
  const places = [...after.ids.keys()].filter((i) => before.ids[i] !== after.ids[i]);
  if (places.length === 0) return NOTHING;
  const xs = places.map((i) => i % after.width);
  const ys = places.map((i) => Math.floor(i / after.width));
  const [x, y] = [Math.min(...xs), Math.min(...ys)];
  return { x, y, width: Math.max(...xs) - x + 1, height: Math.max(...ys) - y + 1 };
}

/** Paints where `inside` says so of a pixel's centre. */
function painted(map: IndexMap, ink: number | IndexMap, inside: (x: number, y: number) => boolean): IndexMap {
  const after = copy(map);
  for (let y = 0; y < map.height; y++)
    for (let x = 0; x < map.width; x++)
      if (inside(x + 0.5, y + 0.5))
        after.ids[y * map.width + x] = typeof ink === "number" ? ink : ink.ids[y * map.width + x];
  return after;
}

function distance(a: Point, b: Point, at: Point): number {
  const [vx, vy, wx, wy] = [b.x - a.x, b.y - a.y, at.x - a.x, at.y - a.y];
  const square = vx * vx + vy * vy;
  const t = square === 0 ? 0 : Math.max(0, Math.min(1, (wx * vx + wy * vy) / square));
  return Math.hypot(at.x - (a.x + t * vx), at.y - (a.y + t * vy));
}

function holds(point: Point, x: number, y: number): boolean {
  return Math.floor(point.x) === Math.floor(x) && Math.floor(point.y) === Math.floor(y);
}

describe("capsule", () => {
  const random = seeded(1);
  const place = () => ({ x: random() * 60 - 10, y: random() * 50 - 10 });

  it("paints what a loop over all pixels paints, and tells exactly where", () => {
    for (let round = 0; round < 400; round++) {
      const map = noise(40, 30, { random, count: 3 });
      const source = noise(40, 30, { random, count: 3 });
      const ink = round % 3 === 0 ? source : 1;
      const from = place();
      const to = round % 5 === 0 ? from : round % 7 === 0 ? { x: place().x, y: from.y } : place();
      const diameter = 1 + random() * 25;
      const near = (x: number, y: number) =>
        distance(from, to, { x, y }) <= diameter / 2 || holds(from, x, y) || holds(to, x, y);
      const expected = painted(map, ink, near);
      const before = copy(map);
      const rect = capsule(map, from, to, diameter, ink);
      expect(map.ids).toEqual(expected.ids);
      expect(rect).toEqual(changes(before, map));
    }
  });

  it("decides ties on the grid by the distance itself", () => {
    const map = plain(9, 9);
    capsule(map, { x: 4.5, y: 4.5 }, { x: 4.5, y: 4.5 }, 6, 1);
    expect(map.ids).toEqual(painted(plain(9, 9), 1, (x, y) => (x - 4.5) ** 2 + (y - 4.5) ** 2 <= 9).ids);
  });

  it("draws lines of diameter 1 without gaps from pixel to pixel", () => {
    for (let round = 0; round < 300; round++) {
      const map = plain(30, 30);
      const from = { x: random() * 30, y: random() * 30 };
      const to = { x: random() * 30, y: random() * 30 };
      capsule(map, from, to, 1, 1);
      const reached = new Set([Math.floor(from.y) * 30 + Math.floor(from.x)]);
      for (const at of reached)
        for (const step of [-31, -30, -29, -1, 1, 29, 30, 31])
          if (map.ids[at + step] === 1 && Math.abs(((at + step) % 30) - (at % 30)) <= 1)
            reached.add(at + step);
      expect(idAt(map, from)).toBe(1);
      expect(reached.has(Math.floor(to.y) * 30 + Math.floor(to.x))).toBe(true);
      expect(map.ids.reduce((sum, id) => sum + id, 0)).toBeLessThanOrEqual(2 * 31);
    }
  });

  it("refuses to copy from a map of another size", () => {
    expect(() => capsule(plain(8, 8), { x: 1, y: 1 }, { x: 2, y: 2 }, 3, plain(8, 9))).toThrow("8x9");
  });
});

describe("polygon", () => {
  /** The winding number by summed angles, which has nothing in common with crossings of scan lines. */
  function winding(points: readonly Point[], x: number, y: number): number {
    let turn = 0;
    for (const [i, a] of points.entries()) {
      const b = points[(i + 1) % points.length];
      const step = Math.atan2(b.y - y, b.x - x) - Math.atan2(a.y - y, a.x - x);
      turn += Math.atan2(Math.sin(step), Math.cos(step));
    }
    return Math.round(turn / (2 * Math.PI));
  }

  it("paints where the winding number is not 0", () => {
    const random = seeded(2);
    for (let round = 0; round < 200; round++) {
      const map = noise(32, 24, { random, count: 3 });
      const points = Array.from({ length: 3 + (round % 9) }, () => ({
        x: random() * 44 - 6,
        y: random() * 36 - 6,
      }));
      const expected = painted(map, 2, (x, y) => winding(points, x, y) !== 0);
      const before = copy(map);
      const rect = polygon(map, points, 2);
      expect(map.ids).toEqual(expected.ids);
      expect(rect).toEqual(changes(before, map));
    }
  });

  it("gives every pixel to one of two neighbours, also along lines through centres", () => {
    const [a, b, c, d] = [
      { x: 0.5, y: 0.5 },
      { x: 9.5, y: 0.5 },
      { x: 9.5, y: 9.5 },
      { x: 0.5, y: 9.5 },
    ];
    const first = plain(12, 12);
    const second = plain(12, 12);
    polygon(first, [a, b, c], 1);
    polygon(second, [a, c, d], 1);
    const sum = first.ids.map((id, i) => id + second.ids[i]);
    const square = plain(12, 12);
    polygon(square, [a, b, c, d], 1);
    expect(sum).toEqual(square.ids);
    expect(sum.reduce((total, id) => total + id, 0)).toBe(81);
  });

  it("paints nothing without an area", () => {
    expect(polygon(plain(8, 8), [], 1)).toEqual(NOTHING);
    expect(
      polygon(
        plain(8, 8),
        [
          { x: 1, y: 1 },
          { x: 7, y: 7 },
        ],
        1,
      ),
    ).toEqual(NOTHING);
  });
});

describe("rectangle", () => {
  it("paints both corners' pixels and all between, whichever way it is drawn", () => {
    const map = plain(6, 4);
    expect(rectangle(map, { x: 4.9, y: 2.1 }, { x: 1.2, y: 0.9 }, 3)).toEqual({
      x: 1,
      y: 0,
      width: 4,
      height: 3,
    });
    expect(map.ids).toEqual(drawn("033330", "033330", "033330", "000000").ids);
    expect(rectangle(map, { x: 2, y: 1 }, { x: 3, y: 1 }, 3)).toEqual(NOTHING);
    expect(rectangle(map, { x: -5, y: -5 }, { x: 99, y: 99 }, 1)).toEqual({
      x: 0,
      y: 0,
      width: 6,
      height: 4,
    });
  });
});

describe("fill", () => {
  /** Every pixel connected to the first, found by looking again and again. */
  function piece(map: IndexMap, at: number): Uint8Array {
    const mask = new Uint8Array(map.ids.length);
    mask[at] = 1;
    for (let grown = true; grown; ) {
      grown = false;
      for (let i = 0; i < mask.length; i++) {
        if (mask[i] === 1 || map.ids[i] !== map.ids[at]) continue;
        const x = i % map.width;
        const joins =
          (x > 0 && mask[i - 1]) ||
          (x < map.width - 1 && mask[i + 1]) ||
          mask[i - map.width] ||
          mask[i + map.width];
        if (!joins) continue;
        mask[i] = 1;
        grown = true;
      }
    }
    return mask;
  }

  it("paints the 4-connected piece, and no other", () => {
    const random = seeded(3);
    for (let round = 0; round < 200; round++) {
      const map = noise(20, 16, { random, count: 2 });
      const source = noise(20, 16, { random, count: 3 });
      const at = { x: random() * 20, y: random() * 16 };
      const mask = piece(map, Math.floor(at.y) * 20 + Math.floor(at.x));
      const ink = round % 2 === 0 ? source : Math.floor(random() * 3);
      const expected = map.ids.map((id, i) =>
        mask[i] === 0 ? id : typeof ink === "number" ? ink : ink.ids[i],
      );
      const before = copy(map);
      const rect = fill(map, at, ink);
      expect(map.ids).toEqual(expected);
      expect(rect).toEqual(changes(before, map));
    }
  });

  it("does nothing outside the map", () => {
    const map = plain(4, 4);
    expect(fill(map, { x: -0.1, y: 2 }, 1)).toEqual(NOTHING);
    expect(fill(map, { x: 2, y: 4 }, 1)).toEqual(NOTHING);
    expect(idAt(map, { x: 3.9, y: 4 })).toBeNull();
  });

  it("follows a one-pixel spiral to its end", () => {
    const rows = ["1111111", "1000001", "1011101", "1010101", "1010001", "1011111", "1000000"];
    const map = drawn(...rows);
    expect(fill(map, { x: 3, y: 3 }, 5)).toEqual({ x: 1, y: 1, width: 6, height: 6 });
    expect(map).toEqual(drawn(...rows.map((row) => row.replaceAll("0", "5"))));
  });
});
