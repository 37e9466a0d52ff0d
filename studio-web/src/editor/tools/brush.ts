import { type Axis, axisOf, mirrored, twinOf } from "../../model/mirror";
import { capsule, type Ink } from "../../model/paint";
import type { Edit } from "../../model/studio";
import { type Point, UNMARKED } from "../../model/types";
import { beginPainting, type Press, type Stage, Tool } from "./tool";

/** What is painted on the other half of a face. */
interface Twin {
  readonly axis: Axis;
  readonly ink: Ink;
}

/** A stroke under way. */
interface Stroke {
  readonly edit: Edit;
  readonly ink: Ink;
  readonly twin: Twin | null;
  last: Point;
}

/** Strokes of a round tip; what they leave is said by the classes below. */
abstract class Strokes extends Tool {
  protected readonly stage: Stage;
  #stroke: Stroke | null = null;
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
    this.#stroke = { ...begun, last: (shift && this.#end) || at, twin: this.#twin(begun.ink) };
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

  /** What is painted on the other half of a face, where that is wished for. */
  #twin(ink: Ink): Twin | null {
    const { studio } = this.stage;
    const { view, portrait, classes } = studio;
    const labels = studio.map("labels");
    if (!view.symmetric || portrait === null || labels === null) return null;
    return { axis: axisOf(labels, classes), ink: typeof ink === "number" ? twinOf(ink, classes) : ink };
  }

  #paintTo(stroke: Stroke, at: Point): void {
    const { edit, ink, last, twin } = stroke;
    const { brush } = this.stage.studio.view;
    stroke.last = at;
    edit.changed(capsule(edit.map, last, at, brush, ink));
    if (twin === null) return;
    const [from, to] = [mirrored(last, twin.axis), mirrored(at, twin.axis)];
    edit.changed(capsule(edit.map, from, to, brush, twin.ink));
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
