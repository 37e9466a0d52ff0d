/** Compresses maps away from the page's thread, so that a brush never waits for it. */

import { deflate } from "../model/packed";

/** What the page asks for. */
export interface PackJob {
  readonly number: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The answer: the compressed bytes, or why there are none. */
export interface PackAnswer {
  readonly number: number;
  readonly bytes: Uint8Array<ArrayBuffer> | null;
  readonly message: string;
}

const page = self as unknown as {
  onmessage: (event: MessageEvent<PackJob>) => void;
  postMessage(answer: PackAnswer, transfer: Transferable[]): void;
};

page.onmessage = async ({ data }) => {
  try {
    const bytes = await deflate(data.bytes);
    page.postMessage({ number: data.number, bytes, message: "" }, [bytes.buffer]);
  } catch (error) {
    page.postMessage({ number: data.number, bytes: null, message: String(error) }, []);
  }
};
