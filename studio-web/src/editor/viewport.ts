import type { Point, Rect, Size } from "../model/types";

/** Smallest distance in screen pixels between a fitted map and the edges of its pane. */
const MARGIN = 12;
/** So many screen pixels of the map stay in sight however far it is pushed away. */
const IN_SIGHT = 48;
/** Largest zoom; one map pixel is then a finger's width. */
const MOST = 48;
/** The smallest zoom, as a part of the one at which the whole map fits. */
const LEAST = 0.25;

/**
 * Where a map lies in its pane: `screen = map * zoom + offset`, in CSS pixels from the pane's top left corner.
 *
 * The editor and the result view share one viewport and have panes of one size, so both always show the same place.
 */
export class Viewport {
  #zoom = 1;
  #offset: Point = { x: 0, y: 0 };
  #content: Size = { width: 0, height: 0 };
  #pane: Size = { width: 0, height: 0 };
  #fitted = true;
  readonly #listeners = new Set<() => void>();

  /** Screen pixels per map pixel. */
  get zoom(): number {
    return this.#zoom;
  }

  /** Where the map's top left corner is, in screen pixels. */
  get offset(): Point {
    return this.#offset;
  }

  /** The size of the map in map pixels, as last fitted. */
  get content(): Size {
    return this.#content;
  }

  /** The size of the pane in screen pixels. */
  get pane(): Size {
    return this.#pane;
  }

  /** Calls `listener` after every change; returns the function that ends this. */
  on(_event: "change", listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Shows all of a map of `content` pixels in a pane of `pane` screen pixels, and keeps doing so when the pane is resized. */
  fit(content: Size, pane: Size): void {
    this.#content = content;
    this.#pane = pane;
    this.#fitted = true;
    if (!this.#drawable()) return;
    const zoom = this.#fitZoom();
    this.#place(zoom, (pane.width - content.width * zoom) / 2, (pane.height - content.height * zoom) / 2);
  }

  /** Shows a part of what was fitted, as large as the pane allows. */
  show(part: Rect): void {
    if (!this.#drawable()) return;
    const { width, height } = this.#pane;
    const fitting = Math.min((width - 2 * MARGIN) / part.width, (height - 2 * MARGIN) / part.height);
    const zoom = Math.min(fitting, MOST);
    this.#fitted = false;
    this.#place(
      zoom,
      (width - part.width * zoom) / 2 - part.x * zoom,
      (height - part.height * zoom) / 2 - part.y * zoom,
    );
  }

  /** Takes a new size of the pane: a fitted map is fitted again, else what was in the middle stays there. */
  resize(pane: Size): void {
    if (pane.width === this.#pane.width && pane.height === this.#pane.height) return;
    const dx = (pane.width - this.#pane.width) / 2;
    const dy = (pane.height - this.#pane.height) / 2;
    if (this.#fitted) this.fit(this.#content, pane);
    else {
      this.#pane = pane;
      this.#place(this.#zoom, this.#offset.x + dx, this.#offset.y + dy);
    }
  }

  /** Multiplies the zoom by `factor`, within its limits; the map pixel under the screen point `at` stays there. */
  zoomAt(at: Point, factor: number): void {
    if (!this.#drawable()) return;
    const least = Math.min(1, this.#fitZoom()) * LEAST;
    const zoom = Math.min(Math.max(this.#zoom * factor, least), Math.max(MOST, this.#fitZoom()));
    const still = this.toMap(at);
    this.#fitted = false;
    this.#place(zoom, at.x - still.x * zoom, at.y - still.y * zoom);
  }

  /** Moves the map by screen pixels; a part of it always stays in sight. */
  panBy(dx: number, dy: number): void {
    this.#fitted = false;
    this.#place(this.#zoom, this.#offset.x + dx, this.#offset.y + dy);
  }

  /** Pans as little as needed to have the map point `at` at least `margin` screen pixels inside the pane. */
  reveal(at: Point, margin: number): void {
    const { x, y } = this.toScreen(at);
    const dx = inward(x, this.#pane.width, margin);
    const dy = inward(y, this.#pane.height, margin);
    if (dx !== 0 || dy !== 0) this.panBy(dx, dy);
  }

  /** The map point under a screen point. */
  toMap(at: Point): Point {
    return { x: (at.x - this.#offset.x) / this.#zoom, y: (at.y - this.#offset.y) / this.#zoom };
  }

  /** The screen point of a map point. */
  toScreen(at: Point): Point {
    return { x: at.x * this.#zoom + this.#offset.x, y: at.y * this.#zoom + this.#offset.y };
  }

  #drawable(): boolean {
    return (
      this.#content.width > 0 && this.#content.height > 0 && this.#pane.width > 0 && this.#pane.height > 0
    );
  }

  #fitZoom(): number {
    const width = Math.max(this.#pane.width - 2 * MARGIN, 1);
    const height = Math.max(this.#pane.height - 2 * MARGIN, 1);
    return Math.min(width / this.#content.width, height / this.#content.height);
  }

  #place(zoom: number, x: number, y: number): void {
    this.#zoom = zoom;
    this.#offset = {
      x: inSight(x, this.#content.width * zoom, this.#pane.width),
      y: inSight(y, this.#content.height * zoom, this.#pane.height),
    };
    for (const listener of [...this.#listeners]) listener();
  }
}

/** The offset nearest to `offset` that leaves a piece of `length` screen pixels in sight in a pane of `pane`. */
function inSight(offset: number, length: number, pane: number): number {
  const seen = Math.min(IN_SIGHT, length, pane);
  return Math.min(Math.max(offset, seen - length), pane - seen);
}

/** How far to push a coordinate to have it inside [margin, length - margin]; the middle where that is empty. */
function inward(at: number, length: number, margin: number): number {
  const room = Math.min(margin, length / 2);
  return Math.min(Math.max(at, room), length - room) - at;
}
