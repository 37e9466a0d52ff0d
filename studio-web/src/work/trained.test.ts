import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { crc32 } from "../model/crc";
import { emptySnapshot, Studio } from "../model/studio";
import { ServerError } from "./rest";
import type { Lesson, RunCard, Runs } from "./runs";
import { duration, factsOf, progressOf, spokenProgressOf, Trained } from "./trained";

const SIZE = { width: 4, height: 2 };
const LABELS = Uint8Array.of(0, 0, 1, 1, 0, 0, 1, 2);
const CLASSES = ["sky", "sea", "sand"].map((name, id) => ({ name, colour: `#0000a${id}` }));

function card(name: string, values: Partial<RunCard> = {}): RunCard {
  const kind = { title: `${name}.png`, recipe: "fast", made: 0, state: "done", thumbnail: true } as const;
  const place = {
    step: 40,
    steps: 40,
    seconds_left: null,
    images_per_second: null,
    preview: null,
    message: "",
  };
  return { name, ...kind, ...place, usable: true, photo: "p", labels: crc32(LABELS), ...values };
}

/** A server with these runs that writes down what it is asked. */
function fakeServer(...runs: RunCard[]) {
  const server = {
    runs,
    away: false,
    lists: 0,
    asked: [] as unknown[],
    list: async (): Promise<Runs> => {
      server.lists += 1;
      if (server.away) throw new ServerError(0, "no answer");
      return { folder: "/runs", missing: "", steps: 1500, runs: server.runs };
    },
    train: async (photo: string, lesson: Lesson) => {
      server.asked.push(["train", photo, lesson]);
      const begun = card("new", { state: "training", step: 0, usable: false });
      server.runs = [begun, ...server.runs];
      return begun;
    },
    resume: async (name: string) => {
      server.asked.push(["resume", name]);
      return card(name);
    },
    stop: async (name: string) => {
      server.asked.push(["stop", name]);
      return card(name);
    },
    remove: async (name: string) => {
      server.asked.push(["remove", name]);
      server.runs = server.runs.filter((run) => run.name !== name);
    },
  };
  return server;
}

describe("Trained", () => {
  let studio: Studio;

  beforeEach(() => {
    vi.useFakeTimers();
    studio = new Studio();
    const photo = { ...SIZE, id: "p", name: "a.jpg", file: new Blob() };
    const labels = { ...SIZE, ids: LABELS.slice() };
    studio.open({ ...emptySnapshot(), photo, classes: CLASSES, labels, layout: labels });
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  it("puts the models of the open photo first, and tells those of other labels apart", async () => {
    const server = fakeServer(
      card("far", { photo: "q" }),
      card("near", { labels: 7 }),
      card("here"),
      card("old"),
    );
    const trained = new Trained(studio, server);
    expect([trained.runs, trained.chosen]).toEqual([[], null]);
    await trained.refresh();
    expect(trained.runs.map(({ name }) => name)).toEqual(["here", "old", "near", "far"]);
    expect(trained.runs.map((run) => trained.kinship(run))).toEqual([
      "same",
      "same",
      "other labels",
      "other photo",
    ]);
    expect(trained.chosen?.name).toBe("here");
  });

  it("sees that the labels were corrected", async () => {
    const trained = new Trained(studio, fakeServer(card("here")));
    await trained.refresh();
    expect(trained.kinship(trained.runs[0])).toBe("same");
    studio.change("Fill", { labels: { ...SIZE, ids: LABELS.map((id) => (id === 2 ? 1 : id)) } });
    expect(trained.kinship(trained.runs[0])).toBe("other labels");
    studio.undo();
    expect(trained.kinship(trained.runs[0])).toBe("same");
  });

  it("takes no model of another photo by itself, but the one that was chosen until it is gone", async () => {
    const server = fakeServer(card("bare", { usable: false }), card("far", { photo: "q" }));
    const trained = new Trained(studio, server);
    await trained.refresh();
    expect(trained.chosen).toBeNull();
    trained.choose("far");
    expect(trained.chosen?.name).toBe("far");
    await trained.remove("far");
    expect(trained.chosen).toBeNull();
    expect(server.asked).toEqual([["remove", "far"]]);
  });

  it("offers none where none can be used", async () => {
    const server = fakeServer(card("here"));
    const trained = new Trained(studio, {
      ...server,
      list: async () => ({ ...(await server.list()), missing: "no" }),
    });
    await trained.refresh();
    expect([trained.runs.length, trained.chosen]).toEqual([1, null]);
  });

  it("forgets the choice with another document", async () => {
    const trained = new Trained(studio, fakeServer(card("here"), card("old")));
    await trained.refresh();
    trained.choose("old");
    studio.open(studio.snapshot());
    expect(trained.chosen?.name).toBe("here");
  });

  it("trains on what is open and follows it until it has ended", async () => {
    const server = fakeServer();
    const trained = new Trained(studio, server);
    await trained.train(30);
    const maps = { labels: studio.map("labels"), layout: studio.map("layout") };
    expect(server.asked).toEqual([["train", "p", { name: "a.jpg", classes: CLASSES, steps: 30, ...maps }]]);
    expect([trained.training?.name, trained.chosen?.name]).toEqual(["new", "new"]);
    const before = server.lists;
    await vi.advanceTimersByTimeAsync(3500);
    expect(server.lists).toBe(before + 3);
    server.runs = [card("new")];
    await vi.advanceTimersByTimeAsync(1000);
    expect(trained.training).toBeNull();
    const after = server.lists;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(server.lists).toBe(after);
  });

  it("finds a training again that was begun before the page was loaded", async () => {
    const server = fakeServer(card("begun", { state: "training", step: 3 }));
    const trained = new Trained(studio, server);
    await trained.refresh();
    expect(trained.training?.step).toBe(3);
    server.runs = [card("begun", { state: "training", step: 9 })];
    await vi.advanceTimersByTimeAsync(1500);
    expect(trained.training?.step).toBe(9);
  });

  it("goes on asking when the server was away for a while", async () => {
    const server = fakeServer(card("begun", { state: "training" }));
    const trained = new Trained(studio, server);
    await trained.refresh();
    server.away = true;
    await vi.advanceTimersByTimeAsync(2500);
    expect(trained.training?.name).toBe("begun");
    server.away = false;
    server.runs = [];
    await vi.advanceTimersByTimeAsync(1000);
    expect(trained.training).toBeNull();
  });

  it("asks for labels before anything else", async () => {
    studio.open({ ...emptySnapshot(), photo: studio.photo });
    const server = fakeServer();
    await expect(new Trained(studio, server).train(3)).rejects.toThrow("Label the photo first");
    expect(server.asked).toEqual([]);
  });
});

describe("words", () => {
  const at = (step: number, left: number | null = null) =>
    card("a", { state: "training", step, steps: 1500, seconds_left: left });

  it.each([
    [at(0), "Getting ready", "Getting ready"],
    [at(320, 236), "Step 320 of 1500, about 4 min left", "20 % trained, about 4 min left"],
    [at(20, 236), "Step 20 of 1500, about 4 min left", "0 % trained"],
    [at(5), "Step 5 of 1500", "0 % trained"],
    [{ ...at(9, 9), state: "stopping" as const }, "Saving, to be gone on with", "Saving, to be gone on with"],
  ])("tell how far it is: %#", (run, shown, said) => {
    expect([progressOf(run), spokenProgressOf(run)]).toEqual([shown, said]);
  });

  it.each([
    [0.2, "1 s"],
    [44.6, "45 s"],
    [60, "1 min"],
    [5369, "89 min"],
    [5400, "1.5 h"],
  ])("tell %f s as %s", (seconds, words) => {
    expect(duration(seconds)).toBe(words);
  });

  it("tell what a model was trained on and how far", () => {
    expect(factsOf(card("a"), "same")).toBe("this photo, fast, 40 steps");
    const broken = card("a", { state: "failed", step: 3, usable: false });
    expect(factsOf(broken, "other photo")).toBe("another photo, fast, 3 of 40 steps, failed, no weights yet");
    expect(factsOf(card("a", { steps: null, recipe: "" }), "other labels")).toBe(
      "this photo, other labels, 40 steps",
    );
  });
});
