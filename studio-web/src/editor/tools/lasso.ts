import { polygon } from "../../model/paint";
import { Freehand } from "./freehand";
import { beginPainting, canPaint, type Press, type Stage, Tool } from "./tool";

/** Fills what a freehand line encloses. */
export class Lasso extends Tool {
  readonly #stage: Stage;
  readonly #line: Freehand;

  constructor(stage: Stage) {
    super();
    this.#stage = stage;
    this.#line = new Freehand(stage);
  }

  press({ at }: Press): void {
    if (canPaint(this.#stage)) this.#line.begin(at);
  }

  override drag({ at }: Press): void {
    this.#line.extend(at);
  }

  override release(): void {
    const points = this.#line.end();
    if (points.length < 3) return;
    const edit = beginPainting(this.#stage, "Lasso");
    if (edit === null) return;
    edit.changed(polygon(edit.map, points, this.#stage.studio.active));
    edit.commit();
  }

  override leave(): void {
    this.release();
  }

  override cancel(): boolean {
    return this.#line.end().length > 0;
  }

  override forget(): void {
    this.#line.end();
  }
}
