import { afterEach, describe, expect, it, vi } from "vitest";
import { deflate } from "../model/packed";
import { fillScribbles, readLabels, ServerError, strictlyOr, uploadPhoto, withPhoto } from "./rest";

const MAP = { width: 3, height: 2, ids: Uint8Array.of(0, 1, 2, 255, 254, 3) };

async function wire(map: typeof MAP) {
  const ids = btoa(String.fromCharCode(...(await deflate(map.ids))));
  return { width: map.width, height: map.height, ids };
}

function answering(...answers: (Response | Error)[]) {
  const asked: { path: string; body: unknown }[] = [];
  vi.stubGlobal("fetch", async (path: string, request: RequestInit) => {
    asked.push({ path, body: request.body });
    const answer = answers.shift();
    if (answer instanceof Response) return answer;
    throw answer ?? new Error("asked too often");
  });
  return asked;
}

const json = (content: unknown, status = 200) => Response.json(content, { status });

describe("the server's routes", () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it("carry maps both ways", async () => {
    const asked = answering(json({ map: await wire(MAP), seconds: 0.5 }));
    expect(await fillScribbles("p", MAP, 4)).toEqual({ map: MAP, seconds: 0.5 });
    const { strokes, count } = JSON.parse(String(asked[0].body));
    expect([asked[0].path, count]).toEqual(["api/photos/p/scribbles", 4]);
    expect(strokes).toEqual(await wire(MAP));
  });

  it("escape names and send files as they are", async () => {
    const asked = answering(json({ map: await wire(MAP), classes: [], notes: ["n"] }));
    const file = new Blob(["bytes"]);
    await readLabels("p", file, { name: "a & b.png", resize: true });
    expect(asked).toEqual([{ path: "api/photos/p/labels?name=a+%26+b.png&resize=true", body: file }]);
  });

  it("refuse a map that has another size than it says", async () => {
    answering(json({ map: await wire({ ...MAP, width: 2 }), seconds: 1 }));
    await expect(fillScribbles("p", MAP, 4)).rejects.toThrow();
  });

  it.each([
    ["the server's own words", json({ message: "too large" }, 413), 413, "too large"],
    [
      "a proxy's page",
      new Response("<html>", { status: 502, statusText: "Bad Gateway" }),
      502,
      "502 Bad Gateway",
    ],
    ["no answer", new TypeError("failed to fetch"), 0, "is it still running?"],
    ["half an answer", new Response('{"id":'), 0, "broke off"],
  ])("fail with one line: %s", async (_, answer, status, words) => {
    answering(answer);
    const failed = await uploadPhoto(new Blob(), "a.png").catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(ServerError);
    expect(failed).toMatchObject({ status, message: expect.stringContaining(words) });
  });
});

describe("withPhoto", () => {
  const photo = { id: "old", name: "a.png", width: 3, height: 2, file: new Blob(["photo"]) };

  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it("sends a photo that the server forgot once more", async () => {
    const asked = answering(json({ id: "new", width: 3, height: 2, notes: [] }));
    const ids: string[] = [];
    const work = async (id: string) => {
      ids.push(id);
      if (id === "old") throw new ServerError(404, "unknown photo");
      return "done";
    };
    expect(await withPhoto(photo, work)).toBe("done");
    expect(ids).toEqual(["old", "new"]);
    expect(asked).toEqual([{ path: "api/photos?name=a.png", body: photo.file }]);
  });

  it("leaves other failures alone", async () => {
    const asked = answering();
    const work = () => Promise.reject(new ServerError(503, "busy"));
    await expect(withPhoto(photo, work)).rejects.toThrow("busy");
    expect(asked).toEqual([]);
  });
});

describe("strictlyOr", () => {
  const refusal = new ServerError(400, "a foreign class");

  it("reads leniently what is refused otherwise, and tells", async () => {
    expect(await strictlyOr(async (lenient) => lenient)).toEqual({ made: false, strictly: true });
    const read = async (lenient: boolean) => {
      if (!lenient) throw refusal;
      return lenient;
    };
    expect(await strictlyOr(read)).toEqual({ made: true, strictly: false });
  });

  it("throws what is wrong all the same, and what was no refusal", async () => {
    const read = async (lenient: boolean) => {
      throw lenient ? new ServerError(400, "a photograph") : refusal;
    };
    await expect(strictlyOr(read)).rejects.toThrow("a photograph");
    const silent = vi.fn(() => Promise.reject(new ServerError(0, "no answer")));
    await expect(strictlyOr(silent)).rejects.toThrow("no answer");
    expect(silent).toHaveBeenCalledOnce();
  });
});
