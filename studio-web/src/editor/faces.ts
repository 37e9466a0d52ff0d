import { onBoard } from "../model/board";
import type { Studio } from "../model/studio";
import type { Face } from "../model/types";
import { mapTransform, type Overlay, part } from "./overlay";
import type { Viewport } from "./viewport";

/** The points that lines join: jaw, brows, nose, eyes, lips; the second tells whether the line closes. */
const LINES: readonly (readonly [number, number, boolean])[] = [
  [0, 17, false],
  [17, 22, false],
  [22, 27, false],
  [27, 31, false],
  [31, 36, false],
  [36, 42, true],
  [42, 48, true],
  [48, 60, true],
  [60, 68, true],
];

/** The faces of a board, drawn over its pictures: points joined by lines, those that a person placed in yellow. */
export class FaceDrawing {
  readonly #studio: Studio;
  readonly #viewport: Viewport;
  readonly #group = part("g");
  readonly #lines = [part("path", "editor-line-dark"), part("path", "editor-line-light")];
  readonly #edges = part("path", "editor-points editor-points-edge");
  readonly #free = part("path", "editor-points editor-points-free");
  readonly #placed = part("path", "editor-points editor-points-placed");
  readonly #offs: (() => void)[];

  constructor({ studio, viewport, overlay }: { studio: Studio; viewport: Viewport; overlay: Overlay }) {
    this.#studio = studio;
    this.#viewport = viewport;
    this.#group.append(...this.#lines, this.#edges, this.#free, this.#placed);
    overlay.add(this.#group, () => this.#place());
    const show = () => this.show(studio.faces);
    this.#offs = [studio.on("document", show), studio.on("faces", show)];
    show();
  }

  /** Shows faces, such as those of the document or one that is being moved. */
  show(faces: readonly (Face | null)[]): void {
    const tiles = this.#studio.board?.tiles ?? [];
    let [lines, free, placed] = ["", "", ""];
    for (const [at, face] of faces.entries()) {
      const tile = tiles[at];
      if (face === null || tile === undefined) continue;
      const points = face.points.map((point) => onBoard(tile, point));
      for (const [first, end, closed] of LINES) {
        const way = points.slice(first, end).map(({ x, y }) => `${x} ${y}`);
        lines += `M${way.join("L")}${closed ? "Z" : ""}`;
      }
      for (const [number, { x, y }] of points.entries()) {
        const dot = `M${x} ${y}h0`;
        if (face.placed.includes(number)) placed += dot;
        else free += dot;
      }
    }
    for (const line of this.#lines) line.setAttribute("d", lines);
    this.#edges.setAttribute("d", free + placed);
    this.#free.setAttribute("d", free);
    this.#placed.setAttribute("d", placed);
    this.#place();
  }

  /** Ends following the document. */
  destroy(): void {
    for (const off of this.#offs) off();
  }

  #place(): void {
    this.#group.setAttribute("transform", mapTransform(this.#viewport));
  }
}
