import type { Studio } from "../model/studio";
import type { Point } from "../model/types";
import { stepBrush } from "./brush-size";
import type { Hand } from "./hand";
import type { Press } from "./tools/tool";
import type { Viewport } from "./viewport";

/** Turning the wheel by so many pixels doubles the zoom, or is one step of the brush's size. */
const DOUBLING = 400;
const NOTCH = 100;
/** Pixels of wheels that count in lines or pages. */
const LINE = 33;
const PAGE = 400;
/** A pinch that begins within so many milliseconds of the first finger takes that finger's stroke back. */
const AFTERTHOUGHT = 300;
/** The number that pointer events have for a pen turned upside down. */
const ERASER = 5;

/** Mouse, pen, fingers and wheel over the editor: painting with one, panning and zooming with the others. */
export class PointerInput {
  readonly #surface: HTMLElement;
  readonly #studio: Studio;
  readonly #viewport: Viewport;
  readonly #hand: Hand;
  readonly #listening = new AbortController();
  #corner: Point = { x: 0, y: 0 };
  #painting: { pointer: number; button: number; since: number } | null = null;
  #panning: { pointer: number; last: Point } | null = null;
  readonly #fingers = new Map<number, Point>();
  #space = false;
  /** Whether a control that has the focus got it by a click. */
  #clicked = false;
  #control = false;
  #turned = 0;
  #panned = false;

  constructor(
    surface: HTMLElement,
    { studio, viewport, hand }: { studio: Studio; viewport: Viewport; hand: Hand },
  ) {
    this.#surface = surface;
    this.#studio = studio;
    this.#viewport = viewport;
    this.#hand = hand;
    const signal = this.#listening.signal;
    surface.addEventListener("pointerenter", () => this.#locate(), { signal });
    surface.addEventListener("pointerdown", (event) => this.#down(event), { signal });
    surface.addEventListener("mousedown", (event) => keepFromScrolling(event), { signal });
    surface.addEventListener("pointermove", (event) => this.#move(event), { signal });
    surface.addEventListener("pointerup", (event) => this.#up(event), { signal });
    surface.addEventListener("pointercancel", (event) => this.#lost(event), { signal });
    surface.addEventListener("lostpointercapture", (event) => this.#lost(event), { signal });
    surface.addEventListener("pointerleave", () => this.#leave(), { signal });
    surface.addEventListener("wheel", (event) => this.#wheel(event), { signal, passive: false });
    // Captured, since the keyboard's own handler keeps keys of the editor from going further.
    window.addEventListener("keydown", (event) => this.#keys(event, true), { signal, capture: true });
    window.addEventListener("keyup", (event) => this.#keys(event, false), { signal, capture: true });
    window.addEventListener("blur", () => this.#letKeysGo(), { signal });
    window.addEventListener("pointerdown", () => (this.#clicked = true), { signal, capture: true });
  }

  /** Whether the map was panned since Space went down; such a Space is no press of the tool. */
  get panned(): boolean {
    return this.#panned;
  }

  /** Ends listening. */
  destroy(): void {
    this.#listening.abort();
  }

  #locate(): void {
    const { left, top } = this.#surface.getBoundingClientRect();
    this.#corner = { x: left, y: top };
  }

  #screen({ clientX, clientY }: MouseEvent): Point {
    return { x: clientX - this.#corner.x, y: clientY - this.#corner.y };
  }

  #pressAt(event: PointerEvent): Press {
    const at = this.#viewport.toMap(this.#screen(event));
    return { at, shift: event.shiftKey, alt: event.altKey };
  }

  #down(event: PointerEvent): void {
    this.#locate();
    const at = this.#screen(event);
    if (event.pointerType === "touch") this.#fingers.set(event.pointerId, at);
    if (this.#fingers.size > 1) this.#beginPinch(event);
    else if (this.#painting === null && this.#panning === null) this.#begin(event, at);
  }

  #begin(event: PointerEvent, at: Point): void {
    const pan = event.button === 1 || (event.button === 0 && this.#space);
    if (!pan && event.button !== 0 && event.button !== ERASER) return;
    this.#surface.setPointerCapture(event.pointerId);
    if (pan) this.#beginPan(event.pointerId, at);
    else {
      const { pointerId: pointer, button, timeStamp: since } = event;
      this.#painting = { pointer, button, since };
      this.#point(event);
      this.#hand.press(this.#pressAt(event), button === ERASER ? "eraser" : "pointer");
    }
  }

  #move(event: PointerEvent): void {
    if (this.#fingers.has(event.pointerId) && this.#fingers.size > 1) this.#pinch(event);
    else if (this.#panning?.pointer === event.pointerId) this.#pan(this.#panning, this.#screen(event));
    else if (this.#painting?.pointer === event.pointerId) this.#paint(event);
    else if (this.#painting === null && this.#panning === null) this.#point(event);
  }

  #paint(event: PointerEvent): void {
    // Safari before 18.2 knows no coalesced events; others give none for made-up moves.
    const steps = event.getCoalescedEvents?.() ?? [];
    if (steps.length === 0) this.#hand.drag(this.#pressAt(event));
    for (const step of steps) this.#hand.drag(this.#pressAt(step));
    this.#point(event);
  }

  #up(event: PointerEvent): void {
    this.#fingers.delete(event.pointerId);
    if (this.#painting?.pointer === event.pointerId && this.#painting.button === event.button) {
      this.#painting = null;
      this.#hand.release();
    }
    if (this.#panning?.pointer === event.pointerId) this.#endPan();
  }

  #lost(event: PointerEvent): void {
    this.#fingers.delete(event.pointerId);
    if (this.#painting?.pointer === event.pointerId) {
      this.#painting = null;
      this.#hand.cancel();
    }
    if (this.#panning?.pointer === event.pointerId) this.#endPan();
  }

  #leave(): void {
    if (this.#painting === null) this.#hand.pointAt(null);
  }

  /** Shows ring and cursor where the pointer is; a finger hides both. */
  #point(event: PointerEvent): void {
    if (this.#hand.holding("keyboard")) return;
    const { at } = this.#pressAt(event);
    this.#hand.pointAt(event.pointerType === "touch" ? null : at);
    const cursor = this.#space ? "grab" : this.#hand.tool.cursor(at);
    if (this.#surface.style.cursor !== cursor) this.#surface.style.cursor = cursor;
  }

  #beginPan(pointer: number, last: Point): void {
    this.#panning = { pointer, last };
    this.#panned = true;
    this.#surface.style.cursor = "grabbing";
  }

  #pan(panning: { last: Point }, at: Point): void {
    this.#viewport.panBy(at.x - panning.last.x, at.y - panning.last.y);
    panning.last = at;
  }

  #endPan(): void {
    this.#panning = null;
    this.#surface.style.cursor = this.#space ? "grab" : "crosshair";
  }

  #beginPinch(event: PointerEvent): void {
    if (this.#painting === null) return;
    const hasty = event.timeStamp - this.#painting.since < AFTERTHOUGHT;
    this.#painting = null;
    if (hasty) this.#hand.cancel();
    else this.#hand.release();
  }

  #pinch(event: PointerEvent): void {
    const others = [...this.#fingers].filter(([pointer]) => pointer !== event.pointerId);
    const before = this.#fingers.get(event.pointerId);
    if (others.length !== 1 || before === undefined) return;
    const [, still] = others[0];
    const after = this.#screen(event);
    this.#fingers.set(event.pointerId, after);
    const [old, now] = [middle(before, still), middle(after, still)];
    this.#viewport.panBy(now.x - old.x, now.y - old.y);
    this.#viewport.zoomAt(now, distance(after, still) / Math.max(distance(before, still), 1));
  }

  #wheel(event: WheelEvent): void {
    event.preventDefault();
    this.#locate();
    // Chrome turns the wheel sideways while Shift is down.
    const delta = event.deltaY !== 0 ? event.deltaY : event.deltaX;
    const turned = delta * [1, LINE, PAGE][event.deltaMode];
    // A pinch on a touchpad comes as a wheel with a Control key that nobody presses.
    if (event.shiftKey || (event.ctrlKey && this.#control)) this.#resizeBrush(turned);
    else {
      const pinched = event.ctrlKey ? 4 : 1;
      this.#viewport.zoomAt(this.#screen(event), 2 ** ((-turned * pinched) / DOUBLING));
    }
  }

  #resizeBrush(turned: number): void {
    this.#turned += turned;
    const steps = Math.trunc(this.#turned / NOTCH);
    this.#turned -= steps * NOTCH;
    if (steps !== 0) this.#studio.setView({ brush: stepBrush(this.#studio.view.brush, -steps) });
  }

  /** Keys that are let go in another window are not told. */
  #letKeysGo(): void {
    this.#space = false;
    this.#control = false;
  }

  #keys(event: KeyboardEvent, down: boolean): void {
    this.#control = event.ctrlKey;
    if (event.key === "Tab" || event.key.startsWith("Arrow")) this.#clicked = false;
    if (event.key !== " ") return;
    const ours = this.#takesSpace(event.target);
    if (ours && event.target !== this.#surface) event.preventDefault(); // else a control that was clicked is pressed again
    if (down && ours && !this.#space) this.#panned = false;
    this.#space = down && ours;
  }

  /** Over the map, Space pans even if a control was clicked last; who reached a control by keyboard means that one. */
  #takesSpace(target: EventTarget | null): boolean {
    if (target === this.#surface || target === document.body) return true;
    if (!(target instanceof HTMLElement) || !this.#surface.matches(":hover")) return false;
    return (
      this.#clicked && !target.matches("input:not([type=range], [type=checkbox]), textarea, select, dialog *")
    );
  }
}

/** The middle button pans; browsers would have it scroll. */
function keepFromScrolling(event: MouseEvent): void {
  if (event.button === 1) event.preventDefault();
}

function middle(a: Point, b: Point): Point {
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}
