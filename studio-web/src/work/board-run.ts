/** The work on a board: asked for by hand, watched, cancelled, and the pictures that came of it. */

import { FREE } from "../model/board";
import { Emitter } from "../model/emitter";
import type { Studio } from "../model/studio";
import type { Board, ClassEntry, Photo } from "../model/types";
import { pair, toWireTile } from "./boards";
import { wordsOf } from "./fault";
import type { Live, LiveFrame, LiveRequest, Outcome, Piece } from "./live";
import type { Packer } from "./packer";
import { CONNECTING, IDLE, inSeconds, progress, SENDING, type Status, WAITING, WORKING } from "./progress";

/** A finished picture, and what it shows. */
export interface BoardPicture extends LiveFrame {
  readonly piece: Piece;
}

/** What the work needs. */
export interface BoardRunParts {
  readonly live: Pick<Live, "request" | "cancel" | "state">;
  readonly packer: Pick<Packer, "pack">;
  /** Sends a photo to the server; gives its id there. */
  upload(photo: Photo): Promise<string>;
}

interface Asked {
  readonly photo: Photo;
  /** The server's id of it. */
  readonly id: string;
  readonly turn: number;
  /** Whether the photo may be sent once more. */
  readonly again: boolean;
}

/** One piece of work at a time; a new document forgets it. */
export class BoardRun {
  readonly #studio: Studio;
  readonly #parts: BoardRunParts;
  readonly #events = new Emitter<{ change: null }>();
  #status: Status = IDLE;
  #preview: LiveFrame | null = null;
  #pictures: readonly BoardPicture[] = [];
  #pending: readonly BoardPicture[] = [];
  #chosen = 0;
  #number: number | null = null;
  /** Counts what was begun, so that late answers are not taken for those of now. */
  #turn = 0;

  constructor(studio: Studio, parts: BoardRunParts) {
    this.#studio = studio;
    this.#parts = parts;
    studio.on("document", () => this.#forget());
  }

  /** Calls `listener` at every change; the function returned ends that. */
  on(event: "change", listener: () => void): () => void {
    return this.#events.on(event, listener);
  }

  /** What is going on. */
  get status(): Status {
    return this.#status;
  }

  /** Whether work is under way. */
  get busy(): boolean {
    return this.#status.kind === "working";
  }

  /** What forms; null where nothing does. */
  get preview(): LiveFrame | null {
    return this.#preview;
  }

  /** What came of the last work that was finished. */
  get pictures(): readonly BoardPicture[] {
    return this.#pictures;
  }

  /** Which of the candidates, or of the fillings, was chosen. */
  get chosen(): number {
    return this.#chosen;
  }

  /** Choose a candidate, or a filling. */
  choose(number: number): void {
    this.#chosen = number;
    this.#events.emit("change", null);
  }

  /** The finished picture that is to be saved; null where there is none. */
  get best(): BoardPicture | null {
    if (this.#studio.board?.method === "inpaint")
      return this.of("whole", this.#chosen)[this.#studio.view.tile] ?? null;
    return this.of("candidate")[this.#chosen] ?? null;
  }

  /** The finished pictures that show the same, of one variation, in their order. */
  of(part: Piece["part"], variation = 0): readonly BoardPicture[] {
    return this.#pictures
      .filter((one) => one.piece.part === part && one.variation === variation)
      .sort((a, b) => a.piece.place - b.piece.place);
  }

  /** Begin; what was under way ends. */
  start(): void {
    const { photo } = this.#studio;
    if (photo === null) return;
    this.cancel();
    this.#turn += 1;
    this.#ask({ photo, id: photo.id, turn: this.#turn, again: true });
  }

  /** End it; the pictures of earlier work stay. */
  cancel(): void {
    if (!this.busy) return;
    this.#turn += 1;
    if (this.#number !== null) this.#parts.live.cancel(this.#number);
    this.#set({ kind: "idle", text: "Cancelled" }, null);
  }

  #ask(asked: Asked): void {
    const { board, faces, classes, settings, task } = this.#studio;
    const layout = this.#studio.map("layout");
    if (board === null || layout === null) return;
    this.#pending = [];
    this.#set(this.#parts.live.state === "open" ? WAITING : CONNECTING, null);
    const what = requestOf(board, { faces, classes, settings });
    const maps = { layout: this.#parts.packer.pack(layout) };
    const several = Number(settings.fillings ?? 1) > 1;
    const now = () => asked.turn === this.#turn;
    this.#number = this.#parts.live.request(
      { task, photo: asked.id, settings: {}, maps, draft: false, ...what },
      {
        started: () => now() && this.#set(WORKING, null),
        preview: (frame) => now() && this.#set(progress(frame, several), frame),
        picture: (frame) => now() && this.#take(frame),
        ended: (outcome) => now() && void this.#ended(asked, outcome),
      },
    );
  }

  #take(frame: LiveFrame): void {
    const { piece } = frame;
    if (piece) this.#pending = [...this.#pending, { ...frame, piece }];
  }

  /** A server that was started anew does not know the photo: it is sent again, once. */
  async #ended(asked: Asked, outcome: Outcome): Promise<void> {
    const { photo, turn, again } = asked;
    this.#number = null;
    if (outcome.kind === "done") {
      this.#pictures = this.#pending;
      this.#chosen = 0;
      this.#set({ kind: "done", text: `Made in ${inSeconds(outcome.seconds)}` }, null);
    } else if (outcome.kind === "cancelled") {
      this.#set({ kind: "idle", text: "Cancelled" }, null);
    } else if (outcome.unknownPhoto && again) {
      this.#set(SENDING, null);
      try {
        const id = await this.#parts.upload(photo);
        if (turn === this.#turn) this.#ask({ ...asked, id, again: false });
      } catch (error) {
        if (turn === this.#turn) this.#set({ kind: "failed", text: wordsOf(error) }, null);
      }
    } else this.#set({ kind: "failed", text: outcome.message }, null);
  }

  #forget(): void {
    this.cancel();
    this.#pictures = [];
    this.#set(IDLE, null);
  }

  #set(status: Status, preview: LiveFrame | null): void {
    this.#status = status;
    this.#preview = preview;
    this.#events.emit("change", null);
  }
}

type Document = Pick<Studio, "faces" | "classes" | "settings">;

/** What the server is asked of a board. */
export function requestOf(board: Board, document: Document): Pick<LiveRequest, "keep" | "fill"> {
  return board.method === "preserve" ? { keep: keepOf(board, document) } : { fill: fillOf(board, document) };
}

function keepOf({ model, tiles }: Board, { classes, settings }: Document): object {
  const regions = classes.slice(FREE + 1).map(regionOf);
  return { model, tiles: tiles.map(toWireTile), regions, ...settings };
}

function regionOf({ weight = 1, locked = false }: ClassEntry): object {
  return { weight, locked };
}

/** Raises no error for faces that are not placed: the server tells that, as of all that is missing. */
function fillOf({ model, tiles }: Board, { faces, settings }: Document): object {
  const points = faces.flatMap((face) => (face === null ? [] : [face.points.map(pair)]));
  return { model, tiles: tiles.map(toWireTile), points, ...settings };
}
