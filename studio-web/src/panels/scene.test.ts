import { describe, expect, it } from "vitest";
import { emptySnapshot, Studio } from "../model/studio";
import { plain } from "../model/testing";
import { scene } from "./scene";

const SIZE = { width: 40, height: 30 };

function opened(values: object = {}): Studio {
  const studio = new Studio();
  const engine = {
    engine: "model:s",
    title: "s",
    kind: "model",
    photos: 0,
    ignore: null,
    styled: true,
    varies: true,
    variesStyled: true,
  } as const;
  studio.open({
    ...emptySnapshot(),
    photo: { ...SIZE, id: "begun", name: "s", file: new Blob() },
    scene: { ...engine, styles: [] },
    classes: [
      { name: "sky", colour: "#000001" },
      { name: "sea", colour: "#000002" },
    ],
    labels: plain(SIZE.width, SIZE.height),
    layout: plain(SIZE.width, SIZE.height),
    task: "scene",
    settings: scene.start(SIZE),
    ...values,
  });
  return studio;
}

describe("the scene's panel", () => {
  it("waits for an engine", () => {
    expect(scene.ready(new Studio())).toContain("Begin a scene");
    expect(scene.ready(opened())).toBeNull();
  });

  it("lets every class be painted, for none must be seen before", () => {
    expect(opened().usable(1)).toBe(true);
    expect(opened({ scene: null }).usable(1)).toBe(false);
  });

  it("needs no photo but that of a style, which is no setting of the server's", () => {
    const studio = opened();
    expect(scene.photo(studio)).toBeNull();
    const style = { ...SIZE, id: "dusk", name: "dusk.jpg", file: new Blob() };
    const place = studio.addStyle(style);
    expect(studio.addStyle({ ...style })).toBe(place);
    studio.setSettings({ style: place });
    expect(scene.photo(studio)).toBe(style);
    expect(scene.sent({ seed: 2, style: place })).toEqual({ seed: 2 });
  });
});
