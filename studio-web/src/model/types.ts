/** What the page is about: maps of class ids, classes, photos. Values only; `Studio` holds and changes them. */

/** Width and height in whole pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Whole pixels; empty when width or height is 0. */
export interface Rect extends Size {
  readonly x: number;
  readonly y: number;
}

/** A place in map pixels: pixel (i, j) covers [i, i + 1) x [j, j + 1). */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Class ids, row by row; `UNMARKED` where a map of strokes has none. They are written in place only inside an `Edit`. */
export interface IndexMap extends Size {
  readonly ids: Uint8Array<ArrayBuffer>;
}

/** The id of pixels that no stroke covers. */
export const UNMARKED = 255;

/** Most classes of one label map, as on the server. */
export const MAX_CLASSES = 64;

/** A class: its place in the list is its id. */
export interface ClassEntry {
  readonly name: string;
  /** "#rrggbb", lower case. */
  readonly colour: string;
}

/** Which map is painted on: scribbles over the photo, the photo's own label map, or the new layout. */
export type Target = "strokes" | "labels" | "layout";

/** The photo as the server knows it, and what to send again should the server have forgotten it. */
export interface Photo extends Size {
  readonly id: string;
  readonly name: string;
  readonly file: Blob;
}

/** The scalar settings of a task, by the names of the server's form. */
export type Settings = Readonly<Record<string, number | boolean | null>>;

/** The tools of the editor. */
export type ToolName =
  | "brush"
  | "fill"
  | "polygon"
  | "lasso"
  | "rectangle"
  | "eyedropper"
  | "restore"
  | "move";
