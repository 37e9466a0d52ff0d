import { describe, expect, it } from "vitest";
import { spread } from "../work/scenes";
import { originsOf } from "./scene-panel";

describe("originsOf", () => {
  it("names the photos with the largest shares, and counts the others", () => {
    expect(originsOf({})).toBe("");
    expect(originsOf({ a: 1 })).toBe("Copied from a (100 %).");
    const several = { a: 0.05, b: 0.5, c: 0.21, d: 0.2, e: 0.04 };
    expect(originsOf(several)).toBe("Copied from b (50 %), c (21 %), d (20 %) and 2 more.");
  });
});

describe("spread", () => {
  it("takes photos from all over a bank, each once, and all of a small one", () => {
    expect(spread(0, 10)).toEqual([]);
    expect(spread(3, 10)).toEqual([0, 1, 2]);
    const some = spread(367, 10);
    expect(new Set(some).size).toBe(10);
    for (const [i, number] of some.entries()) expect(Math.floor(number / 36.7)).toBe(i);
  });
});
