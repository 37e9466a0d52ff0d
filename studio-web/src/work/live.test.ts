import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { PackedMap } from "../model/packed";
import { FakeSocket } from "./fakes";
import { Live, type LiveFrame, type LiveRequest, type Outcome } from "./live";

const packed: PackedMap = { width: 2, height: 1, bytes: Uint8Array.of(9, 8) };

function asking(photo = "p", layout: Promise<PackedMap> = Promise.resolve(packed)): LiveRequest {
  return { task: "analogy", photo, settings: { seed: 3 }, maps: { layout }, draft: false };
}

function recorder() {
  const told: { outcomes: Outcome[]; previews: LiveFrame[]; pictures: LiveFrame[]; started: number } = {
    outcomes: [],
    previews: [],
    pictures: [],
    started: 0,
  };
  const handlers = {
    started: () => {
      told.started += 1;
    },
    preview: (frame: LiveFrame) => told.previews.push(frame),
    picture: (frame: LiveFrame) => told.pictures.push(frame),
    ended: (outcome: Outcome) => told.outcomes.push(outcome),
  };
  return { told, handlers };
}

const settled = () => vi.advanceTimersByTimeAsync(0);
const head = { variation: 0, level: 1, levels: 3, seconds: 0.25, width: 4, height: 2, type: "image/png" };

describe("Live", () => {
  let sockets: FakeSocket[];
  let live: Live;

  beforeEach(() => {
    vi.useFakeTimers();
    sockets = [];
    live = new Live(() => {
      const socket = new FakeSocket();
      sockets.push(socket);
      return socket;
    });
  });

  afterEach(() => {
    live.close();
    vi.useRealTimers();
  });

  it("sends header and maps in the order told, once it is connected", async () => {
    const maps = {
      labels: Promise.resolve({ ...packed, bytes: Uint8Array.of(1) }),
      layout: Promise.resolve(packed),
    };
    live.request({ ...asking(), maps }, recorder().handlers);
    await settled();
    expect(sockets[0].frames).toEqual([]);
    sockets[0].open();
    await settled();
    expect(sockets[0].frames).toHaveLength(1);
    const { header, body } = sockets[0].frames[0];
    expect(header.maps).toEqual([
      { name: "labels", width: 2, height: 1, bytes: 1 },
      { name: "layout", width: 2, height: 1, bytes: 2 },
    ]);
    expect([...body]).toEqual([1, 9, 8]);
  });

  it("sends a request once that was packed just when the connection came", async () => {
    live.request(asking(), recorder().handlers);
    sockets[0].open();
    await settled();
    expect(sockets[0].frames).toHaveLength(1);
  });

  it("never sends a request that was overtaken while its maps were packed", async () => {
    sockets[0].open();
    let packNow = (_: PackedMap) => {};
    const slow = new Promise<PackedMap>((resolve) => {
      packNow = resolve;
    });
    const first = recorder();
    live.request(asking("old", slow), first.handlers);
    live.request(asking("new"), recorder().handlers);
    packNow(packed);
    await settled();
    expect(sockets[0].frames.map(({ header }) => header.photo)).toEqual(["new"]);
    expect(first.told.outcomes).toEqual([{ kind: "cancelled" }]);
  });

  it("tells frames and the end of the latest request only, and the end once", async () => {
    sockets[0].open();
    const [first, second] = [recorder(), recorder()];
    const old = live.request(asking(), first.handlers);
    const number = live.request(asking(), second.handlers);
    await settled();
    sockets[0].show({ ...head, number: old, kind: "preview", bytes: 1 }, Uint8Array.of(1));
    sockets[0].say({ number: old, kind: "done", seconds: 1 });
    sockets[0].say({ number, kind: "started" });
    sockets[0].show({ ...head, number, kind: "preview", bytes: 1 }, Uint8Array.of(2));
    sockets[0].show({ ...head, number, kind: "picture", bytes: 2 }, Uint8Array.of(3, 4));
    sockets[0].say({ number, kind: "done", seconds: 1 });
    sockets[0].say({ number, kind: "done", seconds: 1 });
    expect(first.told).toMatchObject({ previews: [], outcomes: [{ kind: "cancelled" }] });
    expect(second.told.started).toBe(1);
    expect(second.told.previews.map(({ level, width }) => [level, width])).toEqual([[1, 4]]);
    const [{ picture }] = second.told.pictures;
    expect([picture.type, picture.size]).toEqual(["image/png", 2]);
    expect(second.told.outcomes).toEqual([{ kind: "done", seconds: 1 }]);
  });

  it("says whether a failure is a photo that the server does not know", async () => {
    sockets[0].open();
    const { told, handlers } = recorder();
    const number = live.request(asking(), handlers);
    sockets[0].say({ number, kind: "failed", message: "no photo", unknown_photo: true });
    expect(told.outcomes).toEqual([{ kind: "failed", message: "no photo", unknownPhoto: true }]);
  });

  it("comes back after growing waits and asks again for what was under way", async () => {
    const states: string[] = [];
    live.on("state", (state) => states.push(state));
    sockets[0].open();
    const { told, handlers } = recorder();
    live.request(asking(), handlers);
    await settled();
    const waits = [250, 500, 1000, 2000, 4000, 4000];
    for (const [i, wait] of waits.entries()) {
      sockets[i].break();
      await vi.advanceTimersByTimeAsync(wait - 1);
      expect(sockets).toHaveLength(i + 1);
      await vi.advanceTimersByTimeAsync(1);
      expect(sockets).toHaveLength(i + 2);
    }
    const last = sockets.at(-1) as FakeSocket;
    last.open();
    await settled();
    expect(states).toEqual(["open", "lost", "open"]);
    expect(last.frames.map(({ header }) => header.number)).toEqual(
      sockets[0].frames.map(({ header }) => header.number),
    );
    expect(told.outcomes).toEqual([]);
    last.break();
    await vi.advanceTimersByTimeAsync(250);
    expect(sockets).toHaveLength(waits.length + 2);
  });

  it("gives up a connection that does not answer a ping", async () => {
    sockets[0].open();
    await vi.advanceTimersByTimeAsync(15_000);
    expect(sockets[0].texts).toEqual([{ ping: 0 }]);
    sockets[0].say({ kind: "pong", pong: 0 });
    await vi.advanceTimersByTimeAsync(15_000);
    expect(live.state).toBe("open");
    await vi.advanceTimersByTimeAsync(15_000);
    expect(sockets[0].closed).toBe(true);
    expect(live.state).toBe("lost");
  });

  it("cancels by number, the current one only", async () => {
    sockets[0].open();
    const { told, handlers } = recorder();
    const number = live.request(asking(), handlers);
    live.cancel(number - 1);
    expect(told.outcomes).toEqual([]);
    live.cancel(number);
    expect(sockets[0].texts).toEqual([{ cancel: number }]);
    expect(told.outcomes).toEqual([{ kind: "cancelled" }]);
  });
});
