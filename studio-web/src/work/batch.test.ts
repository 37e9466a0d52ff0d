import { describe, expect, it } from "vitest";
import type { IndexMap } from "../model/types";
import { fitted } from "./batch";

const classes = [
  { name: "sky", colour: "#0000ff" },
  { name: "grass", colour: "#00ff00" },
  { name: "lawn", colour: "#10f010" },
];

function row(...ids: number[]): IndexMap {
  return { width: ids.length, height: 1, ids: Uint8Array.from(ids) };
}

describe("fitted", () => {
  it("leaves a layout alone whose classes the labels have", () => {
    const layout = row(0, 1);
    expect(fitted(layout, row(1, 0, 2), { classes, adoptNearest: false })).toBe(layout);
  });

  it("takes the class of the nearest colour that the labels have", () => {
    const layout = row(0, 1, 2, 1);
    expect(fitted(layout, row(0, 2), { classes, adoptNearest: true })).toEqual(row(0, 2, 2, 2));
    expect(layout).toEqual(row(0, 1, 2, 1));
  });

  it("names what is missing otherwise", () => {
    expect(() => fitted(row(0, 1, 2), row(0), { classes, adoptNearest: false })).toThrow("“grass”, “lawn”");
  });
});
