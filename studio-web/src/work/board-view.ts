/** The right pane of a board: what is kept, what forms, and what came of it. */

import { canvasOf } from "../model/board";
import type { Studio } from "../model/studio";
import { h } from "../shell/dom";
import { setChosen } from "../shell/radios";
import { openPicture } from "./board-picture";
import type { BoardPicture, BoardRun } from "./board-run";
import { FrameView } from "./frame-view";
import type { Piece } from "./live";
import { Pictures } from "./pictures";

/** What can be looked at where regions are kept. */
const VIEWS: readonly (readonly [Piece["part"] | "marks", string, string])[] = [
  ["candidate", "Chosen", "The chosen candidates, and how far each is from what was kept"],
  ["all", "All", "All candidates, the best first"],
  ["reference", "Reference", "What was compared with"],
  ["mean", "Mean", "What the candidates share stays sharp"],
  ["deviation", "Deviation", "Bright where the candidates differ"],
  ["marks", "Marked", "What is kept, as it is marked now"],
];

/** What the view works with. */
export interface BoardViewParts {
  readonly studio: Studio;
  readonly run: BoardRun;
}

/** The view; it covers the pane while a board is open. */
export class BoardView {
  readonly #studio: Studio;
  readonly #run: BoardRun;
  readonly #pictures = new Pictures();
  readonly #views: readonly HTMLElement[];
  readonly #choice: HTMLElement;
  readonly #grid = h("div", { class: "candidates", role: "radiogroup", "aria-label": "Candidates" });
  readonly #single = h("img", { class: "board-single", alt: "" });
  readonly #marks = h("canvas", { class: "board-single", role: "img", "aria-label": "What is marked" });
  readonly #notes = h("p", { class: "board-notes", role: "note" });
  readonly #empty = h("p", { class: "board-empty" });
  readonly #shownKept = h("div", { class: "board-shown" });
  readonly #frames: FrameView;
  readonly #root: HTMLElement;
  #photo: ImageBitmap | null = null;
  #pixels: ImageData | null = null;
  #shown: Piece["part"] | "marks" = "candidate";
  #drawing = 0;

  constructor(host: HTMLElement, { studio, run }: BoardViewParts) {
    this.#studio = studio;
    this.#run = run;
    this.#frames = new FrameView({ studio, run, pictures: this.#pictures });
    this.#views = VIEWS.map(([view, text, title]) =>
      h(
        "button",
        { type: "button", class: "board-tab", role: "radio", title, onclick: () => this.#look(view) },
        text,
      ),
    );
    this.#choice = h(
      "div",
      { class: "board-tabs", role: "radiogroup", "aria-label": "View" },
      ...this.#views,
    );
    this.#shownKept.append(this.#grid, this.#single, this.#marks, this.#empty);
    this.#root = h(
      "div",
      { class: "board-view" },
      this.#choice,
      this.#notes,
      this.#shownKept,
      this.#frames.element,
    );
    host.append(this.#root);
    run.on("change", () => this.#show());
    for (const event of ["document", "pixels", "changed", "view"] as const)
      studio.on(event, () => this.#plan());
    this.#show();
  }

  /** The pictures of the board, as the server decoded them; null for none. The bitmap stays the caller's. */
  setPhoto(bitmap: ImageBitmap | null): void {
    this.#photo = bitmap;
    this.#pixels = null;
    this.#frames.setPhoto(bitmap);
    this.#plan();
  }

  #look(view: Piece["part"] | "marks"): void {
    this.#shown = view;
    this.#show();
  }

  /** Strokes come faster than they can be drawn. */
  #plan(): void {
    if (this.#drawing !== 0) return;
    this.#drawing = requestAnimationFrame(() => {
      this.#drawing = 0;
      this.#show();
    });
  }

  #show(): void {
    const { board } = this.#studio;
    const keeping = board?.method === "preserve";
    const filling = board?.method === "inpaint";
    this.#root.hidden = board === null;
    this.#choice.hidden = !keeping;
    this.#shownKept.hidden = !keeping;
    this.#frames.element.hidden = !filling;
    if (keeping) this.#showKept();
    else this.#clear();
    if (filling) this.#frames.show();
    else this.#frames.clear();
    const notes = this.#run.of("all")[0]?.piece.notes ?? [];
    this.#notes.hidden = notes.length === 0;
    this.#notes.textContent = notes.map(sentence).join(" ");
    // At last, for a picture that is still shown must not lose its address.
    this.#pictures.keep([...this.#run.pictures, ...(this.#run.preview ? [this.#run.preview] : [])]);
  }

  #clear(): void {
    this.#grid.replaceChildren();
    this.#single.removeAttribute("src");
  }

  #showKept(): void {
    const { preview, pictures } = this.#run;
    const made = pictures.length > 0;
    const view = preview !== null ? "all" : made ? this.#shown : "marks";
    setChosen(
      this.#views,
      VIEWS.findIndex(([name]) => name === view),
    );
    for (const [at, [name]] of VIEWS.entries()) {
      const able = preview === null && (made || name === "marks");
      this.#views[at].setAttribute("aria-disabled", String(!able));
      (this.#views[at] as HTMLButtonElement).disabled = !able;
    }
    this.#grid.hidden = view !== "candidate";
    this.#marks.hidden = view !== "marks";
    this.#single.hidden = view === "candidate" || view === "marks";
    this.#empty.hidden = view !== "marks" || this.#marked();
    this.#empty.textContent =
      "Mark what is to be kept: choose a region, then draw over it with the brush or a rectangle.";
    if (view === "candidate") this.#single.removeAttribute("src");
    else if (view === "marks") this.#clear();
    else this.#grid.replaceChildren();
    if (view === "candidate") this.#showGrid();
    else if (view === "marks") this.#showMarks();
    else this.#showSingle(view);
  }

  #marked(): boolean {
    return this.#studio.map("layout")?.ids.some((id) => id !== 0) === true;
  }

  #showGrid(): void {
    const candidates = this.#run.of("candidate");
    const across = Math.max(1, Math.ceil(Math.sqrt(candidates.length)));
    this.#grid.style.setProperty("--across", String(across));
    if (this.#grid.childElementCount !== candidates.length)
      this.#grid.replaceChildren(...candidates.map((_, at) => this.#cell(at)));
    for (const [at, cell] of [...this.#grid.children].entries())
      this.#fillCell(cell as HTMLElement, candidates[at], at);
    setChosen([...this.#grid.children] as HTMLElement[], this.#run.chosen);
  }

  #cell(at: number): HTMLElement {
    const press = () => {
      const picture = this.#run.of("candidate")[at];
      if (this.#run.chosen === at && picture)
        openPicture(`Candidate ${at + 1}`, this.#pictures.address(picture));
      else this.#run.choose(at);
    };
    const keys = (event: KeyboardEvent) => this.#walk(event, at);
    return h(
      "button",
      { type: "button", class: "candidate", role: "radio", onclick: press, onkeydown: keys },
      h("img", { alt: "" }),
      h("span", { class: "candidate-distance" }),
    );
  }

  #fillCell(cell: HTMLElement, candidate: BoardPicture, at: number): void {
    const [image, words] = [cell.children[0] as HTMLImageElement, cell.children[1]];
    const address = this.#pictures.address(candidate);
    if (image.src !== address) image.src = address;
    const distance = (candidate.piece.distance ?? 0).toPrecision(3);
    words.textContent = distance;
    cell.setAttribute("aria-label", `Candidate ${at + 1}, distance ${distance}`);
    cell.title = `Candidate ${at + 1}, distance ${distance}. Press again for a larger one`;
  }

  /** Arrow keys choose among the candidates, as in every group of the page. */
  #walk(event: KeyboardEvent, at: number): void {
    const cells = [...this.#grid.children] as HTMLElement[];
    const across = Number(this.#grid.style.getPropertyValue("--across"));
    const by = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: across, ArrowUp: -across }[event.key];
    const next = by === undefined ? undefined : cells[at + by];
    if (next === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    next.focus();
    this.#run.choose(at + (by ?? 0));
  }

  #showSingle(view: Piece["part"]): void {
    const picture = this.#run.preview ?? this.#run.of(view)[0];
    if (picture === undefined) return;
    const address = this.#pictures.address(picture);
    if (this.#single.src !== address) this.#single.src = address;
    const title = VIEWS.find(([name]) => name === view)?.[2] ?? "";
    this.#single.alt = this.#run.preview === null ? title : "All candidates, still forming";
  }

  /** What is kept, on one canvas, as the generator sees it. */
  #showMarks(): void {
    const { board } = this.#studio;
    const layout = this.#studio.map("layout");
    const bitmap = this.#photo;
    const side = board?.tiles[0]?.width ?? 0;
    if (board === null || layout === null || bitmap === null || side === 0) return;
    this.#pixels ??= pixelsOf(bitmap);
    const { size, rgba } = canvasOf(this.#pixels, layout, { tiles: board.tiles, side });
    Object.assign(this.#marks, size);
    this.#marks.getContext("2d")?.putImageData(new ImageData(rgba, size.width), 0, 0);
  }
}

function pixelsOf(bitmap: ImageBitmap): ImageData {
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (context === null) throw new Error("this browser gives no 2D canvas; allow canvases for this page.");
  context.drawImage(bitmap, 0, 0);
  return context.getImageData(0, 0, bitmap.width, bitmap.height);
}

function sentence(text: string): string {
  return `${text[0].toUpperCase()}${text.slice(1)}.`;
}
