import { describe, expect, it } from "vitest";
import { deflate, unpack } from "../model/packed";
import { whole } from "../model/rect";
import { emptySnapshot, Studio } from "../model/studio";
import { followPixels, Packer } from "./packer";

const map = () => ({ width: 3, height: 2, ids: Uint8Array.of(0, 1, 2, 3, 4, 5) });

describe("Packer", () => {
  it("packs the map as it was at the call, once", async () => {
    let packed = 0;
    const packer = new Packer(async (bytes) => {
      packed += 1;
      await null; // another thread reads the bytes later
      return deflate(bytes);
    });
    const drawn = map();
    const first = packer.pack(drawn);
    drawn.ids[0] = 9;
    expect(packer.pack(drawn)).toBe(first);
    expect(await unpack(await first)).toEqual(map());
    packer.forget(drawn);
    expect(await unpack(await packer.pack(drawn))).toEqual(drawn);
    expect(packed).toBe(2);
  });

  it("tries again after a failure", async () => {
    let fail = true;
    const packer = new Packer((bytes) => (fail ? Promise.reject(new Error("no memory")) : deflate(bytes)));
    const drawn = map();
    await expect(packer.pack(drawn)).rejects.toThrow("no memory");
    fail = false;
    expect(await unpack(await packer.pack(drawn))).toEqual(drawn);
  });

  it("follows what is painted in a studio, undo included", async () => {
    const studio = new Studio();
    studio.open({ ...emptySnapshot(), labels: map(), layout: map() });
    const packer = new Packer(deflate);
    followPixels(packer, studio);
    const packed = () => packer.pack(studio.map("layout") ?? map());
    const labels = studio.map("labels") ?? map();
    const [before, kept] = [await packed(), packer.pack(labels)];
    const edit = studio.begin("Brush", "layout");
    edit.map.ids[2] = 0;
    edit.changed(whole(map()));
    edit.commit();
    expect(await unpack(await packed())).toEqual(studio.map("layout"));
    studio.undo();
    expect(await packed()).toEqual(before);
    expect(packer.pack(labels)).toBe(kept);
  });
});
