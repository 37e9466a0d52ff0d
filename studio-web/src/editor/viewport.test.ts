import { describe, expect, it, vi } from "vitest";
import { Viewport } from "./viewport";

const photo = { width: 800, height: 600 };
const pane = { width: 500, height: 500 };

function fitted(): Viewport {
  const viewport = new Viewport();
  viewport.fit(photo, pane);
  return viewport;
}

describe("Viewport", () => {
  it("fits the whole map, centred", () => {
    const viewport = fitted();
    const corner = viewport.toScreen({ x: 0, y: 0 });
    const opposite = viewport.toScreen({ x: photo.width, y: photo.height });
    expect(corner.x).toBeGreaterThan(0);
    expect(corner.x + opposite.x).toBeCloseTo(pane.width);
    expect(corner.y + opposite.y).toBeCloseTo(pane.height);
    expect((opposite.x - corner.x) / (opposite.y - corner.y)).toBeCloseTo(photo.width / photo.height);
  });

  it("turns screen points into map points and back", () => {
    const viewport = fitted();
    viewport.zoomAt({ x: 123, y: 77 }, 3.3);
    const there = viewport.toMap({ x: 31, y: 402 });
    const back = viewport.toScreen(there);
    expect(back.x).toBeCloseTo(31);
    expect(back.y).toBeCloseTo(402);
  });

  it("keeps the map point under the pointer when zooming", () => {
    const viewport = fitted();
    const pointer = { x: 300, y: 260 };
    const before = viewport.toMap(pointer);
    viewport.zoomAt(pointer, 2.5);
    const after = viewport.toMap(pointer);
    expect(after.x).toBeCloseTo(before.x);
    expect(after.y).toBeCloseTo(before.y);
  });

  it("never zooms beyond its limits", () => {
    const viewport = fitted();
    const whole = viewport.zoom;
    viewport.zoomAt({ x: 250, y: 250 }, 1e9);
    expect(viewport.zoom).toBe(48);
    viewport.zoomAt({ x: 250, y: 250 }, 1e-9);
    expect(viewport.zoom).toBeCloseTo(whole / 4);
  });

  it("keeps a part of the map in sight however far it is pushed", () => {
    for (const [dx, dy] of [
      [1e6, 1e6],
      [-1e6, 1e6],
      [-1e6, -1e6],
    ]) {
      const viewport = fitted();
      viewport.panBy(dx, dy);
      const from = viewport.toScreen({ x: 0, y: 0 });
      const to = viewport.toScreen({ x: photo.width, y: photo.height });
      expect(Math.min(to.x, pane.width) - Math.max(from.x, 0)).toBeGreaterThanOrEqual(47.9);
      expect(Math.min(to.y, pane.height) - Math.max(from.y, 0)).toBeGreaterThanOrEqual(47.9);
    }
  });

  it("fits again when the pane of a fitted map is resized", () => {
    const [resized, fresh] = [fitted(), new Viewport()];
    resized.resize({ width: 900, height: 400 });
    fresh.fit(photo, { width: 900, height: 400 });
    expect([resized.zoom, resized.offset]).toEqual([fresh.zoom, fresh.offset]);
  });

  it("keeps the middle and the zoom when the pane of a zoomed map is resized", () => {
    const viewport = fitted();
    viewport.zoomAt({ x: 200, y: 300 }, 4);
    const [zoom, middle] = [viewport.zoom, viewport.toMap({ x: 250, y: 250 })];
    viewport.resize({ width: 640, height: 380 });
    expect(viewport.zoom).toBe(zoom);
    expect(viewport.toMap({ x: 320, y: 190 }).x).toBeCloseTo(middle.x);
    expect(viewport.toMap({ x: 320, y: 190 }).y).toBeCloseTo(middle.y);
  });

  it("reveals a point outside the pane and moves nothing for one inside", () => {
    const viewport = fitted();
    viewport.zoomAt({ x: 250, y: 250 }, 10);
    viewport.reveal({ x: 790, y: 300 }, 40);
    expect(viewport.toScreen({ x: 790, y: 300 }).x).toBeCloseTo(pane.width - 40);
    const { offset } = viewport;
    viewport.reveal({ x: 790, y: 300 }, 40);
    expect(viewport.offset).toBe(offset);
  });

  it("tells its listeners of each change until they leave", () => {
    const viewport = fitted();
    const listener = vi.fn();
    const off = viewport.on("change", listener);
    viewport.panBy(3, 4);
    off();
    viewport.panBy(3, 4);
    expect(listener).toHaveBeenCalledTimes(1);
  });

  it("survives a pane or a map without pixels", () => {
    const viewport = new Viewport();
    viewport.fit({ width: 0, height: 0 }, pane);
    viewport.zoomAt({ x: 1, y: 1 }, 2);
    viewport.fit(photo, { width: 0, height: 0 });
    viewport.resize(pane);
    expect([viewport.zoom, viewport.offset]).toEqual([fitted().zoom, fitted().offset]);
  });
});
