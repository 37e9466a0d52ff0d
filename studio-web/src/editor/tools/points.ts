import { type Grip, nearestPoint, shifted, withPoint } from "../../model/board";
import type { Face, Point } from "../../model/types";
import { type Press, type Stage, Tool } from "./tool";

/** How near in screen pixels a press takes hold of a point. */
const NEAR = 14;

/** A drag of a point, or with Shift of its whole face. */
interface Drag extends Grip {
  readonly face: Face;
  readonly from: Point;
  readonly whole: boolean;
  moved: Face;
}

/** Moves the points of faces; what a person placed is remembered, so that the others can follow from it. */
export class Points extends Tool {
  readonly #stage: Stage;
  #drag: Drag | null = null;

  constructor(stage: Stage) {
    super();
    this.#stage = stage;
  }

  press({ at, shift }: Press): void {
    const { studio, say } = this.#stage;
    const grip = this.#gripAt(at);
    const face = grip && studio.faces[grip.tile];
    if (studio.board === null || studio.editing) return;
    if (grip && face) this.#drag = { ...grip, face, from: at, whole: shift, moved: face };
    else
      say(
        studio.faces.some(Boolean)
          ? "Press a point of the face."
          : "There are no points yet. Find them first.",
      );
  }

  override drag({ at }: Press): void {
    const drag = this.#drag;
    if (drag === null) return;
    const by = { x: at.x - drag.from.x, y: at.y - drag.from.y };
    const { x, y } = drag.face.points[drag.point];
    drag.moved = drag.whole
      ? shifted(drag.face, by)
      : withPoint(drag.face, drag.point, { x: x + by.x, y: y + by.y });
    const { studio, faces } = this.#stage;
    faces.show(studio.faces.with(drag.tile, drag.moved));
  }

  override release(): void {
    const drag = this.#drag;
    this.#drag = null;
    if (drag === null || drag.moved === drag.face) return;
    const { studio } = this.#stage;
    const label = drag.whole ? "Move a face" : "Move a point";
    studio.change(label, { faces: studio.faces.with(drag.tile, drag.moved) });
  }

  override leave(): void {
    this.release();
  }

  override cancel(): boolean {
    const drag = this.#drag;
    this.forget();
    return drag !== null;
  }

  override forget(): void {
    const { studio, faces } = this.#stage;
    if (this.#drag !== null) faces.show(studio.faces);
    this.#drag = null;
  }

  override cursor(at: Point): string {
    return this.#gripAt(at) === null ? "default" : "grab";
  }

  #gripAt(at: Point): Grip | null {
    const { studio, viewport } = this.#stage;
    return studio.board && nearestPoint(studio.board, studio.faces, { at, reach: NEAR / viewport.zoom });
  }
}
