import { unzlibSync, zlibSync } from "fflate";
import { afterEach, expect, test, vi } from "vitest";
import { emptySnapshot, Studio } from "../model/studio";
import { UNMARKED } from "../model/types";
import { followScribbles, marked } from "./scribbles";
import type { Status } from "./status";

const SIDE = 16;

function opened(): Studio {
  const studio = new Studio();
  const strokes = { width: SIDE, height: SIDE, ids: new Uint8Array(SIDE * SIDE).fill(UNMARKED) };
  const photo = { id: "a", name: "a.png", width: SIDE, height: SIDE, file: new Blob() };
  const classes = [
    { name: "sky", colour: "#0000ff" },
    { name: "grass", colour: "#00ff00" },
  ];
  studio.open({ ...emptySnapshot(), photo, classes, strokes, target: "strokes" });
  return studio;
}

function stroke(studio: Studio, at: number, id: number): void {
  const edit = studio.begin("Paint");
  edit.map.ids[at] = id;
  edit.changed({ x: 0, y: 0, width: SIDE, height: SIDE });
  edit.commit();
}

/** A server that fills the map with the id of the last marked pixel; the test lets each answer go. */
function server() {
  const waiting: (() => void)[] = [];
  const fetched = vi.fn(async (_path: string, request: RequestInit) => {
    const { strokes } = JSON.parse(String(request.body));
    const ids = unzlibSync(Uint8Array.from(atob(strokes.ids), (character) => character.charCodeAt(0)));
    const last = ids.findLast((id) => id !== UNMARKED) ?? UNMARKED;
    const map = { ...strokes, ids: btoa(String.fromCharCode(...zlibSync(ids.map(() => last)))) };
    await new Promise<void>((resolve) => waiting.push(resolve));
    return Response.json({ map, seconds: 0 });
  });
  vi.stubGlobal("fetch", fetched);
  const answer = () =>
    vi.waitFor(() => {
      const next = waiting.shift();
      if (next === undefined) throw new Error("nothing was asked");
      next();
    });
  return { fetched, answer };
}

const status = { say: () => {}, during: <T>(_text: string, work: Promise<T>) => work } as unknown as Status;

afterEach(() => vi.unstubAllGlobals());

test("labels are asked for once two classes have a stroke, and join the stroke's step", async () => {
  const studio = opened();
  const { fetched, answer } = server();
  followScribbles(studio, status);
  stroke(studio, 0, 0);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(fetched).not.toHaveBeenCalled();
  stroke(studio, 255, 1);
  await answer();
  await vi.waitFor(() => expect(studio.map("labels")?.ids.every((id) => id === 1)).toBe(true));
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(fetched).toHaveBeenCalledTimes(1); // the labels' own change asks for nothing
  studio.undo();
  expect(studio.map("labels")).toBeNull();
  expect(studio.map("strokes")?.ids[255]).toBe(UNMARKED);
  expect(studio.map("strokes")?.ids[0]).toBe(0);
});

test("an answer to older strokes is dropped for one to the newest", async () => {
  const studio = opened();
  const { fetched, answer } = server();
  followScribbles(studio, status);
  stroke(studio, 0, 1);
  stroke(studio, 10, 0);
  await vi.waitFor(() => expect(fetched).toHaveBeenCalledTimes(1));
  stroke(studio, 200, 1);
  await answer();
  await vi.waitFor(() => expect(fetched).toHaveBeenCalledTimes(2));
  expect(studio.map("labels")).toBeNull();
  await answer();
  await vi.waitFor(() => expect(studio.map("labels")?.ids[0]).toBe(1));
});

test("an answer that arrives after undo changes nothing", async () => {
  const studio = opened();
  const { fetched, answer } = server();
  followScribbles(studio, status);
  stroke(studio, 0, 1);
  stroke(studio, 10, 0);
  await vi.waitFor(() => expect(fetched).toHaveBeenCalledTimes(1));
  studio.undo();
  await answer();
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(studio.map("labels")).toBeNull();
});

test("marked counts the classes that have a stroke", () => {
  expect(marked(Uint8Array.of(UNMARKED, 3, 3, 0, UNMARKED))).toBe(2);
});
