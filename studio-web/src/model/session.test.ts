import { type Unzipped, unzipSync, zipSync } from "fflate";
import { beforeAll, describe, expect, it } from "vitest";
import { deflate, inflate, pack, unpack } from "./packed";
import { encodeIndexPng } from "./png";
import { type HistoryEntry, packSession, unpackSession } from "./session";
import { readSessionRecord } from "./session-record";
import { emptySnapshot, type Snapshot } from "./studio";
import { drawn, noise, plain, seeded } from "./testing";
import { UNMARKED } from "./types";
import { readZip } from "./zip";

const random = seeded(15);
const SIZE = { width: 24, height: 18 };
const CLASSES = ["sky", "sea, “blue”", "sand"].map((name, id) => ({ name, colour: `#0000a${id}` }));

function someBytes(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, () => random() * 256);
}

async function entry(number: number): Promise<HistoryEntry> {
  return {
    id: `entry-${number}`,
    made: 1_700_000_000_000 + number,
    label: `Brush ${number}`,
    layout: await pack(noise(SIZE.width, SIZE.height, { random, count: 2 })),
    classes: CLASSES.slice(0, 2),
    settings: { seed: number, keep: false },
    run: number === 1 ? "coffee-1" : null,
    rolls: number === 2 ? await pack(noise(SIZE.width, SIZE.height, { random, count: 60 })) : null,
    thumbnail: new Blob([someBytes(50)], { type: "image/jpeg" }),
  };
}

function document(): Snapshot {
  const strokes = noise(SIZE.width, SIZE.height, { random, count: 4 });
  return {
    photo: {
      ...SIZE,
      id: "abc",
      name: "Strand — ß.jpg",
      file: new Blob([someBytes(4000)], { type: "image/jpeg" }),
    },
    classes: CLASSES,
    strokes: { ...strokes, ids: strokes.ids.map((id) => (id === 3 ? UNMARKED : id)) },
    labels: noise(SIZE.width, SIZE.height, { random, count: 3 }),
    layout: plain(SIZE.width, SIZE.height, 2),
    rolls: null,
    scene: null,
    board: null,
    portrait: null,
    faces: [],
    target: "labels",
    active: 1,
    task: "analogy",
    settings: { seed: 7, keep: true, size: null },
  };
}

/** With the bytes of all blobs, since blobs themselves compare equal. */
async function opened(value: { snapshot: Snapshot; history: readonly HistoryEntry[] }) {
  const bytes = async (blob: Blob | undefined) =>
    blob && { type: blob.type, bytes: await new Response(blob).bytes() };
  return {
    snapshot: value.snapshot,
    photo: await bytes(value.snapshot.photo?.file),
    history: await Promise.all(
      value.history.map(async (item) => ({
        ...item,
        layout: await unpack(item.layout),
        thumbnail: await bytes(item.thumbnail),
      })),
    ),
  };
}

async function fileOf(snapshot: Snapshot, history: readonly HistoryEntry[]): Promise<Uint8Array> {
  return new Uint8Array(await (await packSession(snapshot, history)).arrayBuffer());
}

/** The parts of a ZIP; none where it is refused, which must be in words. */
function read(bytes: Uint8Array): Map<string, Uint8Array> {
  try {
    return readZip(bytes);
  } catch (error) {
    expect(String(error)).toMatch(/^Error: it(s| is| holds) /);
    return new Map();
  }
}

describe("packed maps", () => {
  it("hold every id", async () => {
    const map = noise(301, 77, { random, count: 256 });
    expect(await unpack(await pack(map))).toEqual(map);
  });

  it("are refused when damaged, too short or too long", async () => {
    const bytes = await deflate(new Uint8Array(10_000));
    await expect(inflate(bytes, 9_999)).rejects.toThrow("More than 9999");
    await expect(inflate(bytes, 10_001)).rejects.toThrow("10000 compressed pixels came where 10001 belong");
    await expect(inflate(bytes.slice(0, -3), 10_000)).rejects.toThrow("damaged");
    await expect(inflate(Uint8Array.of(1, 2, 3), 10)).rejects.toThrow("damaged");
  });
});

describe("a session file", () => {
  it("gives everything back", async () => {
    const session = { snapshot: document(), history: [await entry(0), await entry(1), await entry(2)] };
    const file = await packSession(session.snapshot, session.history);
    expect(file.type).toBe("application/zip");
    const back = await unpackSession(await new Response(file).bytes());
    expect(await opened(back)).toEqual(await opened(session));
  });

  it("gives a board back, with its regions, faces and settings", async () => {
    const face = { points: Array.from({ length: 68 }, (_, i) => ({ x: i / 3, y: 1 - i })), placed: [0, 30] };
    const tiles = [
      { name: "a.png", x: 0, y: 0, width: 10, height: 18 },
      { name: "b.png", x: 14, y: 0, width: 10, height: 12 },
    ];
    const snapshot: Snapshot = {
      ...document(),
      classes: [CLASSES[0], { ...CLASSES[1], weight: 2.5, locked: true }, CLASSES[2]],
      board: { model: "model:faces", title: "faces", method: "inpaint", tiles },
      faces: [null, face],
      task: "inpaint",
      settings: { search: "searched", steps: null, shared: false, smooth: 1.5 },
    };
    const file = await packSession(snapshot, []);
    const back = await unpackSession(await new Response(file).bytes());
    expect(await opened(back)).toEqual(await opened({ snapshot, history: [] }));
    const damaged = async (from: string, to: string) => {
      const parts = unzipSync(await new Response(file).bytes());
      const text = new TextDecoder().decode(parts["session.json"]).replace(from, to);
      return unpackSession(zipSync({ ...parts, "session.json": new TextEncoder().encode(text) }));
    };
    await expect(damaged('"inpaint",', '"other",')).rejects.toThrow('"method" is not preserve or inpaint');
    await expect(damaged('"x": 14', '"x": -1')).rejects.toThrow('"tiles" 2: "x" is not a whole number');
    await expect(damaged('"weight": 2.5', '"weight": "2"')).rejects.toThrow('"weight" is not a number');
    await expect(damaged('"y": -66', '"y": null')).rejects.toThrow('"points" 68: "y" is not a number');
  });

  it("gives a scene back, with its styles and what was made anew", async () => {
    const style = { ...SIZE, id: "style", name: "dusk.jpg", file: new Blob([someBytes(300)]) };
    const engine = {
      engine: "bank:street",
      title: "street",
      kind: "bank",
      photos: 367,
      styled: true,
      varies: true,
      variesStyled: false,
    } as const;
    const snapshot: Snapshot = {
      ...document(),
      strokes: null,
      task: "scene",
      settings: { seed: 1, style: 0 },
      rolls: noise(SIZE.width, SIZE.height, { random, count: 64 }),
      scene: { ...engine, ignore: 255, styles: [style] },
    };
    const back = await unpackSession(await fileOf(snapshot, []));
    const bytes = await back.snapshot.scene?.styles[0].file.arrayBuffer();
    expect(new Uint8Array(bytes ?? [])).toEqual(new Uint8Array(await style.file.arrayBuffer()));
    expect(back.snapshot.scene).toEqual(snapshot.scene);
    expect(back.snapshot.rolls).toEqual(snapshot.rolls);
    expect(back.snapshot).toMatchObject({ task: "scene", settings: snapshot.settings });
  });

  it("gives a portrait back, with the other faces, and may be from before there were such", async () => {
    const other = { ...SIZE, id: "other", name: "other.jpg", file: new Blob([someBytes(200)]) };
    const portrait = { model: "pack:p", title: "p", references: [other] };
    const settings = { seed: 1, reference: 0, lent: "1", drawn: "", whole: false };
    const snapshot: Snapshot = { ...document(), strokes: null, task: "portrait", settings, portrait };
    const file = await fileOf(snapshot, []);
    const back = await unpackSession(file);
    const bytes = await back.snapshot.portrait?.references[0].file.arrayBuffer();
    expect(new Uint8Array(bytes ?? [])).toEqual(new Uint8Array(await other.file.arrayBuffer()));
    expect(back.snapshot).toMatchObject({ portrait, settings, task: "portrait" });
    const parts = unzipSync(await fileOf(document(), []));
    const { portrait: _portrait, ...rest } = JSON.parse(new TextDecoder().decode(parts["session.json"]));
    const older = new TextEncoder().encode(JSON.stringify(rest));
    expect((await unpackSession(zipSync({ ...parts, "session.json": older }))).snapshot.portrait).toBeNull();
  });

  it("takes what does not say so for an engine that can do all, and refuses another value", () => {
    const record = (engine: object) =>
      JSON.stringify({
        ...{ format: "sembla-session", version: 1, photo: null, classes: [], target: "layout", active: 0 },
        ...{ task: "scene", settings: {}, maps: [], history: [] },
        scene: { engine: "bank:b", title: "b", kind: "bank", photos: 1, ignore: null, styles: [], ...engine },
      });
    const all = { styled: true, varies: true, variesStyled: true };
    expect(readSessionRecord(record({})).scene).toMatchObject(all);
    expect(readSessionRecord(record({ varies: false })).scene).toMatchObject({ ...all, varies: false });
    expect(() => readSessionRecord(record({ styled: "no" }))).toThrow('"styled" is not true or false');
  });

  it("may be from before there were scenes", async () => {
    const file = unzipSync(await fileOf(document(), [await entry(0)]));
    const { scene: _scene, history, ...rest } = JSON.parse(new TextDecoder().decode(file["session.json"]));
    for (const each of history) delete each.rolls;
    const older = new TextEncoder().encode(JSON.stringify({ ...rest, history }));
    const back = await unpackSession(zipSync({ ...file, "session.json": older }));
    expect(back.snapshot).toMatchObject({ scene: null, rolls: null });
    expect(back.history[0].rolls).toBeNull();
  });

  it("may be from before there were trained models", async () => {
    const file = unzipSync(await fileOf(document(), [await entry(1)]));
    const { history, ...rest } = JSON.parse(new TextDecoder().decode(file["session.json"]));
    for (const each of history) delete each.run;
    const older = new TextEncoder().encode(JSON.stringify({ ...rest, history }));
    const back = await unpackSession(zipSync({ ...file, "session.json": older }));
    expect(back.history.map(({ run }) => run)).toEqual([null]);
  });

  it("holds a document without anything", async () => {
    const session = { snapshot: emptySnapshot(), history: [] };
    expect(await unpackSession(await fileOf(session.snapshot, []))).toEqual(session);
  });

  it("is a ZIP that others read, with the photo's own bytes in it", async () => {
    const snapshot = document();
    const parts = unzipSync(await fileOf(snapshot, [await entry(0)]));
    const names = [
      "history/000.jpg",
      "history/000.png",
      "labels.png",
      "layout.png",
      "photo",
      "session.json",
      "strokes.png",
    ];
    expect(Object.keys(parts).sort()).toEqual(names);
    expect(parts.photo).toEqual(await new Response(snapshot.photo?.file).bytes());
  });
});

describe("a bad session file", () => {
  let good: Uint8Array;
  let parts: Unzipped;
  beforeAll(async () => {
    good = await fileOf(document(), [await entry(0)]);
    parts = unzipSync(good);
  });

  /** The file with some parts replaced, or taken out where null is given. */
  function but(changed: Record<string, Uint8Array | null>): Uint8Array {
    const all = Object.entries({ ...parts, ...changed }).filter(
      (part): part is [string, Uint8Array] => part[1] !== null,
    );
    return zipSync(Object.fromEntries(all));
  }

  /** The file with session.json changed as text. */
  function said(from: string | RegExp, to: string): Uint8Array {
    const text = new TextDecoder().decode(parts["session.json"]);
    const changed = text.replace(from, to);
    expect(changed).not.toBe(text);
    return but({ "session.json": new TextEncoder().encode(changed) });
  }

  const png = (width: number, height: number, id = 0) => encodeIndexPng(plain(width, height, id), CLASSES);

  it.each<[string, () => Uint8Array, string]>([
    ["nothing", () => new Uint8Array(0), "no ZIP file"],
    ["no ZIP", () => new TextEncoder().encode("a".repeat(500)), "no ZIP file"],
    ["another ZIP", () => zipSync({ "a.txt": new Uint8Array(3) }), "no session.json"],
    ["no JSON", () => but({ "session.json": new TextEncoder().encode("{") }), "no JSON"],
    ["JSON that is a list", () => but({ "session.json": new TextEncoder().encode("[1]") }), "not an object"],
    ["another format", () => said("sembla-session", "sembla-model"), "no session of Sembla"],
    ["a newer version", () => said('"version": 1', '"version": 2'), "newer Sembla; update"],
    ["version 0", () => said('"version": 1', '"version": 0'), '"version" is not a whole number'],
    ["no classes", () => said('"classes"', '"klasses"'), 'has no "classes"'],
    ["a class without a name", () => said('"name": "sky"', '"name": 3'), '"classes" 1: "name" is not text'],
    ["a colour that is none", () => said("#0000a1", "url(x)"), '"classes" 2: "colour" is not a colour'],
    ["an unknown target", () => said('"target": "labels"', '"target": "photo"'), '"target" names a map'],
    ["an unknown map", () => said('"strokes",', '"../photo",'), '"maps" names a map'],
    ["an active class that is none", () => said('"active": 1', '"active": 3'), "whole number from 0 to 2"],
    ["a setting that is a list", () => said('"seed": 7', '"seed": [7]'), '"seed" is not a number'],
    ["settings that are none", () => said(/"settings": \{[^}]*\}/, '"settings": null'), "not an object"],
    ["a photo without pixels", () => said('"width": 24', '"width": 0'), '"width" is not a whole number'],
    [
      "a history that is none",
      () => said('"history": [', '"history": {}, "x": ['),
      '"history" is not a list',
    ],
    ["no time in the history", () => said(/"made": \d+/, '"made": "now"'), '"history" 1: "made"'],
    ["no photo", () => but({ photo: null }), "part photo is missing"],
    ["no labels", () => but({ "labels.png": null }), "part labels.png is missing"],
    ["no layout in the history", () => but({ "history/000.png": null }), "part history/000.png is missing"],
    ["no thumbnail", () => but({ "history/000.jpg": null }), "part history/000.jpg is missing"],
    [
      "a layout of another size",
      () => but({ "layout.png": png(24, 19) }),
      "layout.png is 24x19 in place of 24x18",
    ],
    ["a past layout of another size", () => but({ "history/000.png": png(1, 1) }), "history/000.png is 1x1"],
    ["labels beyond the classes", () => but({ "labels.png": png(24, 18, 3) }), "labels.png holds class 3"],
    ["unmarked labels", () => but({ "labels.png": png(24, 18, UNMARKED) }), "holds class 255"],
    [
      "past ids beyond its classes",
      () => but({ "history/000.png": png(24, 18, 2) }),
      "there are only 2 classes",
    ],
    ["labels that are no PNG", () => but({ "labels.png": someBytes(90) }), "labels.png is no label map"],
  ])("with %s is refused in one line", async (_, make, reason) => {
    const error: unknown = await unpackSession(make()).catch((caught: unknown) => caught);
    if (!(error instanceof Error)) throw new Error("it was opened");
    expect(error.message).toContain(reason);
    expect(error.message).toMatch(/^The session file cannot be opened: .*\.$/);
  });

  it("with more than 512 MB is refused before anything is unpacked", async () => {
    const bomb = new Uint8Array(good);
    const view = new DataView(bomb.buffer);
    for (let at = 0; at + 28 < bomb.length; at++)
      if (view.getUint32(at, true) === 0x02014b50) view.setUint32(at + 24, 200 << 20, true);
    await expect(unpackSession(bomb)).rejects.toThrow("more than 512 MB");
  });

  it("is refused wherever it is cut", async () => {
    for (let length = 0; length < good.length; length += 7)
      await expect(unpackSession(good.slice(0, length))).rejects.toThrow("cannot be opened");
  });

  it("never gives other bytes, whichever byte is changed", () => {
    const differs = (bytes: Uint8Array, part: Uint8Array | undefined) =>
      part !== undefined && (bytes.length !== part.length || bytes.some((byte, i) => byte !== part[i]));
    for (let at = 0; at < good.length; at++) {
      const changed = good.slice();
      changed[at] ^= 1 << (at % 8);
      for (const [name, bytes] of read(changed))
        if (differs(bytes, parts[name])) throw new Error(`${name} at ${at}`);
    }
  });
});

it("the maps of a session are those of label map files", async () => {
  const parts = unzipSync(
    await fileOf({ ...emptySnapshot(), classes: CLASSES, labels: drawn("012", "210") }, []),
  );
  expect(parts["labels.png"].slice(0, 41)).toEqual(encodeIndexPng(drawn("012", "210"), CLASSES).slice(0, 41));
});
