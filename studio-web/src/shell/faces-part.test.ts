import { describe, expect, it } from "vitest";
import type { Face } from "../model/types";
import { advice } from "./faces-part";

function face(placed: number): Face {
  return { points: [], placed: Array.from({ length: placed }, (_, i) => i) };
}

describe("what to do next about points", () => {
  it.each<[string, (Face | null)[], string]>([
    ["no face yet", [null, null], "then find them"],
    ["one of two", [face(0), null], "1 of 2 pictures have none yet"],
    ["nothing placed", [face(0)], "Drag those that are wrong"],
    ["too few placed", [face(3)], "3 placed by hand. From 4 on"],
    ["enough placed", [face(4)], "4 placed by hand. The others can follow."],
  ])("with %s is told", (_, faces, words) => {
    expect(advice(faces, faces[0])).toContain(words);
  });
});
