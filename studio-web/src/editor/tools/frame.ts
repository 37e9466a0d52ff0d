import type { Pose, Selection } from "../../model/select";
import { maskPath } from "../outlines";
import { mapTransform, moveTo, type Overlay, part } from "../overlay";
import type { Viewport } from "../viewport";
import { corners, turnHandle } from "./pose";

/** Half the side of a corner's handle and the radius of the round one, in screen pixels. */
const HALF = 5;

/** The frame around a selection: its outline, its box and its handles, following pose and viewport. */
export class Frame {
  readonly #group = part("g", "editor-frame");
  readonly #outlines = [part("path", "editor-line-dark"), part("path", "editor-dashes")];
  readonly #box = [part("path", "editor-line-dark"), part("path", "editor-line-light")];
  readonly #corners = [0, 1, 2, 3].map(() => part("rect", "editor-handle"));
  readonly #turn = part("circle", "editor-handle");
  readonly #viewport: Viewport;
  #shown: { selection: Selection; pose: Pose } | null = null;

  constructor(overlay: Overlay, viewport: Viewport) {
    this.#viewport = viewport;
    for (const corner of this.#corners) {
      for (const side of ["x", "y"]) corner.setAttribute(side, String(-HALF));
      for (const side of ["width", "height"]) corner.setAttribute(side, String(2 * HALF));
    }
    this.#turn.setAttribute("r", String(HALF));
    this.#group.append(...this.#outlines, ...this.#box, ...this.#corners, this.#turn);
    this.#group.style.display = "none";
    overlay.add(this.#group, () => this.#place());
  }

  /** Shows the frame of another selection. */
  show(selection: Selection, pose: Pose): void {
    const path = maskPath(selection.mask, selection.bounds.width, selection.bounds.height);
    for (const outline of this.#outlines) outline.setAttribute("d", path);
    this.#group.style.display = "";
    this.#shown = { selection, pose };
    this.#place();
  }

  /** Moves the frame to another pose. */
  pose(pose: Pose): void {
    if (this.#shown === null) return;
    this.#shown = { ...this.#shown, pose };
    this.#place();
  }

  /** Hides the frame. */
  hide(): void {
    this.#shown = null;
    this.#group.style.display = "none";
  }

  #place(): void {
    if (this.#shown === null) return;
    const { selection, pose } = this.#shown;
    const { bounds } = selection;
    const viewport = this.#viewport;
    const [x, y] = [bounds.width / 2, bounds.height / 2];
    const placed = `${mapTransform(viewport)} translate(${bounds.x + pose.dx + x} ${bounds.y + pose.dy + y})
      rotate(${(pose.angle * 180) / Math.PI}) scale(${pose.scale}) translate(${-x} ${-y})`;
    for (const outline of this.#outlines) outline.setAttribute("transform", placed);
    const ends = corners(bounds, pose).map((corner) => viewport.toScreen(corner));
    const { foot, head } = turnHandle(bounds, pose, viewport);
    const box = `M${ends.map((end) => `${end.x} ${end.y}`).join("L")}ZM${foot.x} ${foot.y}L${head.x} ${head.y}`;
    for (const line of this.#box) line.setAttribute("d", box);
    ends.forEach((end, index) => {
      moveTo(this.#corners[index], end);
    });
    moveTo(this.#turn, head);
  }
}
