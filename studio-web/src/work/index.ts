/** Everything between the document and the server, wired: the page needs to call `startWork` only. */

import type { Viewport } from "../editor/viewport";
import type { Session } from "../model/session";
import type { Studio } from "../model/studio";
import { Autosave, type Offer } from "./autosave";
import { openBatch } from "./batch";
import { BoardRun } from "./board-run";
import { saveAll, saveBest, saveMask, savePoints } from "./board-save";
import { BoardView } from "./board-view";
import { wordsOf } from "./fault";
import { History, mountHistory } from "./history";
import { Live, type LiveState } from "./live";
import { Loop } from "./loop";
import { followPixels, Packer, workerDeflate } from "./packer";
import { photoBitmap } from "./photo-pixels";
import { uploadPhoto } from "./rest";
import { mountResult } from "./result-view";
import { openSession, readSession, saveMap, savePicture, saveSession } from "./save";
import { browserStore } from "./store";
import { claimTab } from "./tabs";
import { Trained } from "./trained";
import { mountVariations } from "./variations";

/** Where the pieces go on the page, and whom to tell. */
export interface WorkParts {
  readonly studio: Studio;
  readonly viewport: Viewport;
  readonly result: HTMLElement;
  readonly variations: HTMLElement;
  readonly history: HTMLElement;
  /** A line for the user. */
  say(text: string): void;
  /** The photo's pixels, whenever a document with another photo is opened; null for none. For the editor. */
  photo(bitmap: ImageBitmap | null): void;
  connection(state: LiveState): void;
}

/** What the page's buttons call. Those that return promises reject with errors whose message is for the user. */
export interface Work {
  readonly loop: Loop;
  readonly history: History;
  readonly trained: Trained;
  /** The work on a board. */
  readonly board: BoardRun;
  /** Whether there is a finished picture to save. */
  hasPicture(): boolean;
  savePicture(): Promise<void>;
  saveMap(target: "labels" | "layout"): void;
  /** Of a board: everything that was made, and the points of the face that is looked at. */
  saveAll(): Promise<void>;
  savePoints(): void;
  saveSession(): Promise<void>;
  readSession(file: Blob): Promise<Session>;
  openSession(session: Session): void;
  runOnAnother(): void;
  /** Open what this tab had before; else tell what may be continued. Saving begins with it, so call it once at start. */
  resume(): Promise<Offer | "restored" | null>;
}

/** Start the connection, the loop, the panes and the strips. */
export function startWork(parts: WorkParts): Work {
  const { studio, viewport, say } = parts;
  const packer = new Packer(workerDeflate());
  followPixels(packer, studio);
  const history = new History(studio);
  const live = new Live();
  const trained = new Trained(studio);
  live.on("state", parts.connection);
  live.on("state", (state) => {
    if (state === "open") void trained.refresh();
  });
  parts.connection(live.state);
  const upload = async (photo: { file: Blob; name: string }) =>
    (await uploadPhoto(photo.file, photo.name)).id;
  const loop = new Loop(studio, { live, packer, upload });
  const result = mountResult(parts.result, { studio, viewport, loop });
  const board = new BoardRun(studio, { live, packer, upload });
  const boardView = new BoardView(parts.result, { studio, run: board });
  mountVariations(parts.variations, { studio, loop });
  mountHistory(parts.history, { studio, history, loop, say });
  followPhoto(
    studio,
    (bitmap) => {
      result.setPhotoBitmap(bitmap);
      boardView.setPhoto(bitmap);
      parts.photo(bitmap);
    },
    say,
  );
  return {
    loop,
    history,
    trained,
    board,
    hasPicture: () => (studio.board === null ? loop.latest : board.best) !== null,
    savePicture: async () => {
      if (studio.board === null) await savePicture({ studio, loop, packer });
      else saveBest(studio, board);
    },
    saveMap: (target) => {
      if (studio.board === null) saveMap(studio, target);
      else saveMask(studio);
    },
    saveAll: () => saveAll(studio, board),
    savePoints: () => savePoints(studio),
    saveSession: () => saveSession(studio, history),
    readSession,
    openSession: (session) => openSession(session, { studio, history }),
    runOnAnother: () => openBatch({ studio, packer }),
    resume: () => resume({ studio, history, packer, say }),
  };
}

type ResumeParts = { studio: Studio; history: History; packer: Packer; say(text: string): void };

async function resume(parts: ResumeParts): Promise<Offer | "restored" | null> {
  const freshId = () =>
    Array.from(crypto.getRandomValues(new Uint32Array(3)), (n) => n.toString(36)).join("-");
  const tab = await claimTab({ storage: sessionStorage, locks: navigator.locks, freshId });
  const autosave = new Autosave({ ...parts, store: browserStore(), tab });
  try {
    const restored = parts.studio.photo === null && (await autosave.restore());
    return restored ? "restored" : await autosave.offer();
  } catch (error) {
    parts.say(`What this browser keeps cannot be read (${wordsOf(error)}).`);
    return null;
  } finally {
    autosave.start();
  }
}

/** Load the photo's pixels whenever the document has another photo. */
function followPhoto(
  studio: Studio,
  show: (bitmap: ImageBitmap | null) => void,
  say: (text: string) => void,
): void {
  let shown: string | null = null;
  let bitmap: ImageBitmap | null = null;
  const follow = async () => {
    const { photo } = studio;
    const wanted = studio.scene === null ? (photo?.id ?? null) : null; // a scene shows its layout alone
    if (wanted === shown) return;
    shown = wanted;
    const old = bitmap;
    bitmap = null;
    show(null);
    old?.close();
    if (photo === null || wanted === null) return;
    try {
      const loaded = await photoBitmap(photo);
      if (photo.id !== shown) return loaded.close();
      bitmap = loaded;
      show(bitmap);
    } catch (error) {
      if (photo.id === shown) say(wordsOf(error));
    }
  };
  studio.on("document", follow);
  follow();
}
