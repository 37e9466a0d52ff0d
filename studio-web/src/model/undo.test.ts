import { describe, expect, it } from "vitest";
import { clip, isEmpty, NOTHING, union } from "./rect";
import { noise, plain, seeded } from "./testing";
import { decodeRuns, encodeRuns, type Step, UndoStack } from "./undo";

describe("runs", () => {
  it("give every byte of a rectangle back, and leave the others", () => {
    const random = seeded(7);
    for (let round = 0; round < 200; round++) {
      const [width, height] = [1 + Math.floor(random() * 40), 1 + Math.floor(random() * 30)];
      const map =
        round % 3 === 0
          ? plain(width, height, 255)
          : noise(width, height, { random, count: round % 5 === 0 ? 200 : 2 });
      const corner = {
        x: Math.floor(random() * width),
        y: Math.floor(random() * height),
        width: 50,
        height: 50,
      };
      const plane = { stride: width, rect: clip(corner, map) };
      const other = noise(width, height, { random, count: 9 });
      const expected = other.ids.slice();
      const { rect } = plane;
      for (let y = rect.y; y < rect.y + rect.height; y++)
        for (let x = rect.x; x < rect.x + rect.width; x++) expected[y * width + x] = map.ids[y * width + x];
      decodeRuns(encodeRuns(map.ids, plane), other.ids, plane);
      expect(other.ids).toEqual(expected);
    }
  });

  it("are small where ids are even and never larger than the ids", () => {
    const plane = { stride: 300, rect: { x: 0, y: 0, width: 300, height: 300 } };
    expect(encodeRuns(new Uint8Array(90000), plane).bytes).toHaveLength(4); // an id, and 90000 in 7 bits a byte
    const chaos = noise(300, 300, { random: seeded(8), count: 256 });
    expect(encodeRuns(chaos.ids, plane)).toEqual({ bytes: chaos.ids, raw: true });
  });

  it("hold runs of every length from 1 to beyond two bytes", () => {
    for (const length of [1, 2, 127, 128, 129, 16383, 16384, 16385, 70000]) {
      const ids = new Uint8Array(length + 2).fill(3, 1, length + 1);
      const plane = { stride: ids.length, rect: { x: 0, y: 0, width: ids.length, height: 1 } };
      const back = new Uint8Array(ids.length).fill(9);
      decodeRuns(encodeRuns(ids, plane), back, plane);
      expect(back).toEqual(ids);
    }
  });
});

describe("rectangles", () => {
  it("are united and clipped as sets of pixels", () => {
    const a = { x: 1, y: 2, width: 3, height: 1 };
    expect(union(a, NOTHING)).toBe(a);
    expect(union(NOTHING, a)).toBe(a);
    expect(union(a, { x: 0, y: 5, width: 1, height: 1 })).toEqual({ x: 0, y: 2, width: 4, height: 4 });
    expect(clip({ x: -2, y: 1, width: 5, height: 9 }, { width: 4, height: 4 })).toEqual({
      x: 0,
      y: 1,
      width: 3,
      height: 3,
    });
    expect(isEmpty(clip({ x: 4, y: 0, width: 2, height: 2 }, { width: 4, height: 4 }))).toBe(true);
  });
});

describe("UndoStack", () => {
  const step = (label: string): Step => ({ label, patches: [], before: {}, after: {} });

  it("gives steps back in reverse, and drops what was undone at a new step", () => {
    const stack = new UndoStack();
    for (const label of ["a", "b", "c"]) stack.push(step(label));
    expect(stack.undo()?.label).toBe("c");
    expect(stack.undo()?.label).toBe("b");
    expect(stack.next?.label).toBe("b");
    expect(stack.redo()?.label).toBe("b");
    stack.push(step("d"));
    expect(stack.redo()).toBeNull();
    expect([stack.undo(), stack.undo(), stack.undo(), stack.undo()].map((s) => s?.label)).toEqual([
      "d",
      "b",
      "a",
      undefined,
    ]);
  });

  it("joins a step to the last one, but not across one that was undone", () => {
    const stack = new UndoStack();
    expect(stack.amend(step("x"))).toBe(false);
    stack.push({ ...step("a"), before: { active: 1 }, after: { active: 2 } });
    expect(
      stack.amend({
        ...step("b"),
        before: { active: 2, target: "labels" },
        after: { active: 3, target: "layout" },
      }),
    ).toBe(true);
    expect(stack.last).toMatchObject({
      label: "a",
      before: { active: 1, target: "labels" },
      after: { active: 3, target: "layout" },
    });
    stack.undo();
    expect(stack.amend(step("c"))).toBe(false);
  });
});
