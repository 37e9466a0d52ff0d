import { describe, expect, it } from "vitest";
import { emptySnapshot, Studio } from "../model/studio";
import { drawnOf, lentOf, looksAs, portrait, portraitAsk, referenceOf } from "./portrait";

const SIZE = { width: 20, height: 10 };
const FACE = { ...SIZE, id: "face", name: "face.jpg", file: new Blob() };
const OTHER = { ...SIZE, id: "other", name: "other.jpg", file: new Blob() };

function plain() {
  return { ...SIZE, ids: new Uint8Array(SIZE.width * SIZE.height) };
}

function opened(): Studio {
  const studio = new Studio();
  studio.open({
    ...emptySnapshot(),
    photo: FACE,
    portrait: { model: "pack:p", title: "p", references: [] },
    classes: ["background", "l_eye", "r_eye"].map((name, i) => ({ name, colour: `#00000${i}` })),
    labels: plain(),
    layout: plain(),
    task: "portrait",
    settings: { seed: 4, ...portrait.start(SIZE) },
  });
  return studio;
}

describe("the portrait's panel", () => {
  it("waits for a face, and lets every part be painted", () => {
    expect(portrait.ready(new Studio())).toContain("Open a photo of a face");
    const studio = opened();
    expect(portrait.ready(studio)).toBeNull();
    expect(studio.usable(2)).toBe(true);
    expect(studio.ofPhoto).toBe(false);
    expect(portrait.sent(studio.settings)).toEqual({ seed: 4 });
    expect(Object.keys(portrait.maps(studio))).toEqual(["labels", "layout"]);
  });

  it("asks for another face's looks only where one is chosen", () => {
    const studio = opened();
    studio.setSettings({ ...looksAs([1, 2], new Map([[0, 7]])), whole: true });
    expect(lentOf(studio.settings)).toEqual([1, 2]);
    expect([...drawnOf(studio.settings)]).toEqual([[0, 7]]);
    const asked = { model: "pack:p", reference: null, lent: [], drawn: { 0: 7 }, whole: true };
    expect(portraitAsk(studio)).toEqual(asked);
    const place = studio.addReference(OTHER);
    expect(studio.addReference({ ...OTHER })).toBe(place);
    studio.setSettings({ reference: place });
    expect(referenceOf(studio)).toBe(OTHER);
    expect(portrait.others?.(studio)).toEqual([OTHER]);
    expect(portraitAsk(studio)).toEqual({ ...asked, reference: "other", lent: [1, 2] });
    studio.setSettings(looksAs([], new Map([[0, 7]])));
    expect(portraitAsk(studio)).toEqual(asked); // nobody looks for the face of one that lends nothing
    expect(portraitAsk(new Studio())).toBeNull();
  });
});
