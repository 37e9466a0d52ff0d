import { beforeEach, describe, expect, it } from "vitest";
import { whole } from "../model/rect";
import { emptySnapshot, type Snapshot, Studio } from "../model/studio";
import type { IndexMap } from "../model/types";
import type { Area } from "./changes";
import { FakeLive, fakeFrame } from "./fakes";
import type { LiveFrame } from "./live";
import { type Finished, Loop } from "./loop";
import { followPixels, Packer } from "./packer";

const SIZE = { width: 600, height: 400 };

function filled(split: number): IndexMap {
  const ids = new Uint8Array(SIZE.width * SIZE.height);
  return { ...SIZE, ids: ids.fill(1, split) };
}

function opened(values: Partial<Snapshot> = {}): Snapshot {
  return {
    ...emptySnapshot(),
    photo: { ...SIZE, id: "photo", name: "a.jpg", file: new Blob(["x"]) },
    classes: [
      { name: "sky", colour: "#0000ff" },
      { name: "grass", colour: "#00ff00" },
      { name: "sand", colour: "#ffff00" },
    ],
    labels: filled(1000),
    layout: filled(1000),
    settings: { seed: 3, size: null, variations: 1, first_variation: 0 },
    ...values,
  };
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

describe("Loop", () => {
  let studio: Studio;
  let live: FakeLive;
  let loop: Loop;
  let uploads: number;
  let frames: LiveFrame[];
  let finished: Finished[];

  beforeEach(async () => {
    studio = new Studio();
    live = new FakeLive();
    uploads = 0;
    frames = [];
    finished = [];
    const packer = new Packer(async (bytes) => bytes);
    followPixels(packer, studio);
    const upload = async () => {
      uploads += 1;
      return `again-${uploads}`;
    };
    loop = new Loop(studio, { live, packer, upload });
    loop.on("frame", ({ frame }) => frames.push(frame));
    loop.on("finished", (picture) => finished.push(picture));
    studio.open(opened());
    await settled();
  });

  function finish(): void {
    live.last.handlers.picture?.(fakeFrame(600));
    live.last.handlers.ended({ kind: "done", seconds: 1 });
  }

  async function paint(edit: ReturnType<Studio["begin"]>, at: number, id = 1): Promise<void> {
    edit.map.ids[at] = id;
    edit.changed(whole(SIZE));
    await settled();
  }

  it("asks for the whole picture of a document that is opened, with its settings", () => {
    expect(live.asked).toHaveLength(1);
    const { draft, photo, settings, maps } = live.last.request;
    expect({ draft, photo, settings }).toEqual({ draft: false, photo: "photo", settings: studio.settings });
    expect(Object.keys(maps)).toEqual(["labels", "layout"]);
  });

  it("sends one draft at a time while painting, each with the newest pixels, then the whole picture", async () => {
    finish();
    const edit = studio.begin("Brush");
    await paint(edit, 0);
    expect(live.last.request).toMatchObject({ draft: true, settings: { size: 256, variations: 1, seed: 3 } });
    const before = live.asked.length;
    await paint(edit, 1);
    await paint(edit, 2);
    expect(live.asked).toHaveLength(before);
    live.last.handlers.ended({ kind: "done", seconds: 0.1 });
    expect(live.asked).toHaveLength(before + 1);
    expect((await live.last.request.maps.layout).bytes.slice(0, 4)).toEqual(Uint8Array.of(1, 1, 1, 0));
    live.last.handlers.ended({ kind: "done", seconds: 0.1 });
    expect(live.asked).toHaveLength(before + 1);
    edit.commit();
    await settled();
    expect(live.asked).toHaveLength(before + 2);
    expect(live.last.request.draft).toBe(false);
  });

  it("does not ask again for what it has: a class renamed, an edit that changed nothing", async () => {
    finish();
    const before = live.asked.length;
    studio.change("Rename", { classes: [{ name: "heaven", colour: "#0000ff" }, ...studio.classes.slice(1)] });
    studio.begin("Brush").commit();
    await settled();
    expect(live.asked).toHaveLength(before);
    studio.setSettings({ seed: 4 });
    await settled();
    expect(live.asked).toHaveLength(before + 1);
    expect(live.last.request.settings.seed).toBe(4);
  });

  it("sees a setting that was not there before", async () => {
    studio.open(opened({ settings: {} }));
    await settled();
    const before = live.asked.length;
    studio.setSettings({ seed: 6 });
    await settled();
    expect(live.asked).toHaveLength(before + 1);
  });

  it("asks once for one change, and again after undo", async () => {
    finish();
    const before = live.asked.length;
    studio.change("Fill", { layout: filled(500), settings: { ...studio.settings, seed: 9 } });
    await settled();
    expect(live.asked).toHaveLength(before + 1);
    studio.undo();
    await settled();
    expect(live.asked).toHaveLength(before + 2);
    expect(live.last.request.settings.seed).toBe(3);
  });

  it("tells which class the labels lack instead of asking", async () => {
    const before = live.asked.length;
    const layout = filled(1000);
    layout.ids[5] = 2;
    studio.change("Fill", { layout });
    await settled();
    expect(live.asked).toHaveLength(before);
    expect(live.cancelled).toEqual([before]);
    expect(loop.status).toMatchObject({ kind: "blocked", text: expect.stringContaining("“sand”") });
  });

  it("asks nothing while the photo is being labelled, and then once", async () => {
    finish();
    const before = live.asked.length;
    studio.setTarget("labels");
    studio.change("Fill", { labels: filled(300) });
    await settled();
    expect(live.asked).toHaveLength(before);
    studio.setTarget("layout");
    await settled();
    expect(live.asked).toHaveLength(before + 1);
  });

  it("sends the photo again when the server does not know it, and asks for what is newest by then", async () => {
    live.last.handlers.ended({ kind: "failed", message: "unknown", unknownPhoto: true });
    studio.setSettings({ seed: 8 });
    await settled();
    expect(uploads).toBe(1);
    expect(live.last.request).toMatchObject({ photo: "again-1", settings: { seed: 8 } });
    expect(live.asked).toHaveLength(2);
    live.last.handlers.ended({ kind: "failed", message: "unknown", unknownPhoto: true });
    await settled();
    expect(uploads).toBe(1);
    expect(loop.status).toEqual({ kind: "failed", text: "unknown" });
  });

  it("keeps the last picture after a failure and tries again when told", async () => {
    finish();
    studio.setSettings({ seed: 5 });
    await settled();
    live.last.handlers.ended({ kind: "failed", message: "too large", unknownPhoto: false });
    expect(loop.status).toEqual({ kind: "failed", text: "too large" });
    expect(loop.latest?.settings.seed).toBe(3);
    const before = live.asked.length;
    loop.again();
    expect(live.asked).toHaveLength(before + 1);
  });

  it("shows frames of a new layout where it differs, also those of a quick look of another size", async () => {
    const areas: (Area | null)[] = [];
    loop.on("frame", ({ area }) => areas.push(area));
    for (const side of [32, 64, 128]) live.last.handlers.preview?.(fakeFrame(side));
    expect(frames.map(({ width }) => width)).toEqual([32, 128]);
    expect(areas).toEqual([null, null]);
    finish();
    const edit = studio.begin("Brush");
    await paint(edit, 0);
    live.last.handlers.preview?.(fakeFrame(128));
    edit.commit();
    await settled();
    live.last.handlers.preview?.(fakeFrame(512));
    for (const area of areas.slice(2)) {
      expect(area?.alpha[0]).toBe(255);
      expect(area?.alpha.at(-1)).toBe(0);
    }
    expect(areas).toHaveLength(4);
    finish();
    studio.setSettings({ seed: 12 });
    await settled();
    live.last.handlers.preview?.(fakeFrame(128));
    expect(areas.at(-1)).toBeNull();
  });

  it("offers variations and takes one without asking for it again", async () => {
    finish();
    loop.vary(3);
    expect(live.last.request.settings).toMatchObject({ variations: 3, first_variation: 0 });
    const before = live.asked.length;
    live.last.handlers.preview?.(fakeFrame(64, { variation: 1 }));
    const chosen = fakeFrame(600, { variation: 1 });
    live.last.handlers.picture?.(chosen);
    expect(loop.variations.map((each) => each.finished)).toEqual([false, true, false]);
    loop.pick(0);
    expect(studio.settings.first_variation).toBe(0);
    loop.pick(1);
    live.last.handlers.ended({ kind: "done", seconds: 2 });
    await settled();
    expect(studio.settings.first_variation).toBe(1);
    expect(live.asked).toHaveLength(before);
    expect(finished.at(-1)).toMatchObject({
      picture: chosen.picture,
      settings: { first_variation: 1, variations: 1 },
    });
    expect(loop.variations).toHaveLength(3);
    studio.setSettings({ seed: 77 });
    await settled();
    expect(loop.variations).toEqual([]);
  });

  it("goes back to the whole picture when variations took its place", async () => {
    loop.vary(2);
    live.last.handlers.ended({ kind: "done", seconds: 1 });
    await settled();
    expect(live.last.request.settings.variations).toBe(1);
  });

  describe("with a trained model", () => {
    const model = () => live.last.request.model ?? null;

    beforeEach(() => finish());

    it("has the layout as it is made by it, and the next one by the instant engine", async () => {
      expect(model()).toBeNull();
      loop.use({ run: "r", always: false });
      expect(model()).toEqual({ run: "r", classes: studio.classes });
      finish();
      expect(loop.latest).toMatchObject({ run: "r", label: "Opened, by a trained model" });
      expect(loop.status.text).toContain("by the trained model r");
      const edit = studio.begin("Brush");
      await paint(edit, 0);
      expect([live.last.request.draft, model()]).toEqual([true, null]);
      edit.commit();
      await settled();
      expect([live.last.request.draft, model(), loop.engine]).toEqual([false, null, null]);
      finish();
      expect(loop.latest).toMatchObject({ run: null, label: "Brush" });
    });

    it("keeps to it for another seed and for variations of the same layout", async () => {
      loop.use({ run: "r", always: false });
      finish();
      studio.setSettings({ seed: 8 });
      await settled();
      expect(model()?.run).toBe("r");
      finish();
      loop.vary(3);
      expect(model()?.run).toBe("r");
      const chosen = fakeFrame(600, { variation: 1 });
      live.last.handlers.picture?.(chosen);
      live.last.handlers.ended({ kind: "done", seconds: 1 });
      loop.pick(1);
      await settled();
      expect(loop.latest).toMatchObject({ picture: chosen.picture, run: "r" });
    });

    it("makes every picture with it when told to, quick looks too", async () => {
      loop.use({ run: "r", always: true });
      finish();
      const edit = studio.begin("Brush");
      await paint(edit, 0);
      expect([live.last.request.draft, model()?.run]).toEqual([true, "r"]);
      edit.commit();
      await settled();
      expect([live.last.request.draft, model()?.run]).toEqual([false, "r"]);
    });

    it("goes back to the instant engine when told to, and drops the model's variations", async () => {
      loop.use({ run: "r", always: true });
      finish();
      loop.vary(2);
      live.last.handlers.ended({ kind: "done", seconds: 1 });
      loop.use(null);
      await settled();
      expect([model(), loop.variations]).toEqual([null, []]);
    });

    it("asks once for one engine, and tells when it changes", async () => {
      const before = live.asked.length;
      let told = 0;
      loop.on("engine", () => {
        told += 1;
      });
      loop.use({ run: "r", always: false });
      loop.use({ run: "r", always: true });
      await settled();
      expect([live.asked.length, told]).toEqual([before + 1, 2]);
      studio.open(opened());
      await settled();
      expect([loop.engine, model(), told]).toEqual([null, null, 3]);
    });

    it("waits with it while the photo is being labelled", async () => {
      studio.setTarget("labels");
      const before = live.asked.length;
      loop.use({ run: "r", always: true });
      expect(live.asked.length).toBe(before);
      studio.setTarget("layout");
      await settled();
      expect(model()?.run).toBe("r");
    });
  });

  it("forgets everything with a new document", async () => {
    finish();
    const late = live.last.handlers;
    studio.open(opened({ photo: { ...SIZE, id: "other", name: "b.jpg", file: new Blob() } }));
    late.picture?.(fakeFrame(600));
    expect(loop.latest).toBeNull();
    await settled();
    expect(live.last.request.photo).toBe("other");
  });

  it("says when the server is away", () => {
    live.setState("lost");
    expect(loop.status.kind).toBe("lost");
    live.setState("open");
    expect(loop.status.kind).toBe("working");
  });

  describe("of a scene", () => {
    const style = { ...SIZE, id: "dusk", name: "dusk.jpg", file: new Blob(["y"]) };

    beforeEach(async () => {
      const scene = {
        engine: "bank:street",
        title: "street",
        kind: "bank",
        photos: 9,
        styled: true,
        varies: true,
        variesStyled: true,
      } as const;
      studio.open(
        opened({
          task: "scene",
          scene: { ...scene, ignore: null, styles: [] },
          settings: { seed: 3, variations: 1, first_variation: 0, style: null },
        }),
      );
      await settled();
    });

    it("asks its engine for the layout alone, without a photo", () => {
      const { request } = live.last;
      expect(request).toMatchObject({ task: "scene", photo: "", scene: "bank:street", model: null });
      expect(request.settings).toEqual({ seed: 3, variations: 1, first_variation: 0 });
      expect(Object.keys(request.maps)).toEqual(["layout"]);
    });

    it("asks for a style by its photo, and sends that again where the server forgot it", async () => {
      finish();
      studio.setSettings({ style: studio.addStyle(style) });
      await settled();
      expect(live.last.request).toMatchObject({ photo: "dusk" });
      expect(live.last.request.settings).not.toHaveProperty("style");
      live.last.handlers.ended({ kind: "failed", message: "gone", unknownPhoto: true });
      await settled();
      expect(live.last.request).toMatchObject({ photo: "again-1" });
    });

    it("sends what is to be made anew, and tells it of the finished picture", async () => {
      finish();
      expect(finished.at(-1)?.rolls).toBeNull();
      studio.change("Make a part anew", { rolls: { ...SIZE, ids: filled(5).ids } });
      await settled();
      const { maps } = live.last.request;
      expect(Object.keys(maps)).toEqual(["layout", "rolls"]);
      finish();
      expect(finished.at(-1)?.rolls).toBe(maps.rolls);
      studio.undo();
      await settled();
      expect(Object.keys(live.last.request.maps)).toEqual(["layout"]);
    });

    it("follows the brush with quick looks", async () => {
      finish();
      const edit = studio.begin("Brush");
      await paint(edit, 7, 2);
      expect(live.last.request).toMatchObject({ draft: true, scene: "bank:street" });
      edit.cancel();
    });
  });
});
