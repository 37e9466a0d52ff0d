import { rolled, rolledClass, rolledWithin } from "../../model/rolls";
import type { Point, Size } from "../../model/types";
import { Freehand } from "./freehand";
import { type Press, type Stage, Tool } from "./tool";

/** A line shorter than this, in screen pixels, is a click. */
const CLICK = 4;

/**
 * Has a part of a scene made anew: the connected region under a click, with Shift all of its class, or what a freehand
 * line encloses.
 */
export class Anew extends Tool {
  readonly #stage: Stage;
  readonly #line: Freehand;
  #shift = false;

  constructor(stage: Stage) {
    super();
    this.#stage = stage;
    this.#line = new Freehand(stage);
  }

  override holds(): boolean {
    return false;
  }

  press({ at, shift }: Press): void {
    const { studio, say } = this.#stage;
    this.#shift = shift;
    if (studio.scene === null) say("Parts are made anew in scenes; begin one first.");
    else if (!studio.varies) say("What makes this has one picture of a layout, and no part of it anew.");
    else if (!studio.editing) this.#line.begin(at);
  }

  override drag({ at }: Press): void {
    this.#line.extend(at);
  }

  override release(): void {
    const { studio, viewport } = this.#stage;
    const points = this.#line.end();
    const layout = studio.map("layout");
    if (points.length === 0 || layout === null) return;
    const [first] = points;
    const reach = Math.max(...points.map(({ x, y }) => Math.hypot(x - first.x, y - first.y)));
    const click = points.length < 3 || reach * viewport.zoom < CLICK;
    const rolls = studio.map("rolls");
    const ask = (at: Point) => (this.#shift ? rolledClass : rolled)(layout, rolls, at);
    const next = click ? ask(within(first, layout)) : rolledWithin(layout, rolls, points);
    if (next !== null) studio.change("Make a part anew", { rolls: next });
  }

  override leave(): void {
    this.cancel();
  }

  override cancel(): boolean {
    return this.#line.end().length > 0;
  }

  override forget(): void {
    this.#line.end();
  }

  override cursor(): string {
    return "pointer";
  }
}

/** The place in the map nearest to a point. */
function within({ x, y }: Point, { width, height }: Size): Point {
  return { x: Math.min(Math.max(x, 0), width - 1), y: Math.min(Math.max(y, 0), height - 1) };
}
