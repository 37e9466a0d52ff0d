import { idAt } from "../../model/paint";
import { connected, type Pose, type Selection, within } from "../../model/select";
import { type Point, UNMARKED } from "../../model/types";
import { Floating } from "./floating";
import { Frame } from "./frame";
import { Freehand } from "./freehand";
import { cornerCursor, type Grip, gripAt, middle, moved, resized, rotated, scaled, turnedBy } from "./pose";
import { type Press, type Stage, Tool } from "./tool";

/** A drag shorter than this many screen pixels is a click. */
const CLICK = 3;
/** How far a duplicate lies from the original, in screen pixels. */
const ASIDE = 16;
/** One press of a key scales by this factor, or turns by this many radians. */
const GROWTH = 1.02;
const TURN = Math.PI / 180;

/** A drag of a selection: by what, from where, and the pose then. */
interface Drag {
  readonly grip: Grip;
  readonly from: Point;
  readonly pose: Pose;
  readonly duplicate: boolean;
  begun: boolean;
}

/**
 * Moves, scales, turns and duplicates regions: a click picks a connected one, Shift and a drag all inside a lasso.
 *
 * Each drag is a step of its own, so the full picture follows after each. Enter or a click outside lets the region go,
 * Escape puts it back.
 */
export class Move extends Tool {
  readonly #stage: Stage;
  readonly #frame: Frame;
  readonly #line: Freehand;
  #floating: Floating | null = null;
  #drag: Drag | null = null;

  constructor(stage: Stage) {
    super();
    this.#stage = stage;
    this.#frame = new Frame(stage.overlay, stage.viewport);
    this.#line = new Freehand(stage);
  }

  override holds({ shift }: Press): boolean {
    return shift;
  }

  override usesAlt({ at }: Press): boolean {
    return this.#gripAt(at) !== null;
  }

  override cursor(at: Point): string {
    const grip = this.#gripAt(at);
    if (grip === "corner" && this.#floating !== null)
      return cornerCursor(at, this.#floating.selection.bounds, this.#floating.pose);
    if (grip === "turn") return "grab";
    return grip === "inside" ? "move" : "default";
  }

  press({ at, shift, alt }: Press): void {
    const { studio } = this.#stage;
    if (studio.current === null || studio.editing) return;
    const grip = this.#gripAt(at);
    if (this.#floating !== null && grip === null) this.leave();
    else if (this.#floating === null && shift) this.#line.begin(at);
    else {
      this.#floating ??= this.#pick(at);
      const pose = this.#floating?.pose;
      if (pose) this.#drag = { grip: grip ?? "inside", from: at, pose, duplicate: alt, begun: false };
    }
  }

  override drag({ at, shift }: Press): void {
    this.#line.extend(at);
    const [drag, floating] = [this.#drag, this.#floating];
    if (drag === null || floating === null) return;
    const { from, pose, grip } = drag;
    if (!drag.begun) {
      if (Math.hypot(at.x - from.x, at.y - from.y) * this.#stage.viewport.zoom < CLICK) return;
      drag.begun = true;
      if (drag.duplicate) floating.duplicate();
    }
    const centre = middle(floating.selection.bounds, pose);
    if (grip === "inside") this.#want(moved(pose, from, at));
    else if (grip === "corner") this.#want(scaled(pose, { centre, from, to: at }));
    else this.#want(rotated(pose, { centre, from, to: at }, shift));
  }

  override release(): void {
    this.#drag = null;
    this.#floating?.commit();
    const map = this.#stage.studio.current;
    if (!this.#line.drawing || map === null) return;
    const selection = within(map, this.#line.end());
    if (selection === null) this.#stage.say("The lasso holds no pixel. Draw around what is to move.");
    else this.#floating = this.#lift(selection);
  }

  override key(event: KeyboardEvent): boolean {
    if (this.#floating === null) return false;
    if (event.key === "Enter") this.leave();
    else if (event.key === "d" || event.key === "D") {
      if (!event.repeat) this.#duplicateAside(this.#floating);
    } else {
      const pose = posed(this.#floating.pose, event);
      if (pose === null) return false;
      this.#want(pose);
    }
    return true;
  }

  override keyUp(): void {
    if (this.#drag === null) this.#floating?.commit();
  }

  override cancel(): boolean {
    if (this.#line.end().length > 0) return true;
    if (this.#floating === null) return false;
    this.#drag = null;
    if (this.#floating.unsettled) {
      this.#floating.takeBack();
      this.#frame.pose(this.#floating.pose);
      return true;
    }
    const floating = this.#floating;
    this.#floating = null;
    floating.putBack();
    this.#frame.hide();
    return true;
  }

  override leave(): void {
    this.#line.end();
    this.#floating?.commit();
    this.#floating = null;
    this.#drag = null;
    this.#frame.hide();
  }

  override forget(): void {
    this.leave();
  }

  override repainted(): void {
    this.leave();
  }

  #gripAt(at: Point): Grip | null {
    if (this.#floating === null) return null;
    const { viewport } = this.#stage;
    const { selection, pose } = this.#floating;
    return gripAt(viewport.toScreen(at), { bounds: selection.bounds, pose }, viewport);
  }

  #pick(at: Point): Floating | null {
    const { studio, say } = this.#stage;
    const id = studio.current && idAt(studio.current, at);
    if (studio.current === null || id === null || id === UNMARKED) return null;
    say(`Picked up a region of “${studio.classes[id]?.name ?? id}”. Drag it, or use the arrow keys.`);
    return this.#lift(connected(studio.current, at));
  }

  #lift(selection: Selection): Floating {
    const floating = new Floating(this.#stage.studio, selection);
    this.#frame.show(selection, floating.pose);
    return floating;
  }

  #want(pose: Pose): void {
    this.#floating?.want(pose);
    this.#frame.pose(pose);
  }

  #duplicateAside(floating: Floating): void {
    floating.duplicate();
    const step = Math.max(Math.round(ASIDE / this.#stage.viewport.zoom), 1);
    this.#want({ ...floating.pose, dx: floating.pose.dx + step, dy: floating.pose.dy + step });
    this.#stage.say("Duplicated. What moves now is the copy.");
  }
}

/** The pose after a key: arrows move (with Shift by ten pixels), + and - scale, < and > turn; null for other keys. */
function posed(pose: Pose, { key, shiftKey }: KeyboardEvent): Pose | null {
  const step = shiftKey ? 10 : 1;
  if (key === "ArrowLeft") return { ...pose, dx: pose.dx - step };
  if (key === "ArrowRight") return { ...pose, dx: pose.dx + step };
  if (key === "ArrowUp") return { ...pose, dy: pose.dy - step };
  if (key === "ArrowDown") return { ...pose, dy: pose.dy + step };
  // These keys need Shift on some keyboards, so it does not enlarge their steps.
  if (key === "+" || key === "=") return resized(pose, GROWTH);
  if (key === "-" || key === "_") return resized(pose, 1 / GROWTH);
  if (key === "." || key === ">") return turnedBy(pose, TURN);
  return key === "," || key === "<" ? turnedBy(pose, -TURN) : null;
}
