import type { Point } from "../model/types";
import type { Viewport } from "./viewport";

const SVG = "http://www.w3.org/2000/svg";
/** Length of an arm of the cross, and the gap in its middle, in screen pixels. */
const ARM = 14;
const GAP = 4;

/**
 * What is drawn above the map while painting: the brush's ring, the keyboard's cross, a shape in the making.
 *
 * All is told in map coordinates; the overlay follows the viewport by itself.
 */
export class Overlay {
  /** The SVG that fills the pane. */
  readonly root = part("svg", "editor-overlay");
  readonly #ring = part("g", "editor-ring");
  readonly #circles = [part("circle", "editor-line-dark"), part("circle", "editor-line-light")];
  readonly #cross = part("g", "editor-cross");
  readonly #onMap = part("g");
  readonly #lines = [part("polyline", "editor-line-dark"), part("polyline", "editor-line-light")];
  readonly #viewport: Viewport;
  readonly #off: () => void;
  #ringAt: { at: Point; diameter: number } | null = null;
  #crossAt: Point | null = null;
  readonly #followers: (() => void)[] = [];

  constructor(viewport: Viewport) {
    this.#viewport = viewport;
    this.root.setAttribute("aria-hidden", "true");
    this.#ring.append(...this.#circles);
    const arms = `M${-ARM} 0H${-GAP}M${GAP} 0H${ARM}M0 ${-ARM}V${-GAP}M0 ${GAP}V${ARM}`;
    for (const line of ["editor-line-dark", "editor-line-light"]) {
      const path = part("path", line);
      path.setAttribute("d", arms);
      this.#cross.append(path);
    }
    this.#onMap.append(...this.#lines);
    this.root.append(this.#onMap, this.#ring, this.#cross);
    this.showRing(null);
    this.showCross(null);
    this.#off = viewport.on("change", () => this.#follow());
  }

  /** Adds a drawing of a tool's own; `follow` is called when the viewport changes. */
  add(drawing: SVGElement, follow: () => void): void {
    this.root.append(drawing);
    this.#followers.push(follow);
  }

  /** Shows the ring of a brush of `diameter` map pixels; null hides it. */
  showRing(ring: { at: Point; diameter: number } | null): void {
    this.#ringAt = ring;
    this.#ring.style.display = ring === null ? "none" : "";
    if (ring === null) return;
    moveTo(this.#ring, this.#viewport.toScreen(ring.at));
    const radius = String(Math.max((ring.diameter / 2) * this.#viewport.zoom, 1));
    for (const circle of this.#circles) {
      if (circle.getAttribute("r") !== radius) circle.setAttribute("r", radius);
    }
  }

  /** Shows the keyboard's cross; null hides it. */
  showCross(at: Point | null): void {
    this.#crossAt = at;
    this.#cross.style.display = at === null ? "none" : "";
    if (at !== null) moveTo(this.#cross, this.#viewport.toScreen(at));
  }

  /** Shows a line through `points`; none hides it. */
  showLine(points: readonly Point[]): void {
    const text = points.map(({ x, y }) => `${x},${y}`).join(" ");
    for (const line of this.#lines) line.setAttribute("points", text);
    if (points.length > 0) this.#followLine();
  }

  /** Adds a point to the line that is shown, without drawing up the others again. */
  extendLine(at: Point): void {
    for (const line of this.#lines) {
      const point = this.root.createSVGPoint();
      point.x = at.x;
      point.y = at.y;
      line.points.appendItem(point);
    }
    this.#followLine();
  }

  /** Ends following the viewport. */
  destroy(): void {
    this.#off();
  }

  #follow(): void {
    this.showRing(this.#ringAt);
    this.showCross(this.#crossAt);
    this.#followLine();
    for (const follow of this.#followers) follow();
  }

  #followLine(): void {
    this.#onMap.setAttribute("transform", mapTransform(this.#viewport));
  }
}

/** An SVG element with a class. */
export function part<K extends keyof SVGElementTagNameMap>(tag: K, name = ""): SVGElementTagNameMap[K] {
  const made = document.createElementNS(SVG, tag);
  if (name !== "") made.setAttribute("class", name);
  return made;
}

/** Moves an SVG element to a screen point. */
export function moveTo(element: SVGElement, { x, y }: Point): void {
  element.setAttribute("transform", `translate(${x} ${y})`);
}

/** The transform of an SVG group whose coordinates are map pixels. */
export function mapTransform({ zoom, offset }: Viewport): string {
  return `translate(${offset.x} ${offset.y}) scale(${zoom})`;
}
