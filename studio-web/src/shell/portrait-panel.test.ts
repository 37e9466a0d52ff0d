import { describe, expect, it } from "vitest";
import { personOf } from "./portrait-panel";

describe("what is said of the person", () => {
  it("tells the same person from somebody else, and notes", () => {
    expect(personOf(null)).toBe("");
    expect(personOf({ distance: 0.312, notes: [] })).toContain("0.31 apart, the same person");
    expect(personOf({ distance: 0.6, notes: [] })).toContain("somebody else");
    expect(personOf({ distance: null, notes: ["nobody shows hat"] })).toBe("nobody shows hat");
  });
});
