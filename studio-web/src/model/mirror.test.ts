import { describe, expect, it } from "vitest";
import { axisOf, mirrored, twinOf } from "./mirror";

const CLASSES = ["background", "l_eye", "r_eye", "l_ear", "r_ear", "hair", "u_lip", "l_lip"].map(
  (name, i) => ({
    name,
    colour: `#00000${i}`,
  }),
);
const SIZE = { width: 20, height: 10 };

function map(marks: Readonly<Record<number, readonly [number, number]>>) {
  const ids = new Uint8Array(SIZE.width * SIZE.height);
  for (const [id, [x, y]] of Object.entries(marks)) ids[y * SIZE.width + x] = Number(id);
  return { ...SIZE, ids };
}

describe("the middle line of a face", () => {
  it("lies between the eyes, also of a head that leans", () => {
    const axis = axisOf(map({ 1: [14, 4], 2: [6, 4], 3: [19, 0] }), CLASSES);
    expect(axis).toEqual({ at: { x: 10.5, y: 4.5 }, across: { x: 1, y: 0 } });
    const leaning = axisOf(map({ 1: [13, 8], 2: [10, 4] }), CLASSES);
    expect(leaning.across.x).toBeCloseTo(0.6);
    expect(leaning.across.y).toBeCloseTo(0.8);
  });

  it("lies between the ears where an eye is not seen, and else in the middle of the map", () => {
    expect(axisOf(map({ 1: [1, 1], 3: [15, 5], 4: [5, 5] }), CLASSES).at).toEqual({ x: 10.5, y: 5.5 });
    expect(axisOf(map({ 5: [3, 3] }), CLASSES).at).toEqual({ x: 10, y: 5 });
  });
});

describe("what mirrors what", () => {
  it("takes points to the other side and back", () => {
    const axis = axisOf(map({ 1: [13, 8], 2: [10, 4] }), CLASSES);
    const there = mirrored({ x: 3, y: 2 }, axis);
    const back = mirrored(there, axis);
    expect(back.x).toBeCloseTo(3);
    expect(back.y).toBeCloseTo(2);
    expect(mirrored(axis.at, axis)).toEqual(axis.at);
    expect(mirrored({ x: 10.5, y: 4.5 }, axis).x).not.toBe(10.5);
  });

  it("exchanges left and right parts, and leaves lips and hair", () => {
    expect(twinOf(1, CLASSES)).toBe(2);
    expect(twinOf(4, CLASSES)).toBe(3);
    expect(twinOf(5, CLASSES)).toBe(5);
    expect(twinOf(6, CLASSES)).toBe(6);
    expect(twinOf(7, CLASSES)).toBe(7); // the lower lip is no left one: there is no right one
  });
});
