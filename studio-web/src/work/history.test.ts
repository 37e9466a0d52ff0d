import { describe, expect, it } from "vitest";
import { pack } from "../model/packed";
import type { HistoryEntry } from "../model/session";
import { emptySnapshot, Studio } from "../model/studio";
import type { ClassEntry, IndexMap } from "../model/types";
import { History, MOST_ENTRIES, restore, translated } from "./history";

const SKY = { name: "sky", colour: "#0000ff" };
const GRASS = { name: "grass", colour: "#00ff00" };
const SAND = { name: "sand", colour: "#ffff00" };

function row(...ids: number[]): IndexMap {
  return { width: ids.length, height: 1, ids: Uint8Array.from(ids) };
}

async function entry(
  id: string,
  layout: IndexMap,
  classes: readonly ClassEntry[] = [SKY, GRASS],
): Promise<HistoryEntry> {
  const settings = { seed: 5 };
  return {
    id,
    made: 1,
    label: "Brush",
    layout: await pack(layout),
    classes,
    settings,
    thumbnail: new Blob(),
  };
}

describe("translated", () => {
  const labels = row(1, 1, 0);

  it("leaves a layout alone whose classes are as they were, also when recoloured", () => {
    const layout = row(0, 1, 1);
    const classes = [{ ...SKY, colour: "#123456" }, GRASS];
    expect(translated(layout, [SKY, GRASS], { classes, labels })).toEqual({ layout, gone: [] });
  });

  it("follows classes that moved, by name and, where renamed, by colour", () => {
    const now = { classes: [GRASS, { ...SKY, name: "heaven" }], labels };
    expect(translated(row(0, 1, 1), [SKY, GRASS], now)).toEqual({ layout: row(1, 0, 0), gone: [] });
  });

  it("takes the photo's labels where a class is gone, and names it if it was used", () => {
    const now = { classes: [SKY, GRASS], labels };
    expect(translated(row(2, 0, 2), [SKY, GRASS, SAND], now)).toEqual({
      layout: row(1, 0, 0),
      gone: ["sand"],
    });
    expect(translated(row(0, 0, 1), [SKY, GRASS, SAND], now)).toEqual({ layout: row(0, 0, 1), gone: [] });
  });
});

describe("restore", () => {
  it("brings layout and settings back in one step", async () => {
    const studio = new Studio();
    studio.open({
      ...emptySnapshot(),
      classes: [SKY, GRASS],
      labels: row(0, 1, 1),
      layout: row(0, 0, 0),
      settings: { seed: 1 },
    });
    const before = studio.snapshot();
    expect(await restore(studio, await entry("a", row(1, 1, 0)))).toBeNull();
    expect(studio.map("layout")).toEqual(row(1, 1, 0));
    expect(studio.settings).toEqual({ seed: 5 });
    studio.undo();
    expect(studio.snapshot()).toEqual(before);
  });
});

describe("History", () => {
  it("keeps the newest, and the first of those made alike", async () => {
    const history = new History(new Studio());
    history.add(await entry("first", row(1, 0)));
    history.add(await entry("second", row(1, 1)));
    history.add(await entry("again", row(1, 0)));
    expect(history.entries.map(({ id }) => id)).toEqual(["first", "second"]);
    expect(history.current).toBe("first");
    history.remove("second");
    const one = history.entries[0];
    history.replace(Array.from({ length: MOST_ENTRIES + 3 }, (_, i) => ({ ...one, id: `${i}` })));
    expect(history.entries).toHaveLength(MOST_ENTRIES);
    expect(history.entries[0].id).toBe("3");
  });

  it("waits for what is still being made, unless another document is opened", async () => {
    const studio = new Studio();
    const history = new History(studio);
    let finish: (made: HistoryEntry) => void = () => {};
    const made = new Promise<HistoryEntry>((resolve) => {
      finish = resolve;
    });
    const added = history.addLater(made);
    let settled = false;
    const waiting = history.settled().then(() => {
      settled = true;
    });
    await Promise.resolve();
    expect(settled).toBe(false);
    finish(await entry("first", row(1, 0)));
    await waiting;
    expect(history.entries.map(({ id }) => id)).toEqual(["first"]);
    await added;
    const late = history.addLater(entry("late", row(1, 1)));
    studio.open(emptySnapshot());
    await late;
    expect(history.entries).toEqual([]);
    await expect(history.addLater(Promise.reject(new Error("no thumbnail")))).rejects.toThrow("no thumbnail");
    await history.settled();
  });

  it("is empty for a new document", async () => {
    const studio = new Studio();
    const history = new History(studio);
    history.add(await entry("first", row(1, 0)));
    studio.open(emptySnapshot());
    expect(history.entries).toEqual([]);
  });
});
