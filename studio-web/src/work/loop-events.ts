/** What a loop tells those who listen to it. */

import type { PackedMap } from "../model/packed";
import type { ClassEntry, Settings } from "../model/types";
import type { LiveFrame } from "./live";
import type { Status } from "./progress";
import type { Shown } from "./showing";

/** A finished picture and what it was made from. */
export interface Finished extends Omit<LiveFrame, "variation" | "level" | "levels"> {
  readonly label: string;
  readonly layout: Promise<PackedMap>;
  readonly classes: readonly ClassEntry[];
  readonly settings: Settings;
  /** The run whose model made it; null for the instant engine. */
  readonly run: string | null;
  /** Of a scene: which variation stands where; null where all is the plain picture. */
  readonly rolls: Promise<PackedMap> | null;
}

/** One of the pictures asked for together; `frame` is null before its first, and a preview until `finished`. */
export interface Variation {
  readonly frame: LiveFrame | null;
  readonly finished: boolean;
}

/** What a loop tells. */
export interface LoopEvents {
  /** A document without a picture: show none. */
  cleared: null;
  /** A frame of work in progress to show. */
  frame: Shown;
  /** A whole picture of the document to show and to remember. */
  finished: Finished;
  status: Status;
  /** The list of variations changed. */
  variations: null;
  /** Another engine makes the pictures. */
  engine: null;
}
