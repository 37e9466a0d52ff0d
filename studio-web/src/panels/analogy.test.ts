import { beforeEach, describe, expect, it } from "vitest";
import { emptySnapshot, Studio } from "../model/studio";
import { PANELS, panelOf } from ".";
import { analogy } from "./analogy";

const SIZE = { width: 400, height: 300 };

function map(...ids: number[]) {
  const filled = new Uint8Array(SIZE.width * SIZE.height);
  filled.set(ids);
  return { ...SIZE, ids: filled };
}

describe("the analogy's panel", () => {
  let studio: Studio;

  beforeEach(() => {
    studio = new Studio();
  });

  function open(values: object): void {
    const photo = { ...SIZE, id: "p", name: "a.jpg", file: new Blob() };
    const classes = ["sky", "grass", "sand"].map((name, i) => ({ name, colour: `#00000${i}` }));
    studio.open({ ...emptySnapshot(), photo, classes, settings: { size: null }, ...values });
  }

  it("waits for photo and maps, and for classes that the labels have", () => {
    expect(analogy.ready(studio)).toContain("Open a photo");
    open({ labels: map(1) });
    expect(analogy.ready(studio)).toContain("Label the photo");
    open({ labels: map(1), layout: map(1, 2) });
    expect(analogy.ready(studio)).toContain("“sand”");
    open({ labels: map(1, 2), layout: map(1) });
    expect(analogy.ready(studio)).toBeNull();
    expect(analogy.maps(studio)).toEqual({ labels: studio.map("labels"), layout: studio.map("layout") });
  });

  it("starts large photos at 1024 and others at their own size", () => {
    expect(analogy.start({ width: 900, height: 1025 })).toEqual({ size: 1024 });
    expect(analogy.start({ width: 1024, height: 700 })).toEqual({ size: null });
  });

  it.each([
    [null, 256],
    [200, 200],
    [300, 256],
  ])("with size %s makes quick looks of %i", (size, side) => {
    open({ labels: map(), layout: map(), settings: { size } });
    expect(analogy.draft(studio)).toEqual({ size: side, variations: 1 });
  });

  it("knows a larger picture only where it is shown smaller", () => {
    open({ labels: map(), layout: map(), settings: { size: 200 } });
    expect(analogy.full(studio)).toMatchObject({ settings: { size: null }, size: SIZE });
    studio.setSettings({ size: 400 });
    expect(analogy.full(studio)).toBeNull();
    studio.setSettings({ size: null });
    expect(analogy.full(studio)).toBeNull();
  });
});

describe("panelOf", () => {
  it("finds panels by task, and has one for tasks unknown", () => {
    for (const panel of PANELS) expect(panelOf(panel.name)).toBe(panel);
    expect(panelOf("no such task")).toBe(PANELS[0]);
  });
});
