import { rectangle } from "../../model/paint";
import type { Point } from "../../model/types";
import { beginPainting, canPaint, type Press, type Stage, Tool } from "./tool";

/** Fills the upright rectangle between press and release; Shift makes it a square. */
export class Rectangle extends Tool {
  readonly #stage: Stage;
  #corners: { from: Point; to: Point } | null = null;

  constructor(stage: Stage) {
    super();
    this.#stage = stage;
  }

  press({ at }: Press): void {
    if (!canPaint(this.#stage)) return;
    this.#corners = { from: at, to: at };
    this.#show(this.#corners);
  }

  override drag({ at, shift }: Press): void {
    if (this.#corners === null) return;
    this.#corners.to = shift ? square(this.#corners.from, at) : at;
    this.#show(this.#corners);
  }

  override release(): void {
    const corners = this.#corners;
    this.forget();
    const edit = corners && beginPainting(this.#stage, "Rectangle");
    if (corners === null || edit === null) return;
    edit.changed(rectangle(edit.map, corners.from, corners.to, this.#stage.studio.active));
    edit.commit();
  }

  override leave(): void {
    this.release();
  }

  override cancel(): boolean {
    const unfinished = this.#corners !== null;
    this.forget();
    return unfinished;
  }

  override forget(): void {
    this.#corners = null;
    this.#stage.overlay.showLine([]);
  }

  /** Shows the borders of the whole pixels that the rectangle takes. */
  #show({ from, to }: { from: Point; to: Point }): void {
    const left = Math.floor(Math.min(from.x, to.x));
    const top = Math.floor(Math.min(from.y, to.y));
    const right = Math.floor(Math.max(from.x, to.x)) + 1;
    const bottom = Math.floor(Math.max(from.y, to.y)) + 1;
    const corners = [
      [left, top],
      [right, top],
      [right, bottom],
      [left, bottom],
      [left, top],
    ];
    this.#stage.overlay.showLine(corners.map(([x, y]) => ({ x, y })));
  }
}

/** The corner nearest to `to` that makes a square with `from`. */
function square(from: Point, to: Point): Point {
  const side = Math.max(Math.abs(to.x - from.x), Math.abs(to.y - from.y));
  return { x: from.x + (to.x < from.x ? -side : side), y: from.y + (to.y < from.y ? -side : side) };
}
