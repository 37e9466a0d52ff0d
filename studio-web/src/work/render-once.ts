/** One picture on a connection of its own, so that painting's requests do not take its place. */

import { Live, type LiveFrame, type LiveHandlers, type LiveRequest } from "./live";
import { ServerError } from "./rest";

/** What to watch while a picture is made. */
export interface Watch {
  /** Aborting stops the work; the promise then rejects with an AbortError. */
  readonly signal: AbortSignal;
  progress?(frame: LiveFrame): void;
}

/** Make one finished picture. Rejects with a `ServerError` where the server cannot; status 404 is for an unknown photo. */
export function renderOnce(
  request: Omit<LiveRequest, "draft">,
  { signal, progress }: Watch,
  live: Pick<Live, "request" | "close"> = new Live(),
): Promise<LiveFrame> {
  const made = new Promise<LiveFrame>((resolve, reject) => {
    const stopped = () => reject(new DOMException("Stopped.", "AbortError"));
    signal.addEventListener("abort", stopped);
    let picture: LiveFrame | null = null;
    const handlers: LiveHandlers = {
      preview: (frame) => progress?.(frame),
      picture: (frame) => {
        picture = frame;
      },
      ended: (outcome) => {
        if (outcome.kind === "failed")
          reject(new ServerError(outcome.unknownPhoto ? 404 : 400, outcome.message));
        else if (picture) resolve(picture);
        else stopped();
      },
    };
    if (signal.aborted) stopped();
    else live.request({ ...request, draft: false }, handlers);
  });
  return made.finally(() => live.close());
}
