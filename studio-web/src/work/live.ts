/** The live connection: requests out, frames in. It comes back by itself; what was under way is asked for again. */

import { Emitter } from "../model/emitter";
import type { PackedMap } from "../model/packed";
import type { ClassEntry, Settings } from "../model/types";
import { wordsOf } from "./fault";
import { frame, unframe } from "./framing";
import type { Resemblance } from "./portraits";

/** A trained model, and what the ids of the maps mean. */
export interface LiveModel {
  readonly run: string;
  readonly classes: readonly ClassEntry[];
}

/** What the server is asked for; `photo` is the server's id, or empty for none; the maps are told by name. */
export interface LiveRequest {
  readonly task: string;
  readonly photo: string;
  readonly settings: Settings;
  readonly maps: Readonly<Record<string, Promise<PackedMap>>>;
  /** A quick look only: the server stops after the first frame that is large enough to judge. */
  readonly draft: boolean;
  /** Who makes the picture in place of the instant engine. */
  readonly model?: LiveModel | null;
  /** Who makes a scene. */
  readonly scene?: string | null;
  /** Which regions of a board are to be kept, and how. */
  readonly keep?: object | null;
  /** How the holes of a board are to be filled. */
  readonly fill?: object | null;
  /** What a face is to be made of beside its layout. */
  readonly portrait?: object | null;
}

/** A whole frame: work in progress, or a finished picture. */
export interface LiveFrame {
  /** Which of the request's variations, from 0. */
  readonly variation: number;
  readonly level: number;
  readonly levels: number;
  readonly seconds: number;
  readonly width: number;
  readonly height: number;
  /** Of a bank's finished picture: the photos that it was copied from, and their shares. */
  readonly credits?: Readonly<Record<string, number>>;
  /** Which of several finished pictures it is. */
  readonly piece?: Piece | null;
  /** Of a finished portrait: how much it is the photo's person. */
  readonly resemblance?: Resemblance | null;
  readonly picture: Blob;
}

/** What one of several finished pictures shows, as the server says. */
export interface Piece {
  readonly part: "candidate" | "all" | "reference" | "region" | "mean" | "deviation" | "whole" | "made";
  /** Which of those that show the same. */
  readonly place: number;
  /** Of a candidate: how far from what was to be kept. */
  readonly distance: number | null;
  readonly notes: readonly string[];
}

/** How a request ended. */
export type Outcome =
  | { readonly kind: "done"; readonly seconds: number }
  | { readonly kind: "cancelled" }
  | { readonly kind: "failed"; readonly message: string; readonly unknownPhoto: boolean };

/** Who hears of a request. After `ended`, which is called exactly once, nothing more is told. */
export interface LiveHandlers {
  started?(): void;
  preview?(frame: LiveFrame): void;
  picture?(frame: LiveFrame): void;
  ended(outcome: Outcome): void;
}

/** "lost" once a connection broke, until there is one again. */
export type LiveState = "connecting" | "open" | "lost";

/** What is used of a WebSocket; tests give their own. */
export type Socket = Pick<WebSocket, "binaryType" | "onopen" | "onmessage" | "onclose" | "send" | "close">;

interface Asked {
  /** The connection that it went out on. */
  sent: Socket | null;
  readonly number: number;
  readonly request: LiveRequest;
  readonly handlers: LiveHandlers;
}

type Told = { readonly number?: number; readonly kind?: string; readonly [key: string]: unknown };

const FIRST_WAIT = 250;
const LONGEST_WAIT = 4000;
const PULSE = 15_000;

/** The address of the live connection, beside the page. */
export function liveAddress(): string {
  const address = new URL("api/live", location.href);
  address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
  address.search = "";
  address.hash = "";
  return address.href;
}

/** One connection with at most one request under way: a new one takes the place of the last. */
export class Live {
  readonly #connect: () => Socket;
  readonly #events = new Emitter<{ state: LiveState }>();
  #socket: Socket | null = null;
  #state: LiveState = "connecting";
  #asked: Asked | null = null;
  #last = 0;
  #wait = FIRST_WAIT;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #pulse: ReturnType<typeof setInterval> | undefined;
  #unanswered = false;
  #closed = false;

  constructor(connect: () => Socket = () => new WebSocket(liveAddress())) {
    this.#connect = connect;
    this.#open();
  }

  /** Whether there is a connection. */
  get state(): LiveState {
    return this.#state;
  }

  /** Calls `listener` whenever the state changes; the function returned ends that. */
  on(event: "state", listener: (state: LiveState) => void): () => void {
    return this.#events.on(event, listener);
  }

  /** Ask; the request before this one ends as cancelled. Returns the request's number. */
  request(request: LiveRequest, handlers: LiveHandlers): number {
    const replaced = this.#asked;
    this.#last += 1;
    const asked: Asked = { number: this.#last, request, handlers, sent: null };
    this.#asked = asked;
    replaced?.handlers.ended({ kind: "cancelled" });
    this.#send(asked);
    return asked.number;
  }

  /** Stop a request; outdated numbers are ignored. */
  cancel(number: number): void {
    if (this.#asked?.number !== number) return;
    if (this.#state === "open") this.#socket?.send(JSON.stringify({ cancel: number }));
    this.#end({ kind: "cancelled" });
  }

  /** End the connection for good; the request under way ends as cancelled. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
    clearInterval(this.#pulse);
    this.#socket?.close();
    this.#socket = null;
    this.#end({ kind: "cancelled" });
  }

  #open(): void {
    const socket = this.#connect();
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      this.#wait = FIRST_WAIT;
      this.#unanswered = false;
      this.#pulse = setInterval(() => this.#beat(socket), PULSE);
      this.#setState("open");
      if (this.#asked) this.#send(this.#asked);
    };
    socket.onmessage = ({ data }) => {
      if (socket === this.#socket) this.#take(data);
    };
    socket.onclose = () => this.#lose(socket);
  }

  /** A tunnel may die without a word: ask for a sign of life; none since the last time means that it did. */
  #beat(socket: Socket): void {
    if (this.#unanswered) {
      socket.close();
      this.#lose(socket); // closing a dead connection may take the browser minutes
    } else {
      this.#unanswered = true;
      socket.send(JSON.stringify({ ping: 0 }));
    }
  }

  #lose(socket: Socket): void {
    if (socket !== this.#socket) return;
    this.#socket = null;
    clearInterval(this.#pulse);
    if (this.#closed) return;
    this.#setState("lost");
    this.#retry = setTimeout(() => this.#open(), this.#wait);
    this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT);
  }

  #setState(state: LiveState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#events.emit("state", state);
  }

  /** Sent once the maps are packed and there is a connection, unless something newer was asked for meanwhile. */
  async #send(asked: Asked): Promise<void> {
    const {
      task,
      photo,
      settings,
      draft,
      model = null,
      scene = null,
      keep = null,
      fill = null,
      portrait = null,
    } = asked.request;
    const names = Object.keys(asked.request.maps);
    const socket = this.#socket;
    try {
      const packed = await Promise.all(Object.values(asked.request.maps));
      if (asked !== this.#asked || socket !== this.#socket || this.#state !== "open") return;
      if (socket === null || asked.sent === socket) return;
      asked.sent = socket;
      const maps = packed.map(({ width, height, bytes }, i) => ({
        name: names[i],
        width,
        height,
        bytes: bytes.length,
      }));
      const own = { draft, model, scene, keep, fill, portrait };
      const header = { number: asked.number, task, photo, settings, maps, ...own };
      socket.send(
        frame(
          header,
          packed.map((map) => map.bytes),
        ),
      );
    } catch (error) {
      if (asked === this.#asked) this.#end({ kind: "failed", message: wordsOf(error), unknownPhoto: false });
    }
  }

  #take(data: string | ArrayBuffer): void {
    this.#unanswered = false;
    if (typeof data === "string") this.#takeText(JSON.parse(data));
    else this.#takeFrame(data);
  }

  #takeText(told: Told): void {
    const asked = this.#asked;
    if (told.kind === "error")
      this.#end({ kind: "failed", message: String(told.message), unknownPhoto: false });
    if (asked === null || told.number !== asked.number) return;
    if (told.kind === "started") asked.handlers.started?.();
    else if (told.kind === "done") this.#end({ kind: "done", seconds: Number(told.seconds) });
    else if (told.kind === "cancelled") this.#end({ kind: "cancelled" });
    else if (told.kind === "failed") {
      this.#end({
        kind: "failed",
        message: String(told.message),
        unknownPhoto: told.unknown_photo === true,
      });
    }
  }

  #takeFrame(data: ArrayBuffer): void {
    const { header, body } = unframe(data);
    const { number, kind, type, ...rest } = header as LiveFrame & {
      number: number;
      kind: string;
      type: string;
    };
    const asked = this.#asked;
    if (asked === null || number !== asked.number) return;
    const told = { ...rest, picture: new Blob([body], { type }) };
    if (kind === "picture") asked.handlers.picture?.(told);
    else asked.handlers.preview?.(told);
  }

  #end(outcome: Outcome): void {
    const asked = this.#asked;
    this.#asked = null;
    asked?.handlers.ended(outcome);
  }
}
