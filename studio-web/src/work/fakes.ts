/** Doubles for tests: a socket driven by hand, and a live connection that only writes down what it is asked. */

import { frame, unframe } from "./framing";
import type { LiveFrame, LiveHandlers, LiveRequest, LiveState, Socket } from "./live";

/** A socket whose other end is the test. */
export class FakeSocket implements Socket {
  binaryType: BinaryType = "blob";
  onopen: Socket["onopen"] = null;
  onmessage: Socket["onmessage"] = null;
  onclose: Socket["onclose"] = null;
  closed = false;
  readonly texts: unknown[] = [];
  readonly frames: { header: Record<string, unknown>; body: Uint8Array }[] = [];

  send(data: string | ArrayBufferLike | Blob | ArrayBufferView): void {
    if (typeof data === "string") this.texts.push(JSON.parse(data));
    else if (data instanceof Uint8Array) {
      const { header, body } = unframe(data.slice().buffer);
      this.frames.push({ header: header as Record<string, unknown>, body });
    } else throw new Error("a live connection sends texts and byte arrays");
  }

  close(): void {
    this.closed = true;
  }

  /** The server accepts. */
  open(): void {
    this.onopen?.call(this as never, new Event("open"));
  }

  /** The connection breaks. */
  break(): void {
    this.onclose?.call(this as never, new Event("close") as CloseEvent);
  }

  /** The server says something. */
  say(words: object): void {
    this.#tell(JSON.stringify(words));
  }

  /** The server sends a frame. */
  show(header: object, body: Uint8Array): void {
    this.#tell(frame(header, [body]).buffer);
  }

  #tell(data: unknown): void {
    this.onmessage?.call(this as never, new MessageEvent("message", { data }));
  }
}

/** What was asked of a `FakeLive`. */
export interface Asked {
  readonly number: number;
  readonly request: LiveRequest;
  readonly handlers: LiveHandlers;
}

/** A connection that answers when the test does. */
export class FakeLive {
  state: LiveState = "open";
  closed = false;
  readonly asked: Asked[] = [];
  readonly cancelled: number[] = [];
  #listener: (state: LiveState) => void = () => {};

  on(_event: "state", listener: (state: LiveState) => void): () => void {
    this.#listener = listener;
    return () => {};
  }

  setState(state: LiveState): void {
    this.state = state;
    this.#listener(state);
  }

  request(request: LiveRequest, handlers: LiveHandlers): number {
    const replaced = this.asked.at(-1);
    const number = this.asked.length + 1;
    this.asked.push({ number, request, handlers });
    replaced?.handlers.ended({ kind: "cancelled" });
    return number;
  }

  close(): void {
    this.closed = true;
  }

  cancel(number: number): void {
    this.cancelled.push(number);
  }

  /** The latest request. */
  get last(): Asked {
    const last = this.asked.at(-1);
    if (last === undefined) throw new Error("nothing was asked for");
    return last;
  }
}

/** A frame of some size. */
export function fakeFrame(side: number, values: Partial<LiveFrame> = {}): LiveFrame {
  const size = { width: side, height: Math.ceil(side / 2) };
  const picture = new Blob([`${side}`]);
  return { variation: 0, level: 0, levels: 4, seconds: 0.5, ...size, picture, ...values };
}
