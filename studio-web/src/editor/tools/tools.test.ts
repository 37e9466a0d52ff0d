import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { IDENTITY, within } from "../../model/select";
import { emptySnapshot, Studio } from "../../model/studio";
import { type Point, type Target, UNMARKED } from "../../model/types";
import type { FaceDrawing } from "../faces";
import type { Overlay } from "../overlay";
import { Viewport } from "../viewport";
import { Anew } from "./anew";
import { Brush, Restore } from "./brush";
import { Eyedropper } from "./eyedropper";
import { Fill } from "./fill";
import { Floating } from "./floating";
import { Lasso } from "./lasso";
import { Polygon } from "./polygon";
import { Rectangle } from "./rectangle";
import type { Press, Stage, Tool } from "./tool";

const SIDE = 40;

/** A document: class 0 above, class 1 below, class 2 in a square of the labels; class 3 is nowhere. */
function open(target: Target): { stage: Stage; studio: Studio; said: string[] } {
  const ids = new Uint8Array(SIDE * SIDE);
  ids.fill(1, (SIDE * SIDE) / 2);
  for (let y = 5; y < 11; y++) ids.fill(2, y * SIDE + 5, y * SIDE + 11);
  const map = { width: SIDE, height: SIDE, ids };
  const colours = ["#000001", "#000002", "#000003", "#000004"];
  const studio = new Studio();
  studio.open({
    ...emptySnapshot(),
    photo: { id: "p", name: "p", file: new Blob(), width: SIDE, height: SIDE },
    classes: colours.map((colour, id) => ({ name: `class ${id}`, colour })),
    labels: map,
    layout: map,
    strokes: { ...map, ids: new Uint8Array(SIDE * SIDE).fill(UNMARKED) },
    target,
    active: 2,
  });
  studio.setView({ brush: 3 });
  const viewport = new Viewport();
  viewport.fit(map, { width: 400, height: 400 });
  const said: string[] = [];
  const overlay = { showLine: () => {}, extendLine: () => {} } as unknown as Overlay;
  const faces = { show: () => {} } as unknown as FaceDrawing;
  return { stage: { studio, viewport, overlay, faces, say: (text) => said.push(text) }, studio, said };
}

function press(x: number, y: number): Press {
  return { at: { x, y }, shift: false, alt: false };
}

function stroke(tool: Tool, [first, ...rest]: Point[]): void {
  tool.press(press(first.x, first.y));
  for (const { x, y } of rest) tool.drag(press(x, y));
  tool.release();
}

function count(studio: Studio, id: number): number {
  return studio.current?.ids.filter((other) => other === id).length ?? 0;
}

function key(name: string): KeyboardEvent {
  return { key: name, shiftKey: false, repeat: false } as KeyboardEvent;
}

const SQUARE: Point[] = [
  { x: 20, y: 4 },
  { x: 30, y: 4 },
  { x: 30, y: 14 },
  { x: 20, y: 14 },
];

describe("both halves of a face", () => {
  it("are painted at once, left and right parts exchanged, in one step of undo", () => {
    const { stage, studio } = open("layout");
    const { photo, labels, layout } = studio.snapshot();
    const names = ["background", "l_eye", "r_eye", "hair"];
    const classes = names.map((name, id) => ({ name, colour: `#00000${id}` }));
    studio.open({
      ...emptySnapshot(),
      photo,
      labels: labels && { ...labels, ids: new Uint8Array(SIDE * SIDE) },
      layout: layout && { ...layout, ids: new Uint8Array(SIDE * SIDE) },
      classes,
      portrait: { model: "m", title: "m", references: [] },
      active: 1,
    });
    studio.setView({ brush: 3 });
    stroke(new Brush(stage), [{ x: 10, y: 20 }]);
    expect(count(studio, 2)).toBe(0);
    studio.undo();
    studio.setView({ symmetric: true });
    stroke(new Brush(stage), [{ x: 10, y: 20 }]);
    expect(count(studio, 1)).toBeGreaterThan(0);
    expect(count(studio, 2)).toBe(count(studio, 1));
    expect(studio.map("layout")?.ids[20 * SIDE + 29]).toBe(2);
    studio.undo();
    expect(count(studio, 1) + count(studio, 2)).toBe(0);
  });
});

describe("painting tools", () => {
  it("make one undo step each and close their edit", () => {
    for (const Made of [Brush, Fill, Lasso, Rectangle]) {
      const { stage, studio } = open("layout");
      const before = studio.snapshot().layout;
      stroke(new Made(stage), SQUARE);
      expect(studio.editing).toBe(false);
      expect(count(studio, 2)).toBeGreaterThan(36);
      expect(studio.undo()).toBe(true);
      expect(studio.snapshot().layout).toEqual(before);
      expect(studio.undo()).toBe(false);
    }
  });

  it("leave no trace when cancelled", () => {
    for (const Made of [Brush, Lasso, Polygon, Rectangle]) {
      const { stage, studio } = open("layout");
      const tool = new Made(stage);
      for (const { x, y } of SQUARE) tool.press(press(x, y));
      tool.drag(press(35, 35));
      expect(tool.cancel()).toBe(true);
      tool.release();
      tool.leave();
      expect(studio.editing).toBe(false);
      expect(studio.undoLabel).toBeNull();
      expect(tool.cancel()).toBe(false);
    }
  });

  it("refuse a class that the photo's labels lack, in the layout only", () => {
    for (const Made of [Brush, Fill, Rectangle]) {
      const { stage, studio, said } = open("layout");
      studio.setActive(3);
      stroke(new Made(stage), SQUARE);
      expect(count(studio, 3)).toBe(0);
      expect(said.join()).toContain("class 3");
      studio.setTarget("labels");
      stroke(new Made(stage), SQUARE);
      expect(count(studio, 3)).toBeGreaterThan(0);
    }
  });

  it("do nothing where there is no map", () => {
    const { stage, studio } = open("layout");
    studio.open({ ...emptySnapshot() });
    for (const Made of [Brush, Fill, Lasso, Polygon, Rectangle, Eyedropper, Restore])
      stroke(new Made(stage), SQUARE);
    expect(studio.undoLabel).toBeNull();
  });
});

describe("the brush with Shift", () => {
  const click = (tool: Tool, at: Point, shift: boolean) => {
    tool.press({ at, shift, alt: false });
    tool.release();
  };
  const [first, second] = [SQUARE[0], SQUARE[2]];

  it("goes straight on from where the last stroke ended", () => {
    const [clicked, dragged] = [open("layout"), open("layout")];
    const brush = new Brush(clicked.stage);
    click(brush, first, true);
    expect(count(clicked.studio, 2)).toBe(36 + 4);
    click(brush, second, true);
    stroke(new Brush(dragged.stage), [first, second]);
    expect(clicked.studio.current?.ids).toEqual(dragged.studio.current?.ids);
  });

  it("begins anew without Shift, after a cancelled stroke and on another map", () => {
    const { stage, studio } = open("layout");
    const brush = new Brush(stage);
    click(brush, first, false);
    click(brush, second, false);
    expect(count(studio, 2)).toBe(36 + 4 + 4);
    brush.press(press(3, 30));
    brush.cancel();
    brush.forget();
    click(brush, { x: 30, y: 30 }, true);
    expect(count(studio, 2)).toBe(36 + 4 + 4 + 4);
  });
});

describe("the polygon", () => {
  it("closes with Enter, on its first corner and when another tool is chosen, to the same pixels", () => {
    const closings: ((tool: Tool) => void)[] = [
      (tool) => tool.key(key("Enter")),
      (tool) => tool.press(press(SQUARE[0].x, SQUARE[0].y)),
      (tool) => tool.leave(),
    ];
    for (const close of closings) {
      const { stage, studio } = open("layout");
      const tool = new Polygon(stage);
      for (const { x, y } of SQUARE) tool.press(press(x, y));
      close(tool);
      expect(count(studio, 2)).toBe(36 + 100);
    }
  });

  it("takes its last corner back with Backspace", () => {
    const { stage, studio } = open("layout");
    const tool = new Polygon(stage);
    for (const { x, y } of [...SQUARE, { x: 1, y: 39 }]) tool.press(press(x, y));
    tool.key(key("Backspace"));
    tool.key(key("Enter"));
    expect(count(studio, 2)).toBe(36 + 100);
  });
});

describe("restore", () => {
  it("brings the labels back in the layout, erases scribbles, and leaves labels alone", () => {
    const { stage, studio, said } = open("layout");
    const before = studio.snapshot().layout;
    stroke(new Brush(stage), SQUARE);
    stroke(new Restore(stage), SQUARE);
    expect(studio.snapshot().layout).toEqual(before);
    studio.setTarget("strokes");
    stroke(new Brush(stage), SQUARE);
    expect(count(studio, 2)).toBeGreaterThan(0);
    stroke(new Restore(stage), SQUARE);
    expect(count(studio, UNMARKED)).toBe(SIDE * SIDE);
    studio.setTarget("labels");
    stroke(new Restore(stage), SQUARE);
    expect(said).toHaveLength(1);
  });
});

describe("the eyedropper", () => {
  it("picks what is seen: where a scribble map is unmarked, the labels below", () => {
    const { stage, studio } = open("strokes");
    new Eyedropper(stage).press(press(3, 30));
    expect(studio.active).toBe(1);
  });
});

describe("a floating region", () => {
  let frames: FrameRequestCallback[] = [];
  const nextFrame = () => {
    for (const callback of frames.splice(0)) callback(0);
  };

  beforeEach(() => {
    frames = [];
    vi.stubGlobal("requestAnimationFrame", (callback: FrameRequestCallback) => frames.push(callback));
    vi.stubGlobal("cancelAnimationFrame", () => {
      frames = [];
    });
  });
  afterEach(() => vi.unstubAllGlobals());

  function lift(): { studio: Studio; floating: Floating; before: Uint8Array } {
    const { studio } = open("layout");
    const map = studio.current;
    const selection =
      map &&
      within(map, [
        { x: 5, y: 5 },
        { x: 11, y: 5 },
        { x: 11, y: 11 },
        { x: 5, y: 11 },
      ]);
    if (map === null || selection === null) throw new Error("no region");
    return { studio, floating: new Floating(studio, selection), before: map.ids.slice() };
  }

  it("is written at most once a frame, at the last pose asked for", () => {
    const { studio, floating } = lift();
    let writings = 0;
    studio.on("pixels", () => writings++);
    for (let dx = 1; dx <= 20; dx++) floating.want({ ...IDENTITY, dx });
    expect(writings).toBe(0);
    nextFrame();
    expect(writings).toBe(1);
    expect(studio.current?.ids[7 * SIDE + 27]).toBe(2);
    expect(count(studio, 2)).toBe(36);
  });

  it("leaves nothing behind on its way, over several steps", () => {
    const { studio, floating, before } = lift();
    for (const dx of [9, 20, 3]) {
      floating.want({ ...IDENTITY, dx, dy: 1 });
      nextFrame();
      floating.want({ ...IDENTITY, dx });
      floating.commit();
      expect(count(studio, 2)).toBe(36);
    }
    floating.want(IDENTITY);
    floating.commit();
    expect(studio.current?.ids).toEqual(before);
  });

  it("takes back what was not committed, and only that", () => {
    const { studio, floating } = lift();
    floating.want({ ...IDENTITY, dx: 25 });
    floating.commit();
    const settled = studio.current?.ids.slice();
    floating.want({ ...IDENTITY, dy: 25, angle: 0.4 });
    nextFrame();
    floating.takeBack();
    expect(studio.current?.ids).toEqual(settled);
    expect(studio.editing).toBe(false);
    floating.want({ ...IDENTITY, dx: 10 });
    floating.commit();
    expect(count(studio, 2)).toBe(36);
    studio.undo();
    expect(studio.current?.ids).toEqual(settled);
  });

  it("puts everything back in a step that can be undone", () => {
    const { studio, floating, before } = lift();
    floating.want({ ...IDENTITY, dx: 10 });
    floating.commit();
    const moved = studio.current?.ids.slice();
    floating.putBack();
    expect(studio.current?.ids).toEqual(before);
    studio.undo();
    expect(studio.current?.ids).toEqual(moved);
  });

  it("leaves copies where it was duplicated", () => {
    const { studio, floating } = lift();
    for (const dx of [10, 20]) {
      floating.duplicate();
      floating.want({ ...IDENTITY, dx });
      nextFrame();
      floating.commit();
    }
    expect(count(studio, 2)).toBe(3 * 36);
  });
});

describe("Anew", () => {
  const scene = {
    engine: "bank:b",
    title: "b",
    kind: "bank",
    photos: 3,
    ignore: null,
    styled: true,
    varies: true,
    variesStyled: true,
    styles: [],
  } as const;

  it("asks for the connected region under a click, each time for another variation", () => {
    const { stage, studio } = open("layout");
    studio.open({ ...studio.snapshot(), scene });
    const tool = new Anew(stage);
    for (const number of [1, 2, 3]) {
      stroke(tool, [{ x: 7, y: 7 }]);
      const rolls = studio.map("rolls");
      const layout = studio.map("layout");
      expect([...(rolls?.ids ?? [])]).toEqual([...(layout?.ids ?? [])].map((id) => (id === 2 ? number : 0)));
    }
    expect(studio.undoLabel).toBe("Make a part anew");
    studio.undo();
    expect(new Set(studio.map("rolls")?.ids)).toEqual(new Set([0, 2]));
  });

  it("asks for nothing where there is one picture of a layout, with the style that is chosen", () => {
    const { stage, studio } = open("layout");
    for (const [own, settings] of [
      [{ varies: false }, {}],
      [{ variesStyled: false }, { style: 0 }],
    ] as const) {
      studio.open({ ...studio.snapshot(), scene: { ...scene, ...own }, settings });
      expect(studio.varies).toBe(false);
      stroke(new Anew(stage), [{ x: 7, y: 7 }]);
      expect(studio.map("rolls")).toBeNull();
    }
    studio.setSettings({ style: null });
    expect(studio.varies).toBe(true);
  });

  it("asks for what a line encloses, whatever is there", () => {
    const { stage, studio } = open("layout");
    studio.open({ ...studio.snapshot(), scene });
    const corners = [3, 3, 20, 3, 20, 30, 3, 30];
    stroke(
      new Anew(stage),
      [0, 2, 4, 6].map((i) => ({ x: corners[i], y: corners[i + 1] })),
    );
    const ids = studio.map("rolls")?.ids ?? [];
    expect([...ids].filter((id) => id === 1)).toHaveLength(17 * 27);
    expect(studio.map("layout")).toEqual(studio.map("labels"));
  });

  it("takes all of a class with Shift, also from beside the map", () => {
    const { stage, studio } = open("layout");
    studio.open({ ...studio.snapshot(), scene });
    const tool = new Anew(stage);
    tool.press({ at: { x: -5, y: SIDE + 3 }, shift: true, alt: false });
    tool.release();
    const layout = [...(studio.map("layout")?.ids ?? [])];
    expect([...(studio.map("rolls")?.ids ?? [])]).toEqual(layout.map((id) => (id === 1 ? 1 : 0)));
  });

  it("does nothing to a photo but says why", () => {
    const { stage, studio, said } = open("layout");
    stroke(new Anew(stage), [{ x: 7, y: 7 }]);
    expect(studio.map("rolls")).toBeNull();
    expect(said.join()).toContain("scene");
  });
});
