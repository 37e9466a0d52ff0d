import { expect, it } from "vitest";
import { LARGEST, SMALLEST, stepBrush } from "./brush-size";

it("grows and shrinks by at least a pixel, within the limits", () => {
  let size = SMALLEST;
  const sizes = [size];
  while (size < LARGEST) {
    const next = stepBrush(size, 1);
    expect(next).toBeGreaterThan(size);
    size = next;
    sizes.push(size);
  }
  expect(stepBrush(LARGEST, 1)).toBe(LARGEST);
  expect(stepBrush(SMALLEST, -3)).toBe(SMALLEST);
  for (const larger of sizes.slice(1)) expect(stepBrush(larger, -1)).toBeLessThan(larger);
  expect(sizes.length).toBeLessThan(40);
});
