import { describe, expect, it } from "vitest";
import { sentence } from "./status";

describe("sentence", () => {
  it("begins with a capital letter and ends with a stop", () => {
    expect(sentence(new Error("the studio's server does not answer; is it still running?"))).toBe(
      "The studio's server does not answer; is it still running?",
    );
    expect(sentence("no photo of 1.5 MB is taken")).toBe("No photo of 1.5 MB is taken.");
    expect(sentence(" ")).toBe("Something failed.");
  });

  it("leaves the name of a file as it is", () => {
    expect(sentence("iMG_0001.png is not an image.")).toBe("iMG_0001.png is not an image.");
    expect(sentence("a.b.tif: damaged")).toBe("a.b.tif: damaged.");
    expect(sentence("my photo.x is damaged", "my photo.x")).toBe("my photo.x is damaged.");
    expect(sentence("photo is damaged", "photo")).toBe("photo is damaged.");
    expect(sentence("the server is gone", "my photo.x")).toBe("The server is gone.");
  });
});
