import { describe, expect, it } from "vitest";
import type { IndexMap, Rect } from "../model/types";
import { DARK, LIGHT, maskPath, paintOutlines } from "./outlines";
import { aim, axis, lookup, paintClasses, paintStrokes, type Raster, touched } from "./sampling";

const CLASSES = [
  { name: "sky", colour: "#102030" },
  { name: "tree", colour: "#ff8000" },
  { name: "road", colour: "#00ff7f" },
];
const COLOURS = lookup(CLASSES, 255);

/** A small generator, so that the maps of these tests are always the same. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function randomMap(width: number, height: number, next: () => number): IndexMap {
  return { width, height, ids: Uint8Array.from({ length: width * height }, () => Math.floor(next() * 3)) };
}

interface Placed {
  offset: { x: number; y: number };
  zoom: number;
}

function rasterOf(size: { width: number; height: number }, map: IndexMap, { offset, zoom }: Placed): Raster {
  const raster = {
    words: new Uint32Array(size.width * size.height).fill(0x12345678),
    columns: axis(size.width),
    rows: axis(size.height),
  };
  aim(raster.columns, map.width, { offset: offset.x, zoom });
  aim(raster.rows, map.height, { offset: offset.y, zoom });
  return raster;
}

const SIZE = { width: 61, height: 47 };
const WHOLE: Rect = { x: 0, y: 0, ...SIZE };
const PLACES: Placed[] = [
  { offset: { x: 3.3, y: -7.9 }, zoom: 4.7 },
  { offset: { x: 5, y: 2 }, zoom: 1 },
  { offset: { x: -2.2, y: 11.5 }, zoom: 0.37 },
  { offset: { x: -400, y: -300 }, zoom: 30 },
];

describe("paintClasses", () => {
  it.each(PLACES)("shows at every canvas pixel the map pixel under its centre (%j)", (placed) => {
    const map = randomMap(33, 29, random(1));
    const raster = rasterOf(SIZE, map, placed);
    paintClasses(raster, WHOLE, map, COLOURS);
    for (let y = 0; y < SIZE.height; y++)
      for (let x = 0; x < SIZE.width; x++) {
        const column = Math.floor((x + 0.5 - placed.offset.x) / placed.zoom);
        const row = Math.floor((y + 0.5 - placed.offset.y) / placed.zoom);
        const on = column >= 0 && row >= 0 && column < map.width && row < map.height;
        const expected = on ? COLOURS[map.ids[row * map.width + column]] : 0;
        expect(raster.words[y * SIZE.width + x]).toBe(expected);
      }
  });

  it("writes colours as red, green, blue, opacity bytes", () => {
    const bytes = new Uint8Array(lookup(CLASSES, 77).buffer);
    expect([...bytes.subarray(4, 8)]).toEqual([255, 128, 0, 77]);
    expect([...bytes.subarray(255 * 4, 256 * 4)]).toEqual([0, 0, 0, 0]);
  });
});

describe("drawing a changed part only", () => {
  const filled = (raster: Raster, area: Rect, map: IndexMap) => paintClasses(raster, area, map, COLOURS);
  const outlined = (raster: Raster, area: Rect, map: IndexMap) => paintOutlines(raster, area, map, 2);

  it.each(PLACES)("gives what drawing everything gives (%j)", ({ offset, zoom }) => {
    const next = random(7);
    for (const paint of [filled, outlined]) {
      const map = randomMap(33, 29, next);
      const parts = rasterOf(SIZE, map, { offset, zoom });
      paint(parts, WHOLE, map);
      for (let change = 0; change < 12; change++) {
        const [x, y] = [Math.floor(next() * 30), Math.floor(next() * 26)];
        for (let i = 0; i < 9; i++) map.ids[(y + Math.floor(i / 3)) * 33 + x + (i % 3)] = change % 3;
        const [left, right] = touched(SIZE.width, [x, x + 3], { offset: offset.x, zoom, margin: 3 });
        const [top, bottom] = touched(SIZE.height, [y, y + 3], { offset: offset.y, zoom, margin: 3 });
        paint(parts, { x: left, y: top, width: right - left, height: bottom - top }, map);
      }
      const whole = rasterOf(SIZE, map, { offset, zoom });
      paint(whole, WHOLE, map);
      expect(parts.words).toEqual(whole.words);
    }
  });
});

describe("paintStrokes", () => {
  it("shows strokes above the labels below", () => {
    const strokes = { width: 2, height: 1, ids: Uint8Array.from([255, 1]) };
    const labels = { width: 2, height: 1, ids: Uint8Array.from([2, 2]) };
    const size = { width: 2, height: 1 };
    const raster = rasterOf(size, labels, { offset: { x: 0, y: 0 }, zoom: 1 });
    const faint = lookup(CLASSES, 100);
    paintStrokes(
      raster,
      { x: 0, y: 0, ...size },
      { map: strokes, colours: COLOURS },
      { map: labels, colours: faint },
    );
    expect([...raster.words]).toEqual([faint[2], COLOURS[1]]);
  });
});

describe("paintOutlines", () => {
  it("draws a light and a dark line on either side of a border, as wide at every zoom, and nothing else", () => {
    for (const zoom of [0.5, 1, 8]) {
      const map = { width: 64, height: 64, ids: new Uint8Array(64 * 64) };
      for (let y = 0; y < 64; y++) map.ids.fill(1, y * 64 + 32, (y + 1) * 64);
      const size = { width: 64 * zoom, height: 4 };
      const raster = rasterOf(size, map, { offset: { x: 0, y: 0 }, zoom });
      paintOutlines(raster, { x: 0, y: 0, ...size }, map, 2);
      const row = [...raster.words.subarray(0, size.width)];
      const middle = 32 * zoom;
      expect(row.slice(middle - 3, middle + 3)).toEqual([0, LIGHT, LIGHT, DARK, DARK, 0]);
      expect(row.filter((word) => word !== 0)).toHaveLength(4);
    }
  });

  it("draws nothing along the map's own edges", () => {
    const map = { width: 5, height: 5, ids: new Uint8Array(25).fill(2) };
    const raster = rasterOf(SIZE, map, { offset: { x: 4, y: 4 }, zoom: 3 });
    paintOutlines(raster, WHOLE, map, 1);
    expect(raster.words.every((word) => word === 0)).toBe(true);
  });
});

describe("maskPath", () => {
  it("goes around a rectangle in four lines", () => {
    const mask = new Uint8Array(20);
    for (const i of [6, 7, 8, 11, 12, 13]) mask[i] = 1;
    expect(maskPath(mask, 5, 4)).toBe("M1 1H4M1 3H4M1 1V3M4 1V3");
  });

  it("is as long as the border between inside and outside", () => {
    const next = random(3);
    const mask = Uint8Array.from({ length: 40 * 30 }, () => (next() < 0.6 ? 1 : 0));
    const at = (x: number, y: number) => (x < 0 || y < 0 || x >= 40 || y >= 30 ? 0 : mask[y * 40 + x]);
    let border = 0;
    for (let y = 0; y <= 30; y++)
      for (let x = 0; x <= 40; x++)
        border += Math.abs(at(x, y) - at(x - 1, y)) + Math.abs(at(x, y) - at(x, y - 1));
    let length = 0;
    for (const [, x, y, way, end] of maskPath(mask, 40, 30).matchAll(/M(\d+) (\d+)([HV])(\d+)/g))
      length += Number(end) - Number(way === "H" ? x : y);
    expect(length).toBe(border);
  });

  it("stays short however ragged a mask is", () => {
    const chess = Uint8Array.from({ length: 1600 * 1200 }, (_, i) => ((i % 1600) + Math.floor(i / 1600)) & 1);
    expect(maskPath(chess, 1600, 1200).split("M").length).toBeLessThan(8002);
  });
});
