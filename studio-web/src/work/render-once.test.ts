import { beforeEach, describe, expect, it } from "vitest";
import { FakeLive, fakeFrame } from "./fakes";
import { renderOnce } from "./render-once";

describe("renderOnce", () => {
  const request = { task: "analogy", photo: "p", settings: {}, maps: {} };
  let live: FakeLive;
  let stop: AbortController;
  const levels: number[] = [];

  beforeEach(() => {
    live = new FakeLive();
    stop = new AbortController();
    levels.length = 0;
  });

  function render() {
    return renderOnce(request, { signal: stop.signal, progress: ({ level }) => levels.push(level) }, live);
  }

  it("gives the finished picture, tells of frames on the way, and closes its connection", async () => {
    const made = render();
    const picture = fakeFrame(80);
    live.last.handlers.preview?.(fakeFrame(40, { level: 2 }));
    live.last.handlers.picture?.(picture);
    live.last.handlers.ended({ kind: "done", seconds: 1 });
    expect(await made).toBe(picture);
    expect(live.last.request).toEqual({ ...request, draft: false });
    expect([levels, live.closed]).toEqual([[2], true]);
  });

  it.each([
    [true, 404],
    [false, 400],
  ])("fails in the server's words (unknown photo: %s)", async (unknownPhoto, status) => {
    const made = render();
    live.last.handlers.ended({ kind: "failed", message: "no room", unknownPhoto });
    await expect(made).rejects.toMatchObject({ status, message: "no room" });
    expect(live.closed).toBe(true);
  });

  it("stops when told, also before it began", async () => {
    const made = render();
    stop.abort();
    await expect(made).rejects.toMatchObject({ name: "AbortError" });
    expect(live.closed).toBe(true);
    await expect(render()).rejects.toMatchObject({ name: "AbortError" });
    expect(live.asked).toHaveLength(1);
  });
});
