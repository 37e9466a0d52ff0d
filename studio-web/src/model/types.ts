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
  /** Of a region that is kept: how much it counts beside others; 1 where left out. */
  readonly weight?: number;
  /** Of a region that is kept: whether its very pixels come back. */
  readonly locked?: boolean;
}

/** Which map is painted on: scribbles over the photo, the photo's own label map, or the new layout. */
export type Target = "strokes" | "labels" | "layout";

/**
 * Every map of a document. Beside those that are painted on, that of a scene's parts that were made anew: 0 where the
 * picture is the plain one, else the number of the variation that stands there.
 */
export type MapName = Target | "rolls";

/** Every map of a document. */
export const MAPS: readonly MapName[] = ["strokes", "labels", "layout", "rolls"];

/** Variations of a part are counted from 1 up to this, as on the server. */
export const MOST_ROLLS = 63;

/** What a scene is made by: a picture of a layout, without a photo of its own. */
export interface Scene {
  /** The server's name of the engine. */
  readonly engine: string;
  /** What people call it. */
  readonly title: string;
  /** A bank copies from its photos; a model was trained. */
  readonly kind: "bank" | "model";
  /** How many photos a bank has. */
  readonly photos: number;
  /** What files hold where pixels are of no class, which is the last class here; null where every pixel has one. */
  readonly ignore: number | null;
  /** Whether it takes after a style photo. */
  readonly styled: boolean;
  /** Whether it has several pictures of one layout; */
  readonly varies: boolean;
  /** and whether with a style photo too. */
  readonly variesStyled: boolean;
  /** Photos whose colours and light were asked for; the setting `style` is a place in this list, or null. */
  readonly styles: readonly Photo[];
}

/** A face that is edited by the map of its parts, and the trained model that makes it. */
export interface Portrait {
  /** The server's name of the model. */
  readonly model: string;
  /** What people call it. */
  readonly title: string;
  /** Other faces that were brought; the setting `reference` is a place in this list, or null. */
  readonly references: readonly Photo[];
}

/** One of the pictures that lie side by side. */
export interface Tile extends Rect {
  readonly name: string;
}

/** The 68 points of a face, in pixels of its own picture, (0, 0) being the middle of the first. */
export interface Face {
  readonly points: readonly Point[];
  /** The numbers of those that a person placed. */
  readonly placed: readonly number[];
}

/** Pictures side by side, and the trained generator that keeps regions of them, or fills holes in them. */
export interface Board {
  /** The server's name of the generator. */
  readonly model: string;
  /** What people call it. */
  readonly title: string;
  readonly method: "preserve" | "inpaint";
  readonly tiles: readonly Tile[];
}

/**
 * The photo as the server knows it, and what to send again should the server have forgotten it. That of a scene is the
 * layout that it was begun with, in its colours; that of a board all of its pictures side by side.
 */
export interface Photo extends Size {
  readonly id: string;
  readonly name: string;
  readonly file: Blob;
}

/** The value of a setting. */
export type Value = number | boolean | string | null;

/** The scalar settings of a task, by the names of the server's form. */
export type Settings = Readonly<Record<string, Value>>;

/** The tools of the editor. */
export type ToolName =
  | "brush"
  | "fill"
  | "polygon"
  | "lasso"
  | "rectangle"
  | "eyedropper"
  | "restore"
  | "move"
  | "anew"
  | "points";
