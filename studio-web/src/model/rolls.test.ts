import { describe, expect, it } from "vitest";
import { countRolls, rolled, rolledClass, rolledWithin } from "./rolls";
import { copy, drawn } from "./testing";
import { MOST_ROLLS } from "./types";

const LAYOUT = drawn("0011", "0011", "2222");

describe("rolled", () => {
  it("numbers regions apart, and leaves what it was given as it is", () => {
    const first = rolled(LAYOUT, null, { x: 0.5, y: 0.5 });
    expect(first).toEqual(drawn("1100", "1100", "0000"));
    const kept = copy(first);
    const second = rolled(LAYOUT, first, { x: 3.2, y: 1.1 });
    expect(second).toEqual(drawn("1122", "1122", "0000"));
    expect(first).toEqual(kept);
    expect(rolled(LAYOUT, second, { x: 0, y: 0 })).toEqual(drawn("3322", "3322", "0000"));
  });

  it("begins again after the last number, and never with the one that is there", () => {
    let rolls = rolled(LAYOUT, null, { x: 0, y: 0 });
    for (let i = 1; i < MOST_ROLLS; i++) rolls = rolled(LAYOUT, rolls, { x: 0, y: 0 });
    expect(rolls.ids[0]).toBe(MOST_ROLLS);
    expect(rolled(LAYOUT, rolls, { x: 0, y: 0 }).ids[0]).toBe(1);
  });
});

describe("rolledClass", () => {
  it("takes every pixel of the class, connected or not", () => {
    const layout = drawn("0101", "1111", "2220");
    expect(rolledClass(layout, null, { x: 2.9, y: 0 })).toEqual(drawn("1010", "0000", "0001"));
    const outside = rolledClass(layout, drawn("0000", "0000", "5500"), { x: 0, y: 2 });
    expect(outside).toEqual(drawn("0000", "0000", "6660"));
  });
});

describe("rolledWithin", () => {
  it("takes what a line encloses, and nothing outside the map", () => {
    const square = [
      { x: 1, y: 1 },
      { x: 3, y: 1 },
      { x: 3, y: 3 },
      { x: 1, y: 3 },
    ];
    expect(rolledWithin(LAYOUT, null, square)).toEqual(drawn("0000", "0110", "0110"));
    const away = square.map(({ x, y }) => ({ x: x + 50, y }));
    expect(rolledWithin(LAYOUT, null, away)).toBeNull();
  });
});

describe("countRolls", () => {
  it("counts the numbers that stand somewhere", () => {
    expect(countRolls(null)).toBe(0);
    expect(countRolls(drawn("0000"))).toBe(0);
    expect(countRolls(drawn("0330", "1110"))).toBe(2);
  });
});
