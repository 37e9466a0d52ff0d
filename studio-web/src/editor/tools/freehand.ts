import type { Point } from "../../model/types";
import type { Stage } from "./tool";

/** A freehand outline being drawn, shown on the overlay. */
export class Freehand {
  readonly #stage: Stage;
  #points: Point[] = [];

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  /** Whether an outline is being drawn. */
  get drawing(): boolean {
    return this.#points.length > 0;
  }

  /** Begins at `at`. */
  begin(at: Point): void {
    this.#points = [at];
    this.#stage.overlay.showLine(this.#points);
  }

  /** Goes on to `at`; movements below a screen pixel are left out. */
  extend(at: Point): void {
    const last = this.#points.at(-1);
    if (last === undefined) return;
    if (Math.hypot(at.x - last.x, at.y - last.y) * this.#stage.viewport.zoom < 1) return;
    this.#points.push(at);
    this.#stage.overlay.extendLine(at);
  }

  /** Ends and hands over the outline; empty if none was begun. */
  end(): Point[] {
    const points = this.#points;
    this.#points = [];
    this.#stage.overlay.showLine([]);
    return points;
  }
}
