import { describe, expect, it } from "vitest";
import { difference, runsOf } from "./plane";
import { NOTHING } from "./rect";
import { seeded } from "./testing";

describe("difference", () => {
  it("is the smallest rectangle that holds every difference, wherever the arrays begin in memory", () => {
    const random = seeded(21);
    const some = (most: number) => Math.floor(random() * most);
    for (let round = 0; round < 400; round++) {
      const [stride, height] = [1 + some(23), 1 + some(9)];
      const [a, b] = [some(3), some(3)].map((start) =>
        new Uint8Array(300).subarray(start, start + stride * height),
      );
      for (let count = some(4); count > 0; count--) b[some(b.length)] = 1;
      const x = some(stride);
      const y = some(height);
      const rect = { x, y, width: 1 + some(stride - x), height: 1 + some(height - y) };
      const columns: number[] = [];
      const rows: number[] = [];
      for (const [at, id] of b.entries()) {
        const [column, row] = [at % stride, Math.floor(at / stride)];
        const inside =
          column >= x && column < x + rect.width && row >= y && row < y + rect.height && id !== a[at];
        if (inside) columns.push(column);
        if (inside) rows.push(row);
      }
      const [left, top] = [Math.min(...columns), Math.min(...rows)];
      const [width, tall] = [Math.max(...columns) - left + 1, Math.max(...rows) - top + 1];
      const expected = columns.length === 0 ? NOTHING : { x: left, y: top, width, height: tall };
      expect(difference(a, b, { stride, rect })).toEqual(expected);
    }
  });
});

describe("runsOf", () => {
  it("tells every place of the mask once, row by row", () => {
    const random = seeded(22);
    for (const width of [1, 7, 50]) {
      const mask = Uint8Array.from({ length: width * 90 }, () => (random() < 0.6 ? 1 : 0));
      const runs = runsOf(mask, width);
      const told = new Uint8Array(mask.length);
      for (let run = 0; run < runs.length; run += 2) {
        const [first, end] = [runs[run], runs[run + 1]];
        expect(Math.floor(first / width)).toBe(Math.floor((end - 1) / width));
        for (let at = first; at < end; at++) told[at]++;
      }
      expect(told).toEqual(mask);
    }
    expect(runsOf(new Uint8Array(20), 5)).toHaveLength(0);
    expect(runsOf(new Uint8Array(4000).fill(1), 1)).toHaveLength(8000);
  });
});
