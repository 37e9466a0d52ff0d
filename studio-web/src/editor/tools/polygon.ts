import { polygon } from "../../model/paint";
import type { Point } from "../../model/types";
import { beginPainting, canPaint, type Press, type Stage, Tool } from "./tool";

/** How near in screen pixels a click counts as "the same place". */
const NEAR = 7;
/** Two clicks in one place within so many milliseconds close the polygon. */
const DOUBLE = 400;

/** Fills a polygon whose corners are clicked; Enter, a double click or a click on the first corner closes it. */
export class Polygon extends Tool {
  readonly #stage: Stage;
  #corners: Point[] = [];
  #last = { at: { x: 0, y: 0 }, when: -DOUBLE };

  constructor(stage: Stage) {
    super();
    this.#stage = stage;
  }

  override holds(): boolean {
    return false;
  }

  press({ at }: Press): void {
    if (!canPaint(this.#stage)) return;
    const when = performance.now();
    const twice = when - this.#last.when < DOUBLE && this.#near(at, this.#last.at);
    this.#last = { at, when };
    if (this.#corners.length > 2 && (twice || this.#near(at, this.#corners[0]))) this.#close();
    else {
      if (!twice || this.#corners.length === 0) this.#corners.push(at);
      this.#show(at);
    }
  }

  override hover(at: Point | null): void {
    if (this.#corners.length > 0) this.#show(at);
  }

  override key(event: KeyboardEvent): boolean {
    if (this.#corners.length === 0) return false;
    if (event.key === "Backspace" || event.key === "Delete") {
      this.#corners.pop();
      this.#show(null);
      return true;
    }
    if (event.key !== "Enter") return false;
    this.#close();
    return true;
  }

  override cancel(): boolean {
    const unfinished = this.#corners.length > 0;
    this.forget();
    return unfinished;
  }

  // Closing can be undone; the corners, once dropped, could not be brought back.
  override leave(): void {
    this.#close();
  }

  override forget(): void {
    this.#corners = [];
    this.#stage.overlay.showLine([]);
  }

  #near(a: Point, b: Point): boolean {
    return Math.hypot(a.x - b.x, a.y - b.y) * this.#stage.viewport.zoom <= NEAR;
  }

  #show(end: Point | null): void {
    const line = end === null ? this.#corners : [...this.#corners, end];
    this.#stage.overlay.showLine(this.#corners.length > 1 ? [...line, this.#corners[0]] : line);
  }

  #close(): void {
    const corners = this.#corners;
    this.forget();
    if (corners.length < 3) return;
    const edit = beginPainting(this.#stage, "Polygon");
    if (edit === null) return;
    edit.changed(polygon(edit.map, corners, this.#stage.studio.active));
    edit.commit();
  }
}
