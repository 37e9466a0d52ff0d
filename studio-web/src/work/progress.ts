/** How the work stands, in words for the user. */

import type { LiveFrame } from "./live";

/** What is going on, as a sentence for the user. "blocked" is for the user to mend; "lost" and "failed" are troubles. */
export interface Status {
  readonly kind: "idle" | "blocked" | "working" | "done" | "failed" | "lost";
  readonly text: string;
}

/** Nothing to tell. */
export const IDLE: Status = { kind: "idle", text: "" };

/** Asked, but other work comes first. */
export const WAITING: Status = { kind: "working", text: "Waiting for the server" };

/** To be asked once there is a connection. */
export const CONNECTING: Status = { kind: "working", text: "Connecting" };

/** Begun, without a frame yet. */
export const WORKING: Status = { kind: "working", text: "Working" };

/** While the user paints; always the same words, for they change several times a second. */
export const QUICK: Status = { kind: "working", text: "Quick look" };

/** The server was sent the request and did not know the photo. */
export const SENDING: Status = { kind: "working", text: "Sending the photo again" };

/** There is no connection. */
export const LOST: Status = { kind: "lost", text: "The studio's server does not answer; trying again." };

/** How far a picture is; `several` where it is one of many. */
export function progress({ variation, level, levels, seconds }: LiveFrame, several: boolean): Status {
  const which = several ? `picture ${variation + 1}, ` : "";
  const text = `Working: ${which}level ${level + 1} of ${levels}, ${inSeconds(seconds)}`;
  return { kind: "working", text };
}

/** A finished picture's size and time, and the run whose trained model made it, if one did. */
export function done(
  { width, height, seconds }: Pick<LiveFrame, "width" | "height" | "seconds">,
  run: string | null = null,
): Status {
  const by = run === null ? "" : `, by the trained model ${run}`;
  return { kind: "done", text: `${width}x${height} in ${inSeconds(seconds)}${by}` };
}

/** A time for people: tenths of a second. */
export function inSeconds(time: number): string {
  return `${time.toFixed(1)} s`;
}
