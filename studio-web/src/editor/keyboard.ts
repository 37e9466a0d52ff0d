import type { Studio } from "../model/studio";
import type { Point } from "../model/types";
import type { Hand } from "./hand";
import type { Overlay } from "./overlay";
import type { PointerInput } from "./pointer";
import { shownAt } from "./tools/eyedropper";
import type { Viewport } from "./viewport";

/** The cross stays so many screen pixels inside the pane. */
const EDGE = 40;
/** One press of + zooms by this factor. */
const ZOOM = 1.25;
const ARROWS: Readonly<Record<string, Point>> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
};

/** What the keyboard works with. */
export interface KeyboardParts {
  readonly studio: Studio;
  readonly viewport: Viewport;
  readonly overlay: Overlay;
  readonly hand: Hand;
  readonly pointer: PointerInput;
  /** Tells where the cross is, seen and spoken; "" for nowhere. */
  readonly locate: (text: string) => void;
}

/**
 * Painting by keyboard alone: arrows move a cross, Space or Enter presses the tool there and holds it until pressed again.
 *
 * The first of these keys only shows the cross, so that a Space of someone who uses the mouse paints nothing.
 */
export class KeyboardInput {
  readonly #parts: KeyboardParts;
  readonly #listening = new AbortController();
  #cross: Point | null = null;
  /** Whether Space went down here; one that comes from a button elsewhere is not for the editor. */
  #space = false;

  constructor(surface: HTMLElement, parts: KeyboardParts) {
    this.#parts = parts;
    const signal = this.#listening.signal;
    surface.addEventListener("keydown", (event) => this.#down(event), { signal });
    surface.addEventListener("keyup", (event) => this.#up(event), { signal });
    surface.addEventListener("blur", () => this.#blur(), { signal });
    surface.addEventListener("pointermove", (event) => this.#yield(event), { signal });
    signal.addEventListener(
      "abort",
      parts.studio.on("document", () => this.#show(null)),
    );
  }

  /** Ends listening. */
  destroy(): void {
    this.#listening.abort();
  }

  #down(event: KeyboardEvent): void {
    if (event.key === " ") this.#space = true;
    if (!this.#take(event)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** Acts on a key; returns whether it was one for the editor. */
  #take(event: KeyboardEvent): boolean {
    const { hand, studio } = this.#parts;
    const command = event.ctrlKey || event.metaKey;
    // Undo in the middle of a stroke means this stroke.
    if (command && event.key === "z" && studio.editing) return hand.cancel();
    if (event.key === "Escape") return hand.cancel() || this.#hide();
    if (event.metaKey || studio.current === null) return false;
    const { x, y } = ARROWS[event.key] ?? { x: 0, y: 0 };
    if (event.ctrlKey) return (x !== 0 || y !== 0) && this.#go({ x: 100 * x, y: 100 * y }, event);
    if (!hand.holding("keyboard") && hand.tool.key(event)) return true;
    if (x !== 0 || y !== 0) {
      const step = event.shiftKey ? 10 : 1;
      return this.#go({ x: step * x, y: step * y }, event);
    }
    if (event.key === "Enter") return event.repeat || this.#act(event);
    if (event.key === "+" || event.key === "=") return this.#zoom(ZOOM);
    if (event.key === "-" || event.key === "_") return this.#zoom(1 / ZOOM);
    return event.key === " ";
  }

  #up(event: KeyboardEvent): void {
    this.#parts.hand.tool.keyUp();
    // Space acts when let go, for with the mouse it pans.
    const { pointer, studio } = this.#parts;
    if (event.key === " " && this.#space && !pointer.panned && studio.current !== null) this.#act(event);
    if (event.key === " ") this.#space = false;
    // Else Alt opens the menu of some browsers after every picked class.
    if (event.key === "Alt" || event.key === " ") event.preventDefault();
  }

  #blur(): void {
    const { hand } = this.#parts;
    this.#space = false;
    hand.tool.keyUp();
    if (hand.holding("keyboard")) hand.release();
    this.#hide();
  }

  /** The mouse takes over, unless the keyboard holds a stroke. */
  #yield(event: PointerEvent): void {
    const moved = event.movementX !== 0 || event.movementY !== 0;
    if (moved && this.#cross !== null && !this.#parts.hand.holding("keyboard")) this.#show(null);
  }

  #go({ x, y }: Point, { altKey }: KeyboardEvent): boolean {
    const { studio, hand, viewport } = this.#parts;
    const map = studio.current;
    if (map === null || altKey) return false;
    if (this.#cross === null) return this.#appear();
    const at = {
      x: Math.min(Math.max(this.#cross.x + x, 0.5), map.width - 0.5),
      y: Math.min(Math.max(this.#cross.y + y, 0.5), map.height - 0.5),
    };
    viewport.reveal(at, EDGE);
    // Shift says how far to go; to the tool it means nothing.
    if (hand.holding("keyboard")) hand.drag({ at, shift: false, alt: false });
    this.#show(at);
    return true;
  }

  #act({ shiftKey, altKey }: KeyboardEvent): boolean {
    const { hand } = this.#parts;
    if (this.#cross === null) return this.#appear();
    if (hand.holding("keyboard")) hand.release();
    else {
      const press = { at: this.#cross, shift: shiftKey, alt: altKey };
      const holds = !altKey && hand.tool.holds(press);
      hand.press(press, "keyboard");
      if (!holds) hand.release();
    }
    this.#show(this.#cross);
    return true;
  }

  /** Shows the cross on the map pixel in the middle of what is seen. */
  #appear(): boolean {
    const { studio, viewport } = this.#parts;
    const map = studio.current;
    if (map === null) return false;
    const { x, y } = viewport.toMap({ x: viewport.pane.width / 2, y: viewport.pane.height / 2 });
    this.#show({
      x: Math.min(Math.max(Math.floor(x), 0), map.width - 1) + 0.5,
      y: Math.min(Math.max(Math.floor(y), 0), map.height - 1) + 0.5,
    });
    return true;
  }

  #hide(): boolean {
    const shown = this.#cross !== null;
    if (shown) this.#show(null);
    return shown;
  }

  #show(at: Point | null): void {
    const { overlay, hand, locate, studio } = this.#parts;
    this.#cross = at;
    overlay.showCross(at);
    hand.pointAt(at);
    if (at === null) {
      locate("");
      return;
    }
    const id = shownAt(this.#parts, at);
    const name = id === null ? undefined : studio.classes[id]?.name;
    const held = hand.holding("keyboard") ? ", painting" : "";
    locate(`${Math.floor(at.x)}, ${Math.floor(at.y)}: ${name ?? "unmarked"}${held}`);
  }

  #zoom(factor: number): boolean {
    const { viewport } = this.#parts;
    const { width, height } = viewport.pane;
    const about = this.#cross === null ? { x: width / 2, y: height / 2 } : viewport.toScreen(this.#cross);
    viewport.zoomAt(about, factor);
    return true;
  }
}
