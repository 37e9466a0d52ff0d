import { FREE } from "../model/board";
import { isEmpty, NOTHING, union, whole } from "../model/rect";
import type { Studio, View } from "../model/studio";
import type { IndexMap, Rect, Size } from "../model/types";
import { paintOutlines } from "./outlines";
import { aim, axis, lookup, paintClasses, paintStrokes, type Raster, touched } from "./sampling";
import type { Viewport } from "./viewport";

/** Labels below scribbles show with this part of the opacity, so that scribbles of their colour stand out. */
const UNDER = 0.6;
/** From this zoom on the photo's pixels are shown as squares. */
const SQUARES = 3;

/**
 * Draws the photo and, above it, the map that is painted on, each on a canvas at the resolution of the screen.
 *
 * The map's canvas is computed pixel by pixel from the ids: only the part of it that an edit touched, at most once a
 * frame, without a picture of the whole map. So a stroke costs the same however large the photo is.
 */
export class Renderer {
  readonly #photo = canvas("editor-photo");
  readonly #map = canvas("editor-map");
  #bitmap: ImageBitmap | null = null;
  #image: ImageData | null = null;
  #raster: Raster | null = null;
  #ratio = 1;
  #stale = { view: true, colours: true, dirty: NOTHING };
  #colours = new Uint32Array(256);
  #underColours = new Uint32Array(256);
  #frame = 0;
  /** The map of the last drawing; maps come and go without another document or target. */
  #drawn: IndexMap | null = null;
  #shown: View;
  readonly #studio: Studio;
  readonly #viewport: Viewport;
  readonly #offs: (() => void)[];

  constructor(host: HTMLElement, studio: Studio, viewport: Viewport) {
    this.#studio = studio;
    this.#viewport = viewport;
    this.#shown = studio.view;
    host.append(this.#photo, this.#map);
    const all = () => {
      this.#showView();
      this.#invalidate({ view: true, colours: true });
    };
    this.#offs = [
      viewport.on("change", () => this.#invalidate({ view: true })),
      studio.on("document", all),
      studio.on("classes", all),
      studio.on("target", all),
      studio.on("view", () => this.#showView()),
      studio.on("pixels", ({ target, rect }) => {
        if (target === studio.target || this.#under(target)) this.#invalidate({ dirty: rect });
      }),
    ];
    this.#showView();
  }

  /** Shows another photo, stretched over the map; null for none. */
  setPhoto(bitmap: ImageBitmap | null): void {
    this.#bitmap = bitmap;
    this.#invalidate({ view: true });
  }

  /** Takes the pane's size in CSS pixels and the screen's pixels per CSS pixel. */
  resize({ width, height }: Size, ratio: number): void {
    const size = {
      width: Math.max(Math.round(width * ratio), 1),
      height: Math.max(Math.round(height * ratio), 1),
    };
    this.#ratio = ratio;
    for (const layer of [this.#photo, this.#map]) Object.assign(layer, size);
    this.#image = new ImageData(size.width, size.height);
    this.#raster = {
      words: new Uint32Array(this.#image.data.buffer),
      columns: axis(size.width),
      rows: axis(size.height),
    };
    // Setting a canvas's size wipes it, so it is drawn again before the browser shows it.
    this.#stale.view = true;
    this.#draw();
  }

  /** Ends drawing and listening. */
  destroy(): void {
    cancelAnimationFrame(this.#frame);
    for (const off of this.#offs) off();
  }

  #under(target: string): boolean {
    return target === "labels" && this.#studio.target === "strokes";
  }

  /** Opacity is a matter of style, so that it costs no drawing, but for scribbles, which are always opaque. */
  #showView(): void {
    const { view, target, scene } = this.#studio;
    const opaque = view.outlines || target === "strokes" || scene !== null;
    this.#map.style.opacity = opaque ? "1" : String(view.opacity);
    if (
      view.outlines !== this.#shown.outlines ||
      (target === "strokes" && view.opacity !== this.#shown.opacity)
    )
      this.#invalidate({ view: true, colours: true });
    this.#shown = view;
  }

  #invalidate({ view = false, colours = false, dirty = NOTHING }): void {
    this.#stale.view ||= view;
    this.#stale.colours ||= colours;
    this.#stale.dirty = union(this.#stale.dirty, dirty);
    if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#draw());
  }

  #draw(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    if (this.#raster === null || this.#image === null) return;
    const { colours, dirty } = this.#stale;
    const view = this.#stale.view || this.#studio.current !== this.#drawn;
    this.#drawn = this.#studio.current;
    this.#stale = { view: false, colours: false, dirty: NOTHING };
    if (colours) {
      this.#colours = lookup(this.#studio.classes, 255);
      if (this.#studio.board !== null) this.#colours[FREE] = 0; // the pictures themselves are seen
      this.#underColours = lookup(this.#studio.classes, Math.round(255 * UNDER * this.#studio.view.opacity));
    }
    if (view) {
      this.#drawPhoto();
      this.#aim(this.#raster);
    }
    const area = view ? whole(this.#map) : this.#onCanvas(dirty);
    if (isEmpty(area)) return;
    this.#paint(this.#raster, area);
    context(this.#map).putImageData(this.#image, 0, 0, area.x, area.y, area.width, area.height);
  }

  #drawPhoto(): void {
    const drawing = context(this.#photo);
    drawing.setTransform(1, 0, 0, 1, 0, 0);
    drawing.clearRect(0, 0, this.#photo.width, this.#photo.height);
    const size = this.#studio.photo ?? this.#bitmap;
    if (this.#bitmap === null || size === null) return;
    const zoom = this.#viewport.zoom * this.#ratio;
    const { x, y } = this.#viewport.offset;
    drawing.imageSmoothingEnabled = zoom < SQUARES;
    drawing.imageSmoothingQuality = zoom < 1 ? "medium" : "low";
    drawing.setTransform(zoom, 0, 0, zoom, x * this.#ratio, y * this.#ratio);
    drawing.drawImage(this.#bitmap, 0, 0, size.width, size.height);
  }

  #aim({ columns, rows }: Raster): void {
    const map = this.#studio.current;
    const { x, y } = this.#viewport.offset;
    const zoom = this.#viewport.zoom * this.#ratio;
    aim(columns, map?.width ?? 0, { offset: x * this.#ratio, zoom });
    aim(rows, map?.height ?? 0, { offset: y * this.#ratio, zoom });
  }

  /** The canvas pixels that show what is in `rect` of the map. */
  #onCanvas(rect: Rect): Rect {
    if (isEmpty(rect)) return NOTHING;
    const { x, y } = this.#viewport.offset;
    const zoom = this.#viewport.zoom * this.#ratio;
    const margin = this.#thickness() + 1;
    const { width, height } = this.#map;
    const column = { offset: x * this.#ratio, zoom, margin };
    const [left, right] = touched(width, [rect.x, rect.x + rect.width], column);
    const row = { offset: y * this.#ratio, zoom, margin };
    const [top, bottom] = touched(height, [rect.y, rect.y + rect.height], row);
    return { x: left, y: top, width: right - left, height: bottom - top };
  }

  #thickness(): number {
    return Math.max(Math.round(this.#ratio), 1);
  }

  #paint(raster: Raster, area: Rect): void {
    const { current, target, view } = this.#studio;
    const proposed = this.#studio.map("labels");
    if (current === null) raster.words.fill(0);
    else if (target === "strokes") this.#paintStrokes(raster, area, [current, proposed]);
    else if (view.outlines) paintOutlines(raster, area, current, this.#thickness());
    else paintClasses(raster, area, current, this.#colours);
  }

  #paintStrokes(raster: Raster, area: Rect, [strokes, proposed]: [IndexMap, IndexMap | null]): void {
    const above = { map: strokes, colours: this.#colours };
    if (proposed === null) paintClasses(raster, area, strokes, this.#colours);
    else paintStrokes(raster, area, above, { map: proposed, colours: this.#underColours });
  }
}

function canvas(name: string): HTMLCanvasElement {
  const made = document.createElement("canvas");
  made.className = name;
  return made;
}

function context(layer: HTMLCanvasElement): CanvasRenderingContext2D {
  const drawing = layer.getContext("2d");
  if (drawing === null) throw new Error("this browser gives no 2D canvas; allow canvases for this page.");
  return drawing;
}
