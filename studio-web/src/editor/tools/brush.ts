import { capsule, type Ink } from "../../model/paint";
import type { Edit } from "../../model/studio";
import { type Point, UNMARKED } from "../../model/types";
import { beginPainting, type Press, type Stage, Tool } from "./tool";

/** Strokes of a round tip; what they leave is said by the classes below. */
abstract class Strokes extends Tool {
  protected readonly stage: Stage;
  #stroke: { edit: Edit; ink: Ink; last: Point } | null = null;
  /** Where the last stroke ended, from where Shift draws a straight line. */
  #end: Point | null = null;

  constructor(stage: Stage) {
    super();
    this.stage = stage;
  }

  /** The edit of a new stroke and what it leaves; null if there can be none. */
  protected abstract begin(): { edit: Edit; ink: Ink } | null;

  override get ring(): number {
    return this.stage.studio.view.brush;
  }

  press({ at, shift }: Press): void {
    const begun = this.begin();
    if (begun === null) return;
    this.#stroke = { ...begun, last: (shift && this.#end) || at };
    this.#paintTo(this.#stroke, at);
  }

  override drag({ at }: Press): void {
    if (this.#stroke !== null) this.#paintTo(this.#stroke, at);
  }

  override release(): void {
    if (this.#stroke === null) return;
    this.#stroke.edit.commit();
    this.#end = this.#stroke.last;
    this.#stroke = null;
  }

  override leave(): void {
    this.release();
  }

  override cancel(): boolean {
    const unfinished = this.#stroke !== null;
    this.#stroke?.edit.cancel();
    this.#stroke = null;
    return unfinished;
  }

  override forget(): void {
    this.release();
    this.#end = null;
  }

  #paintTo(stroke: { edit: Edit; ink: Ink; last: Point }, at: Point): void {
    const { edit, ink, last } = stroke;
    stroke.last = at;
    edit.changed(capsule(edit.map, last, at, this.stage.studio.view.brush, ink));
  }
}

/** Paints the active class. */
export class Brush extends Strokes {
  protected begin(): { edit: Edit; ink: Ink } | null {
    const edit = beginPainting(this.stage, "Paint");
    return edit && { edit, ink: this.stage.studio.active };
  }
}

/** Brings back the photo's own labels in the layout; takes scribbles away. */
export class Restore extends Strokes {
  protected begin(): { edit: Edit; ink: Ink } | null {
    const { studio, say } = this.stage;
    if (studio.editing || studio.current === null) return null;
    if (studio.target === "strokes") return { edit: studio.begin("Erase"), ink: UNMARKED };
    const labels = studio.map("labels");
    if (studio.target === "layout" && labels !== null) return { edit: studio.begin("Restore"), ink: labels };
    say("Restore works on the layout: it brings the photo's own labels back there.");
    return null;
  }
}
