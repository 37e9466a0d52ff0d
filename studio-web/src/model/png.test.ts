import { describe, expect, it } from "vitest";
import { crc32 } from "./crc";
import { decodeIndexPng, encodeIndexPng, encodeIndexPngAside } from "./png";
import { drawn, noise, seeded } from "./testing";
import { type ClassEntry, type IndexMap, UNMARKED } from "./types";

const CLASSES: ClassEntry[] = ["#102030", "#ff0000", "#00ff80"].map((colour, id) => ({
  name: `class ${id}`,
  colour,
}));

/** What the browser's own zlib makes of bytes. */
async function through(bytes: Uint8Array, by: CompressionStream | DecompressionStream): Promise<Uint8Array> {
  const stream = new Blob([new Uint8Array(bytes)]).stream().pipeThrough(by);
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** The chunks of a PNG, cut by the specification and nothing else. */
function chunks(png: Uint8Array): Map<string, Uint8Array> {
  const view = new DataView(png.buffer);
  const found = new Map<string, Uint8Array>();
  for (let at = 8; at < png.length; at += view.getUint32(at) + 12)
    found.set(
      new TextDecoder().decode(png.slice(at + 4, at + 8)),
      png.slice(at + 8, at + 8 + view.getUint32(at)),
    );
  return found;
}

interface Form {
  readonly width: number;
  readonly height: number;
  readonly depth?: number;
  readonly colourType?: number;
  readonly interlace?: number;
  readonly palette?: number[] | null;
}

/** A PNG put together by hand from filtered rows. */
async function built(rows: Uint8Array, form: Form): Promise<Uint8Array> {
  const { width, height, depth = 8, colourType = 3, interlace = 0, palette = [1, 2, 3] } = form;
  const header = [0, 0, 0, 0, 0, 0, 0, 0, depth, colourType, 0, 0, interlace];
  const view = new DataView(Uint8Array.from(header).buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  const parts: [string, Uint8Array][] = [["IHDR", new Uint8Array(view.buffer)]];
  if (palette !== null) parts.push(["PLTE", Uint8Array.from(palette)]);
  const data = await through(rows, new CompressionStream("deflate"));
  const half = Math.floor(data.length / 2);
  parts.push(["IDAT", data.slice(0, half)], ["IDAT", data.slice(half)], ["IEND", new Uint8Array(0)]);
  const bytes: number[] = [137, 80, 78, 71, 13, 10, 26, 10];
  for (const [name, content] of parts) {
    const named = Uint8Array.from([...new TextEncoder().encode(name), ...content]);
    const numbers = new DataView(new ArrayBuffer(8));
    numbers.setUint32(0, content.length);
    numbers.setUint32(4, crc32(named));
    const [length, check] = [new Uint8Array(numbers.buffer, 0, 4), new Uint8Array(numbers.buffer, 4, 4)];
    bytes.push(...length, ...named, ...check);
  }
  return Uint8Array.from(bytes);
}

/** The rows of a map, each with its own filter, written straight from the definitions of the specification. */
function filtered({ width, height, ids }: IndexMap, filters: (y: number) => number): Uint8Array {
  const at = (x: number, y: number) => (x < 0 || y < 0 ? 0 : ids[y * width + x]);
  const paeth = (a: number, b: number, c: number) => {
    const order = [a, b, c].map((value, rank) => ({ value, rank, off: Math.abs(a + b - c - value) }));
    return order.sort((p, q) => p.off - q.off || p.rank - q.rank)[0].value;
  };
  const predict = (filter: number, x: number, y: number) =>
    [
      0,
      at(x - 1, y),
      at(x, y - 1),
      Math.floor((at(x - 1, y) + at(x, y - 1)) / 2),
      paeth(at(x - 1, y), at(x, y - 1), at(x - 1, y - 1)),
    ][filter];
  const rows: number[] = [];
  for (let y = 0; y < height; y++) {
    rows.push(filters(y));
    for (let x = 0; x < width; x++) rows.push(at(x, y) - predict(filters(y), x, y));
  }
  return Uint8Array.from(rows);
}

describe("crc32", () => {
  it("gives the check value of its definition", () => {
    expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
    expect(crc32(new Uint8Array(0))).toBe(0);
  });
});

describe("writing", () => {
  it("makes a palette PNG that holds the ids as they are", async () => {
    const map = noise(37, 11, { random: seeded(12), count: 3 });
    for (const png of [encodeIndexPng(map, CLASSES), await encodeIndexPngAside(map, CLASSES)]) {
      const parts = chunks(png);
      expect([...parts.keys()]).toEqual(["IHDR", "PLTE", "IDAT", "IEND"]);
      expect([...(parts.get("IHDR") ?? [])]).toEqual([0, 0, 0, 37, 0, 0, 0, 11, 8, 3, 0, 0, 0]);
      expect([...(parts.get("PLTE") ?? [])]).toEqual([0x10, 0x20, 0x30, 255, 0, 0, 0, 255, 0x80]);
      const rows = await through(parts.get("IDAT") ?? new Uint8Array(0), new DecompressionStream("deflate"));
      expect(rows).toEqual(filtered(map, () => 0));
    }
  });

  it("has a palette as long as the ids need", () => {
    const strokes = drawn("012");
    strokes.ids[2] = UNMARKED;
    const png = encodeIndexPng(strokes, CLASSES);
    expect(chunks(png).get("PLTE")).toHaveLength(768);
    expect(decodeIndexPng(png).map).toEqual(strokes);
  });
});

describe("reading", () => {
  it("gives back what was written, with its colours", () => {
    const random = seeded(13);
    for (let round = 0; round < 30; round++) {
      const map = noise(1 + Math.floor(random() * 50), 1 + Math.floor(random() * 50), { random, count: 3 });
      expect(decodeIndexPng(encodeIndexPng(map, CLASSES))).toEqual({
        map,
        palette: CLASSES.map(({ colour }) => colour),
      });
    }
  });

  it.each([0, 1, 2, 3, 4])("undoes filter %i, alone and among others", async (filter) => {
    const map = noise(19, 13, { random: seeded(14), count: 256 });
    expect(
      decodeIndexPng(
        await built(
          filtered(map, () => filter),
          map,
        ),
      ).map,
    ).toEqual(map);
    const mixed = filtered(map, (y) => (filter + y * y) % 5);
    const grey = await built(mixed, { ...map, colourType: 0, palette: null });
    expect(decodeIndexPng(grey)).toEqual({ map, palette: [] });
  });

  const rows = filtered(drawn("01", "10"), () => 0);
  const size = { width: 2, height: 2 };
  it.each([
    ["a file that is no PNG", async () => new TextEncoder().encode("GIF89a, surely"), "no PNG"],
    ["an empty file", async () => new Uint8Array(0), "no PNG"],
    ["full colours", () => built(rows, { ...size, colourType: 2 }), "full colours"],
    ["4 bits a pixel", () => built(rows, { ...size, depth: 4 }), "4 bits"],
    ["interlacing", () => built(rows, { ...size, interlace: 1 }), "interlaced"],
    ["no palette", () => built(rows, { ...size, palette: null }), "no palette"],
    ["too few rows", () => built(rows.slice(1), size), "not as many"],
    ["too many rows", () => built(new Uint8Array(100000), size), "not as many"],
    ["a filter that does not exist", () => built(Uint8Array.of(0, 1, 1, 5, 1, 1), size), "filter 5"],
    ["no pixels", () => built(rows, { width: 0, height: 2 }), "no pixels"],
    ["pixels without end", () => built(rows, { width: 1e6, height: 1e6 }), "1000000x1000000"],
  ])("refuses %s", async (_, make, reason) => {
    const file = await make();
    expect(() => decodeIndexPng(file)).toThrow(reason);
  });

  it("refuses every cut and every changed byte", () => {
    const png = encodeIndexPng(drawn("0120", "2101"), CLASSES);
    for (let length = 0; length < png.length; length++)
      expect(() => decodeIndexPng(png.slice(0, length))).toThrow(/PNG/);
    for (let at = 0; at < png.length; at++) {
      const changed = png.slice();
      changed[at] ^= 0x10;
      expect(() => decodeIndexPng(changed)).toThrow(/PNG/);
    }
  });
});
