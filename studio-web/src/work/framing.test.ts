import { describe, expect, it } from "vitest";
import { frame, unframe } from "./framing";

describe("framing", () => {
  it("gives back what was put in", () => {
    const header = { number: 7, name: "grün" };
    const { header: read, body } = unframe(frame(header, [Uint8Array.of(1, 2), Uint8Array.of(3)]).buffer);
    expect(read).toEqual(header);
    expect([...body]).toEqual([1, 2, 3]);
  });

  it("counts the header's bytes, not its letters, in little-endian order", () => {
    expect([...frame({ a: "ü" }, [])]).toEqual([10, 0, 0, 0, ...new TextEncoder().encode('{"a":"ü"}')]);
  });

  it.each([
    ["too short for a length", Uint8Array.of(1, 0)],
    ["shorter than its header says", Uint8Array.of(9, 0, 0, 0, 123, 125)],
    ["of a length with the highest bit set", Uint8Array.of(255, 255, 255, 255, 123, 125)],
  ])("refuses a message %s", (_, message) => {
    expect(() => unframe(message.buffer)).toThrow("shorter than its own header");
  });
});
