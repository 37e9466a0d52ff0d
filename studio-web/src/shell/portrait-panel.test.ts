import { describe, expect, it } from "vitest";
import { personOf, withParts } from "./portrait-panel";

function map(rows: readonly string[]) {
  const ids = Uint8Array.from(rows.join(""), Number);
  return { width: rows[0].length, height: rows.length, ids };
}

describe("taking parts of another face", () => {
  it("puts them where they lie there, and what lies nearest where they lay here", () => {
    const own = map(["0011", "0022", "0022"]);
    const theirs = map(["0000", "0100", "0100"]);
    expect(withParts(own, theirs, [1])).toEqual(map(["0022", "0122", "0122"]));
    expect(withParts(own, theirs, [5])).toEqual(own);
  });

  it("leaves a map as it is where there is nothing but the part", () => {
    expect(withParts(map(["11", "11"]), map(["00", "01"]), [1])).toEqual(map(["11", "11"]));
  });
});

describe("what is said of the person", () => {
  it("tells the same person from somebody else, and notes", () => {
    expect(personOf(null)).toBe("");
    expect(personOf({ distance: 0.312, notes: [] })).toContain("0.31 apart, the same person");
    expect(personOf({ distance: 0.6, notes: [] })).toContain("somebody else");
    expect(personOf({ distance: null, notes: ["nobody shows hat"] })).toBe("nobody shows hat");
  });
});
