import { beforeEach, describe, expect, it } from "vitest";
import { beginBoard } from "../model/board";
import { Studio } from "../model/studio";
import type { Board } from "../model/types";
import { BoardRun, requestOf } from "./board-run";
import { nameOf, pointsText } from "./board-save";
import { FakeLive } from "./fakes";
import type { LiveFrame, Piece } from "./live";

const TILES = [
  { name: "a.png", x: 0, y: 0, width: 4, height: 4 },
  { name: "b.png", x: 12, y: 0, width: 4, height: 4 },
];

function board(method: Board["method"]): Board {
  return { model: "model:m", title: "m", method, tiles: TILES };
}

function frame(values: Partial<LiveFrame> & { piece?: Piece | null } = {}): LiveFrame {
  const shared = { variation: 0, level: 0, levels: 4, seconds: 0.5, width: 4, height: 4 };
  return { ...shared, picture: new Blob(), ...values };
}

function piece(part: Piece["part"], place = 0): Piece {
  return { part, place, distance: part === "candidate" ? 0.5 : null, notes: [] };
}

describe("the work on a board", () => {
  let studio: Studio;
  let live: FakeLive;
  let run: BoardRun;
  const uploaded: string[] = [];

  beforeEach(() => {
    studio = new Studio();
    live = new FakeLive();
    uploaded.length = 0;
    const packer = { pack: async () => ({ width: 16, height: 4, bytes: new Uint8Array(1) }) };
    const upload = async (photo: { name: string }) => {
      uploaded.push(photo.name);
      return "new";
    };
    run = new BoardRun(studio, { live, packer, upload });
    const photo = { id: "old", name: "a.png", width: 16, height: 4, file: new Blob() };
    studio.open(beginBoard(photo, board("preserve")));
  });

  it("asks when told to, and not before", () => {
    expect(live.asked).toHaveLength(0);
    run.start();
    const { request } = live.last;
    expect([request.task, request.photo]).toEqual(["preserve", "old"]);
    expect(request.keep).toMatchObject({
      model: "model:m",
      candidates: 36,
      regions: [{ weight: 1, locked: false }],
    });
    expect(run.busy).toBe(true);
  });

  it("shows what forms, and keeps what came of it in its order", () => {
    run.start();
    const { handlers } = live.last;
    handlers.started?.();
    handlers.preview?.(frame());
    expect(run.preview).not.toBeNull();
    expect(run.status.text).toContain("level 1 of 4");
    for (const place of [1, 0]) handlers.picture?.(frame({ piece: piece("candidate", place) }));
    handlers.picture?.(frame({ piece: piece("mean") }));
    expect(run.pictures).toHaveLength(0);
    handlers.ended({ kind: "done", seconds: 1.5 });
    expect(run.of("candidate").map((one) => one.piece.place)).toEqual([0, 1]);
    expect([run.preview, run.busy, run.status.text]).toEqual([null, false, "Made in 1.5 s"]);
    run.choose(1);
    expect(run.best?.piece.place).toBe(1);
  });

  it("leaves what there was when it is cancelled or fails", () => {
    run.start();
    live.last.handlers.picture?.(frame({ piece: piece("candidate") }));
    live.last.handlers.ended({ kind: "done", seconds: 1 });
    run.start();
    const late = live.last;
    run.cancel();
    expect(live.cancelled).toContain(late.number);
    late.handlers.ended({ kind: "done", seconds: 1 });
    expect(run.status.text).toBe("Cancelled");
    expect(run.pictures).toHaveLength(1);
    run.start();
    live.last.handlers.ended({ kind: "failed", message: "no.", unknownPhoto: false });
    expect([run.status, run.pictures.length]).toEqual([{ kind: "failed", text: "no." }, 1]);
  });

  it("sends the pictures again to a server that has forgotten them, once", async () => {
    run.start();
    const unknown = { kind: "failed", message: "gone", unknownPhoto: true } as const;
    live.last.handlers.ended(unknown);
    await Promise.resolve();
    await Promise.resolve();
    expect(uploaded).toEqual(["a.png"]);
    expect(live.last.request.photo).toBe("new");
    live.last.handlers.ended(unknown);
    expect(uploaded).toHaveLength(1);
    expect(run.status).toEqual({ kind: "failed", text: "gone" });
  });

  it("ends with its document", () => {
    run.start();
    const { number } = live.last;
    studio.open(beginBoard({ id: "x", name: "x", width: 16, height: 4, file: new Blob() }, board("inpaint")));
    expect(live.cancelled).toContain(number);
    expect([run.busy, run.pictures.length, run.status.text]).toEqual([false, 0, ""]);
  });
});

describe("what the server is asked", () => {
  const settings = { seed: 4, search: "searched" };

  it("has the regions in the order of their ids", () => {
    const classes = [
      { name: "free", colour: "#808080" },
      { name: "eyes", colour: "#000001", weight: 2, locked: true },
      { name: "mouth", colour: "#000002" },
    ];
    const { keep, fill } = requestOf(board("preserve"), { faces: [], classes, settings });
    expect(fill).toBeUndefined();
    expect(keep).toEqual({
      model: "model:m",
      tiles: [
        { name: "a.png", left: 0, top: 0, width: 4, height: 4 },
        { name: "b.png", left: 12, top: 0, width: 4, height: 4 },
      ],
      regions: [
        { weight: 2, locked: true },
        { weight: 1, locked: false },
      ],
      ...settings,
    });
  });

  it("has the points of the faces that are placed", () => {
    const faces = [null, { points: [{ x: 1, y: 2.5 }], placed: [] }];
    const { fill } = requestOf(board("inpaint"), { faces, classes: [], settings });
    expect(fill).toMatchObject({ points: [[[1, 2.5]]], ...settings });
  });
});

describe("files", () => {
  it("are called as those of the command line", () => {
    const named = (part: Piece["part"], place = 0, variation = 0) =>
      nameOf({ ...frame({ variation }), piece: piece(part, place) }, TILES);
    expect(named("candidate", 8)).toBe("09");
    expect(named("all")).toBe("all");
    expect(named("whole", 1, 2)).toBe("whole-3/b");
    expect(named("made", 0)).toBe("faces-1/a");
  });

  it("hold points as pairs", () => {
    const points = [
      { x: 1.23456, y: 2 },
      { x: 0, y: -1 },
    ];
    expect(JSON.parse(pointsText({ points, placed: [] }))).toEqual([
      [1.235, 2],
      [0, -1],
    ]);
  });
});
