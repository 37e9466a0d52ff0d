/** The right pane: the picture as it forms, compared with the photo by a slider, under the editor's own viewport. */

import "./work.css";
import type { Viewport } from "../editor/viewport";
import type { Studio } from "../model/studio";
import { h } from "../shell/dom";
import { composite } from "./composite";
import type { Finished, Loop } from "./loop";
import type { Status } from "./progress";
import type { Made, Shown } from "./showing";

/** A part of the page that can be taken away. */
export interface Handle {
  destroy(): void;
}

/** The right pane; it needs the photo to compare with. */
export interface ResultHandle extends Handle {
  /** The photo as the server decoded it; null for none. The bitmap stays the caller's. */
  setPhotoBitmap(bitmap: ImageBitmap | null): void;
}

/** From this zoom on pixels are shown as squares, as in the editor. */
const SQUARES = 3;

/** Width of the slider's thumb, and what the slider leaves free at both ends, in screen pixels, as the style sheets say. */
const THUMB = 16;
const INSET = 12;

/** Show what a loop tells; `host` is the pane, of the same size as the editor's. */
export function mountResult(
  host: HTMLElement,
  parts: { studio: Studio; viewport: Viewport; loop: Loop },
): ResultHandle {
  const view = new ResultView(host, parts);
  return { setPhotoBitmap: (bitmap) => view.setPhoto(bitmap), destroy: () => view.destroy() };
}

/** What lies over the finished picture while the next one forms. */
interface Forming {
  /** What the present request is for. */
  readonly made: Made;
  /** What lay there before that request. */
  readonly under: OffscreenCanvas | null;
  readonly top: OffscreenCanvas;
}

class ResultView {
  readonly #canvas = h("canvas", { class: "result-canvas", role: "img", "aria-label": "No picture yet" });
  readonly #slider = h("input", {
    type: "range",
    class: "result-slider",
    min: 0,
    max: 100,
    step: 1,
    value: 0,
    "aria-label": "Compare with the photo: how much of it covers the picture",
    title: "Compare with the photo",
  });
  readonly #line = h(
    "div",
    { class: "result-line", "aria-hidden": "true" },
    h("span", { class: "result-side" }, "Photo"),
    h("span", { class: "result-side" }, "Picture"),
  );
  readonly #empty = h("p", { class: "result-empty" });
  readonly #viewport: Viewport;
  readonly #studio: Studio;
  readonly #off: (() => void)[];
  readonly #root: HTMLElement;
  #photo: ImageBitmap | null = null;
  #picture: ImageBitmap | null = null;
  #forming: Forming | null = null;
  #drawing = 0;
  #clearings = 0;
  #decoded: Promise<void> = Promise.resolve();

  constructor(
    host: HTMLElement,
    { studio, viewport, loop }: { studio: Studio; viewport: Viewport; loop: Loop },
  ) {
    this.#viewport = viewport;
    this.#studio = studio;
    this.#slider.addEventListener("input", () => this.#draw());
    this.#root = h("div", { class: "result" }, this.#canvas, this.#line, this.#empty, this.#slider);
    const off: (() => void)[] = [];
    this.#root.append(statusElement(loop, off));
    host.append(this.#root);
    const sizes = new ResizeObserver(() => this.#draw());
    sizes.observe(this.#root);
    this.#off = off;
    off.push(
      viewport.on("change", () => this.#draw()),
      loop.on("frame", (shown) => this.#show(shown.frame.picture, (bitmap) => this.#cover(shown, bitmap))),
      loop.on("finished", (finished) => this.#finish(finished)),
      loop.on("cleared", () => this.#clear()),
      loop.on("status", (status) => this.#explain(status)),
      studio.on("document", () => this.#draw()),
      () => sizes.disconnect(),
      panning(this.#canvas, viewport),
      sliding(this.#line, this.#slider),
    );
    this.#explain(loop.status);
    if (loop.latest) this.#finish(loop.latest);
  }

  setPhoto(bitmap: ImageBitmap | null): void {
    this.#photo = bitmap;
    this.#draw();
  }

  destroy(): void {
    for (const off of this.#off) off();
    cancelAnimationFrame(this.#drawing);
    this.#picture?.close();
    this.#root.remove();
  }

  /** Decoding is done on another thread; what was told first is shown first, for later frames are laid over it. */
  #show(picture: Blob, take: (bitmap: ImageBitmap) => void): void {
    const before = this.#decoded;
    const clearings = this.#clearings;
    const shown = createImageBitmap(picture).then(async (bitmap) => {
      await before;
      if (clearings !== this.#clearings) return bitmap.close();
      take(bitmap);
      this.#empty.hidden = true;
      this.#draw();
    });
    this.#decoded = shown.catch(() => {}); // reported by the browser as `shown`; the next one is shown all the same
  }

  #finish({ picture, width, height }: Finished): void {
    this.#show(picture, (bitmap) => {
      this.#picture?.close();
      this.#picture = bitmap;
      this.#forming = null;
      this.#canvas.setAttribute("aria-label", `The picture, ${width}x${height}`);
    });
  }

  #cover({ made, area, over }: Shown, bitmap: ImageBitmap): void {
    const last = this.#forming;
    const under = (last?.made === made ? last.under : last?.top) ?? null;
    this.#forming = { made, under, top: composite(bitmap, area, over ? under : null) };
    bitmap.close();
    this.#canvas.setAttribute("aria-label", "The picture, still forming");
  }

  #clear(): void {
    this.#clearings += 1;
    this.#picture?.close();
    this.#picture = null;
    this.#forming = null;
    this.#slider.value = "0";
    this.#canvas.setAttribute("aria-label", "No picture yet");
    this.#empty.hidden = false;
    this.#draw();
  }

  /** Why there is no picture is told where it would be. */
  #explain({ kind, text }: Status): void {
    this.#empty.textContent = kind === "blocked" ? text : "";
  }

  #draw(): void {
    if (this.#drawing !== 0) return;
    this.#drawing = requestAnimationFrame(() => {
      this.#drawing = 0;
      this.#drawNow();
    });
  }

  #drawNow(): void {
    const { clientWidth, clientHeight } = this.#root;
    const ratio = window.devicePixelRatio;
    const width = Math.max(1, Math.round(clientWidth * ratio));
    const height = Math.max(1, Math.round(clientHeight * ratio));
    if (this.#canvas.width !== width || this.#canvas.height !== height)
      Object.assign(this.#canvas, { width, height });
    const context = this.#canvas.getContext("2d");
    if (context === null) return;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, width, height);
    const pictures = [this.#picture, this.#forming?.top ?? null].filter((picture) => picture !== null);
    const comparing = pictures.length > 0 && this.#photo !== null;
    this.#slider.disabled = !comparing;
    const { ofPhoto, portrait } = this.#studio;
    this.#slider.hidden = !ofPhoto && portrait === null; // there is no photo to compare with
    const split = comparing ? screenColumn(this.#slider.valueAsNumber, clientWidth) : 0;
    this.#line.hidden = split === 0;
    this.#line.style.transform = `translateX(${split}px)`;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    for (const picture of pictures) this.#lay(context, picture, { x: split, width: clientWidth - split });
    if (split > 0 && this.#photo) this.#lay(context, this.#photo, { x: 0, width: split });
  }

  /** A picture over the whole map, whatever its own size, seen between two screen columns. */
  #lay(
    context: CanvasRenderingContext2D,
    picture: ImageBitmap | OffscreenCanvas,
    seen: { x: number; width: number },
  ): void {
    const size = this.#studio.map("layout") ?? this.#studio.photo;
    if (size === null) return;
    const { zoom, offset } = this.#viewport;
    const scale = (zoom * size.width) / picture.width;
    context.save();
    context.beginPath();
    context.rect(seen.x, 0, seen.width, this.#root.clientHeight);
    context.clip();
    context.imageSmoothingEnabled = scale < SQUARES || picture.width < size.width;
    context.imageSmoothingQuality = picture.width < size.width ? "high" : "medium";
    context.drawImage(picture, offset.x, offset.y, size.width * zoom, size.height * zoom);
    context.restore();
  }
}

/** Where the middle of the slider's thumb is in the pane; but at its ends the line is at those of the pane. */
function screenColumn(percent: number, width: number): number {
  if (percent <= 0 || percent >= 100) return (percent / 100) * width;
  return INSET + THUMB / 2 + (percent / 100) * (width - 2 * INSET - THUMB);
}

/** Drag the line itself. */
function sliding(line: HTMLElement, slider: HTMLInputElement): () => void {
  const listening = new AbortController();
  const { signal } = listening;
  line.addEventListener("pointerdown", (event) => line.setPointerCapture(event.pointerId), { signal });
  const move = (event: PointerEvent) => {
    if (!line.hasPointerCapture(event.pointerId)) return;
    const { left, width } = slider.getBoundingClientRect();
    slider.valueAsNumber = Math.round(((event.clientX - left - THUMB / 2) / (width - THUMB)) * 100);
    slider.dispatchEvent(new Event("input"));
  };
  line.addEventListener("pointermove", move, { signal });
  return () => listening.abort();
}

/** The line in the corner. Screen readers hear how it ended, not every level on the way. */
function statusElement(loop: Loop, off: (() => void)[]): HTMLElement {
  const shown = h("span", { class: "result-words", "aria-hidden": "true" });
  const spoken = h("span", { class: "spoken", role: "status" });
  const element = h("p", { class: "result-status" }, shown, spoken);
  const tell = ({ kind, text }: Status) => {
    element.dataset.kind = kind;
    element.hidden = text === "";
    shown.textContent = text;
    if (kind !== "working" && spoken.textContent !== text) spoken.textContent = text;
  };
  tell(loop.status);
  off.push(loop.on("status", tell));
  return element;
}

/** Drag moves the view, the wheel zooms about the pointer. */
function panning(canvas: HTMLCanvasElement, viewport: Viewport): () => void {
  const listening = new AbortController();
  const { signal } = listening;
  let last: PointerEvent | null = null;
  canvas.addEventListener(
    "pointerdown",
    (event) => {
      if (event.button > 1) return;
      last = event;
      canvas.setPointerCapture(event.pointerId);
    },
    { signal },
  );
  canvas.addEventListener(
    "pointermove",
    (event) => {
      if (last === null || event.pointerId !== last.pointerId) return;
      viewport.panBy(event.clientX - last.clientX, event.clientY - last.clientY);
      last = event;
    },
    { signal },
  );
  for (const end of ["pointerup", "pointercancel"] as const) {
    canvas.addEventListener(
      end,
      () => {
        last = null;
      },
      { signal },
    );
  }
  canvas.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
      const { left, top } = canvas.getBoundingClientRect();
      viewport.zoomAt(
        { x: event.clientX - left, y: event.clientY - top },
        2 ** ((-event.deltaY * lines) / 400),
      );
    },
    { signal, passive: false },
  );
  return () => listening.abort();
}
