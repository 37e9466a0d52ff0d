import { describe, expect, it } from "vitest";
import { Studio } from "../model/studio";
import type { ToolName } from "../model/types";
import { Hand } from "./hand";
import type { Overlay } from "./overlay";
import { Tool } from "./tools/tool";

const NAMES: readonly ToolName[] = [
  "brush",
  "fill",
  "polygon",
  "lasso",
  "rectangle",
  "eyedropper",
  "restore",
  "move",
];

describe("the hand", () => {
  it("presses the chosen tool, with Alt the eyedropper, by an eraser the restorer", () => {
    const pressed: ToolName[] = [];
    const made = (name: ToolName): Tool =>
      new (class extends Tool {
        override press(): void {
          pressed.push(name);
        }
      })();
    const tools = Object.fromEntries(NAMES.map((name) => [name, made(name)])) as Record<ToolName, Tool>;
    const studio = new Studio();
    const hand = new Hand(studio, { showRing: () => {} } as unknown as Overlay, tools);
    studio.setView({ tool: "fill" });
    const at = { x: 1, y: 1 };
    hand.press({ at, shift: false, alt: false }, "pointer");
    hand.press({ at, shift: false, alt: true }, "keyboard");
    hand.press({ at, shift: false, alt: false }, "eraser");
    hand.press({ at, shift: false, alt: true }, "eraser");
    expect(pressed).toEqual(["fill", "eyedropper", "restore", "restore"]);
  });
});
