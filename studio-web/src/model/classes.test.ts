import { describe, expect, it } from "vitest";
import {
  addClass,
  checkColour,
  checkName,
  deleteClass,
  distinctColour,
  mergeClasses,
  recolourClass,
  renameClass,
} from "./classes";
import { drawn, noise, seeded } from "./testing";
import { type ClassEntry, MAX_CLASSES, UNMARKED } from "./types";

const CLASSES: ClassEntry[] = [
  { name: "sky", colour: "#87ceeb" },
  { name: "sea", colour: "#1e4fa0" },
  { name: "sand", colour: "#e0c080" },
];
const NO_MAPS = { strokes: null, labels: null, layout: null };

describe("names and colours", () => {
  it.each([
    ["", "needs a name"],
    ["   ", "needs a name"],
    ["x".repeat(61), "at most 60"],
    ["SEA", 'class "sea" already'],
  ])("a class cannot be called %j", (name, reason) => {
    expect(checkName(CLASSES, name)).toContain(reason);
    expect(() => renameClass(CLASSES, 0, name)).toThrow(reason);
  });

  it.each([
    ["red", "no colour"],
    ["#12345", "no colour"],
    ["#1E4FA0", '"sea" has this colour'],
  ])("a class cannot have the colour %j", (colour, reason) => {
    expect(checkColour(CLASSES, colour)).toContain(reason);
    expect(() => recolourClass(CLASSES, 0, colour)).toThrow(reason);
  });

  it("may stay as they are", () => {
    expect(checkName(CLASSES, " Sea ", 1)).toBeNull();
    expect(checkColour(CLASSES, "#1E4FA0", 1)).toBeNull();
    expect(renameClass(CLASSES, 1, " Ocean ").classes).toEqual([
      CLASSES[0],
      { ...CLASSES[1], name: "Ocean" },
      CLASSES[2],
    ]);
    expect(recolourClass(CLASSES, 1, "#ABCDEF").classes[1]).toEqual({ name: "sea", colour: "#abcdef" });
    expect(CLASSES[1].name).toBe("sea");
  });
});

describe("adding", () => {
  it("goes up to the most classes, all with other names and colours", () => {
    let classes: readonly ClassEntry[] = [];
    for (let count = 0; count < MAX_CLASSES; count++) {
      const added = addClass(classes);
      expect(added.active).toBe(count);
      classes = added.classes;
    }
    expect(new Set(classes.map(({ name }) => name)).size).toBe(MAX_CLASSES);
    expect(new Set(classes.map(({ colour }) => colour)).size).toBe(MAX_CLASSES);
    expect(() => addClass(classes)).toThrow("64 classes already");
  });

  it("takes a free name", () => {
    const classes = [{ name: "Class 2", colour: "#000000" }];
    expect(addClass(classes).classes[1].name).toBe("class 3");
    expect(() => addClass(classes, "class 2")).toThrow("already");
  });

  it("chooses colours that are far from those in use", () => {
    const parts = (colour: string) => [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
    const used: string[] = [];
    for (let count = 0; count < 12; count++) {
      const next = distinctColour(used);
      for (const other of used)
        expect(Math.max(...parts(next).map((part, i) => Math.abs(part - parts(other)[i])))).toBeGreaterThan(
          40,
        );
      used.push(next);
    }
  });
});

describe("merging", () => {
  it("renumbers every map and follows the class that stays", () => {
    const maps = { strokes: drawn("0120"), labels: drawn("0121"), layout: drawn("2210") };
    maps.strokes.ids[3] = UNMARKED;
    const merged = mergeClasses(CLASSES, maps, { from: 0, into: 2 });
    expect(merged.classes).toEqual([CLASSES[1], CLASSES[2]]);
    expect(merged.active).toBe(1);
    expect([...(merged.strokes?.ids ?? [])]).toEqual([1, 0, 1, UNMARKED]);
    expect(merged.labels).toEqual(drawn("1010"));
    expect(merged.layout).toEqual(drawn("1101"));
    expect(maps.labels).toEqual(drawn("0121"));
    const down = mergeClasses(CLASSES, maps, { from: 2, into: 0 });
    expect([down.active, down.labels]).toEqual([0, drawn("0101")]);
  });

  it("keeps every pixel's class name, whichever two are merged", () => {
    const random = seeded(11);
    for (let round = 0; round < 30; round++) {
      const layout = noise(8, 8, { random, count: 3 });
      const from = round % 3;
      const into = (from + 1 + Math.floor(random() * 2)) % 3;
      const merged = mergeClasses(CLASSES, { ...NO_MAPS, layout }, { from, into });
      const names = [...layout.ids].map((id) => CLASSES[id === from ? into : id].name);
      expect([...(merged.layout?.ids ?? [])].map((id) => merged.classes[id].name)).toEqual(names);
      expect(merged.classes[merged.active].name).toBe(CLASSES[into].name);
      expect([merged.strokes, merged.labels]).toEqual([null, null]);
    }
  });

  it("refuses a class with itself", () => {
    expect(() => mergeClasses(CLASSES, NO_MAPS, { from: 1, into: 1 })).toThrow("into itself");
  });
});

describe("deleting", () => {
  it("gives its pixels to their nearest neighbours and wipes its strokes", () => {
    const maps = { strokes: drawn("0120"), labels: drawn("0111112"), layout: drawn("1111111") };
    const deleted = deleteClass(CLASSES, maps, 1);
    expect(deleted.classes).toEqual([CLASSES[0], CLASSES[2]]);
    expect(deleted.active).toBe(1);
    expect([...(deleted.strokes?.ids ?? [])]).toEqual([0, UNMARKED, 1, 0]);
    const [middle] = deleted.labels?.ids.slice(3, 4) ?? [9];
    expect([...(deleted.labels?.ids ?? [])]).toEqual([0, 0, 0, middle, 1, 1, 1]);
    expect(middle).toBeLessThan(2); // as far from the one as from the other
    expect(deleted.layout).toEqual(drawn("0000000")); // no neighbour at all
    expect(deleteClass(CLASSES, NO_MAPS, 2).active).toBe(1);
  });

  it("keeps the last class", () => {
    expect(() => deleteClass(CLASSES.slice(0, 1), NO_MAPS, 0)).toThrow("only class");
  });
});
