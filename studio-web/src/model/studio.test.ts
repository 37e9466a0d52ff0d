import { describe, expect, it, vi } from "vitest";
import { deleteClass, mergeClasses } from "./classes";
import { capsule, fill } from "./paint";
import { type Change, emptySnapshot, type Snapshot, Studio, type StudioEvents } from "./studio";
import { noise, plain, seeded } from "./testing";
import { type Photo, type Target, UNMARKED } from "./types";

const PHOTO: Photo = { id: "p", name: "photo.png", width: 40, height: 30, file: new Blob(["bytes"]) };
const CLASSES = ["sky", "sea", "sand"].map((name, id) => ({ name, colour: `#00000${id}` }));

function document(): Snapshot {
  const random = seeded(9);
  return {
    ...emptySnapshot(),
    photo: PHOTO,
    classes: CLASSES,
    labels: noise(40, 30, { random, count: 3 }),
    layout: noise(40, 30, { random, count: 3 }),
    settings: { seed: 1, keep: true, size: null },
  };
}

function opened(): Studio {
  const studio = new Studio();
  studio.open(document());
  return studio;
}

/** Counts every event of a studio by name. */
function counted(studio: Studio): Record<string, number> {
  const counts: Record<string, number> = {};
  const names: (keyof StudioEvents)[] = [
    "document",
    "pixels",
    "begun",
    "ended",
    "changed",
    "classes",
    "active",
    "target",
    "settings",
    "view",
    "stacks",
  ];
  for (const name of names)
    studio.on(name, () => {
      counts[name] = (counts[name] ?? 0) + 1;
    });
  return counts;
}

function stroke(studio: Studio, { target, id, x }: { target: Target; id: number; x: number }): void {
  const edit = studio.begin("Brush", target);
  edit.changed(capsule(edit.map, { x, y: 5 }, { x: x + 5, y: 15 }, 4, id));
  edit.commit();
}

describe("opening", () => {
  it("takes copies and gives copies", () => {
    const given = document();
    const studio = new Studio();
    studio.open(given);
    given.labels?.ids.fill(0);
    expect(studio.map("labels")?.ids.includes(2)).toBe(true);
    const snapshot = studio.snapshot();
    snapshot.layout?.ids.fill(7);
    expect(studio.map("layout")?.ids.includes(7)).toBe(false);
    expect(studio.snapshot()).toEqual({ ...document() });
  });

  it("forgets the steps, ends an open edit, and brings the active class into the table", () => {
    const studio = opened();
    stroke(studio, { target: "layout", id: 1, x: 4 });
    const edit = studio.begin("Brush");
    studio.open({ ...document(), active: 9 });
    expect([studio.editing, studio.undo(), studio.active]).toEqual([false, false, 2]);
    edit.map.ids.fill(1);
    edit.commit();
    expect(studio.undoLabel).toBeNull();
    expect(studio.snapshot().layout).toEqual(document().layout);
  });

  it("refuses maps of another size than the photo's, and keeps the old document", () => {
    const studio = opened();
    expect(() => studio.open({ ...document(), layout: plain(40, 31) })).toThrow(
      "The map of layout is 40x31; the photo is 40x30",
    );
    expect(studio.snapshot()).toEqual(document());
  });
});

describe("edits", () => {
  it("tell of their course, and are one step", () => {
    const studio = opened();
    const counts = counted(studio);
    const map = studio.map("layout");
    stroke(studio, { target: "layout", id: 1, x: 4 });
    expect(counts).toEqual({ begun: 1, pixels: 1, ended: 1, changed: 1, stacks: 1 });
    expect(studio.undoLabel).toBe("Brush");
    expect(studio.undo()).toBe(true);
    expect(studio.map("layout")).toBe(map);
    expect(studio.snapshot()).toEqual(document());
    expect([studio.undo(), studio.redoLabel]).toEqual([false, "Brush"]);
  });

  it("leave no step when nothing differs in the end", () => {
    const studio = opened();
    const ended = vi.fn();
    studio.on("ended", ended);
    const edit = studio.begin("Brush");
    const rect = capsule(edit.map, { x: 9, y: 9 }, { x: 9, y: 9 }, 9, 1);
    edit.map.ids.set(edit.before);
    edit.changed(rect);
    edit.commit();
    expect(ended.mock.calls).toEqual([[{ committed: false }]]);
    expect(studio.undoLabel).toBeNull();
  });

  it("put everything back when cancelled", () => {
    const studio = opened();
    const edit = studio.begin("Fill", "labels");
    edit.changed(fill(edit.map, { x: 3, y: 3 }, 7));
    expect([studio.editing, edit.map.ids.includes(7)]).toEqual([true, true]);
    edit.cancel();
    expect(studio.snapshot()).toEqual(document());
    expect([studio.editing, studio.undoLabel]).toEqual([false, null]);
  });

  it("exclude each other, undo, and the replacement of their own map", () => {
    const studio = opened();
    stroke(studio, { target: "layout", id: 1, x: 4 });
    const edit = studio.begin("Brush");
    expect(() => studio.begin("Fill")).toThrow("open edit");
    expect(studio.undo()).toBe(false);
    expect(() => studio.change("Clear", { layout: plain(40, 30) })).toThrow("inside an edit");
    studio.change("Propose", { labels: plain(40, 30) });
    edit.cancel();
    expect(() => studio.begin("Brush", "strokes")).toThrow("without strokes");
  });
});

describe("changes", () => {
  it("are undone with classes, settings, target and maps that appear and vanish", () => {
    const studio = opened();
    const change: Change = {
      classes: [...CLASSES, { name: "ship", colour: "#ff0000" }],
      strokes: plain(40, 30, UNMARKED),
      layout: null,
      settings: { seed: 5 },
      active: 3,
      target: "strokes",
    };
    studio.change("Begin anew", change);
    expect(studio.snapshot()).toEqual({ ...document(), ...change });
    studio.undo();
    expect(studio.snapshot()).toEqual(document());
    studio.redo();
    expect(studio.snapshot()).toEqual({ ...document(), ...change });
  });

  it("that change nothing are no steps", () => {
    const studio = opened();
    const counts = counted(studio);
    const { labels, settings } = document();
    studio.change("Nothing", { labels, settings, classes: studio.classes, strokes: null });
    expect(studio.undoLabel).toBeNull();
    expect(counts).toEqual({});
  });

  it("that come later are joined to the step they follow from", () => {
    const studio = opened();
    expect(studio.amend({ active: 1 })).toBe(false);
    stroke(studio, { target: "layout", id: 1, x: 4 });
    expect(studio.amend({ labels: plain(40, 30, 2), active: 2 })).toBe(true);
    studio.undo();
    expect(studio.snapshot()).toEqual(document());
    expect(studio.amend({ active: 1 })).toBe(false);
    studio.redo();
    expect(studio.map("labels")).toEqual(plain(40, 30, 2));
  });

  it("joined to a step of the same map are undone the last first", () => {
    const studio = opened();
    stroke(studio, { target: "labels", id: 1, x: 4 });
    studio.amend({ labels: plain(40, 30, 2) });
    studio.undo();
    expect(studio.map("labels")).toEqual(document().labels);
    studio.redo();
    expect(studio.map("labels")).toEqual(plain(40, 30, 2));
  });

  it("never leave a class active that is no more", () => {
    const studio = opened();
    studio.change("Delete", { classes: CLASSES.slice(0, 1) });
    studio.undo();
    studio.setActive(2);
    studio.redo();
    expect(studio.active).toBe(0);
    studio.setActive(1);
    expect(studio.active).toBe(0);
  });
});

describe("undo and redo", () => {
  it("restore every byte of a long random history, there and back", () => {
    const random = seeded(10);
    const studio = opened();
    const whole = (count: number) => Math.floor(random() * count);
    const states = [studio.snapshot()];
    const keep = () => {
      if (studio.undoLabel !== null) states.push(studio.snapshot());
    };
    let steps = 0;
    studio.on("stacks", () => steps++);
    while (states.length < 150) {
      steps = 0;
      const target: Target = random() < 0.5 ? "labels" : "layout";
      const kind = whole(5);
      if (kind < 3 && studio.map(target) !== null)
        stroke(studio, { target, id: whole(studio.classes.length), x: whole(45) });
      if (kind === 3)
        studio.change("Map", {
          [target]: random() < 0.3 ? null : noise(40, 30, { random, count: studio.classes.length }),
        });
      if (kind === 4) {
        const maps = { strokes: null, labels: studio.map("labels"), layout: studio.map("layout") };
        const { classes } = studio;
        if (classes.length < 3) studio.change("Classes", { classes: [...classes, ...CLASSES.slice(0, 2)] });
        else
          studio.change(
            "Class",
            random() < 0.5
              ? deleteClass(classes, maps, whole(classes.length))
              : mergeClasses(classes, maps, { from: 0, into: 2 }),
          );
      }
      if (steps === 0) continue;
      if (studio.target !== states.at(-1)?.target) studio.setTarget(target);
      keep();
    }
    const same = (state: Snapshot) => {
      const { target: _, active: __, ...rest } = studio.snapshot();
      const { target: ___, active: ____, ...expected } = state;
      expect(rest).toEqual(expected);
    };
    for (let i = states.length - 2; i >= 0; i--) {
      expect(studio.undo()).toBe(true);
      same(states[i]);
    }
    expect(studio.undo()).toBe(false);
    for (const state of states.slice(1)) {
      expect(studio.redo()).toBe(true);
      same(state);
    }
    expect(studio.redo()).toBe(false);
  });

  it("show the map of the edit", () => {
    const studio = opened();
    stroke(studio, { target: "labels", id: 1, x: 4 });
    studio.setTarget("layout");
    studio.undo();
    expect(studio.target).toBe("labels");
  });
});

describe("the rest", () => {
  it("knows which classes the labels hold, also after they change", () => {
    const studio = opened();
    expect([0, 1, 2, 3].map((id) => studio.usable(id))).toEqual([true, true, true, false]);
    studio.change("Plain", { labels: plain(40, 30, 1) });
    expect([0, 1, 2].map((id) => studio.usable(id))).toEqual([false, true, false]);
    stroke(studio, { target: "labels", id: 2, x: 4 });
    expect(studio.usable(2)).toBe(true);
    studio.undo();
    expect(studio.usable(2)).toBe(false);
    expect(new Studio().usable(0)).toBe(false);
  });

  it("keeps the view within its limits and tells only what is new", () => {
    const studio = opened();
    const counts = counted(studio);
    studio.setView({ brush: 1000, opacity: -1 });
    expect(studio.view).toMatchObject({ brush: 400, opacity: 0 });
    studio.setView({ brush: 401 });
    studio.setView({ brush: 0.2 });
    expect(studio.view.brush).toBe(1);
    studio.setSettings({ seed: 1 });
    studio.setSettings({ seed: 2 });
    expect(studio.settings).toEqual({ seed: 2, keep: true, size: null });
    studio.setTarget("layout");
    studio.setTarget("labels");
    studio.setActive(-1);
    studio.setActive(1);
    studio.setTask("analogy");
    expect(counts).toEqual({ view: 2, settings: 1, target: 1, active: 1 });
  });

  it("stops telling who went, and tells the others even if one fails", () => {
    const studio = opened();
    const told: string[] = [];
    const later = vi.spyOn(globalThis, "queueMicrotask").mockReturnValue();
    const off = studio.on("active", () => told.push("first"));
    studio.on("active", () => {
      off();
      if (told.length === 1) throw new Error("broken listener");
    });
    studio.on("active", () => told.push("last"));
    studio.setActive(1);
    studio.setActive(2);
    expect(told).toEqual(["first", "last", "last"]);
    expect(later.mock.calls).toHaveLength(1);
    expect(later.mock.calls[0][0]).toThrow("broken listener");
    later.mockRestore();
  });
});
