/** The pictures of a board whose holes were filled: one at a time, before and after, and played as a sequence. */

import type { Studio } from "../model/studio";
import { button, freshId, h, iconButton } from "../shell/dom";
import { setChosen } from "../shell/radios";
import type { BoardRun } from "./board-run";
import type { Pictures } from "./pictures";

/** Pictures a second while they are played. */
const RATE = 12;

/** What the view works with. */
export interface FrameViewParts {
  readonly studio: Studio;
  readonly run: BoardRun;
  readonly pictures: Pictures;
}

/** The view of one picture, and what chooses which. */
export class FrameView {
  readonly element: HTMLElement;
  readonly #parts: FrameViewParts;
  readonly #before = h("canvas", { class: "frame-before", role: "img", "aria-label": "Before" });
  readonly #after = h("img", { class: "frame-after", alt: "" });
  readonly #stack = h("div", { class: "frame-stack" }, this.#before, this.#after);
  readonly #slider: HTMLInputElement;
  readonly #alone: HTMLInputElement;
  readonly #frame: HTMLInputElement;
  readonly #number = h("output", {});
  readonly #play: HTMLButtonElement;
  readonly #player: HTMLElement;
  readonly #strip = h("div", { class: "fillings", role: "radiogroup", "aria-label": "Fillings" });
  #photo: ImageBitmap | null = null;
  #timer = 0;

  constructor(parts: FrameViewParts) {
    this.#parts = parts;
    const ids = { slider: freshId("compare"), alone: freshId("alone"), frame: freshId("frame") };
    this.#slider = h("input", { type: "range", id: ids.slider, min: 0, max: 100, step: 1, value: 0 });
    this.#alone = h("input", { type: "checkbox", id: ids.alone });
    this.#frame = h("input", { type: "range", id: ids.frame, min: 0, step: 1, value: 0 });
    this.#play = button("Play", () => this.#toggle(), { icon: "play" });
    this.#slider.addEventListener("input", () => this.show());
    this.#alone.addEventListener("change", () => this.show());
    this.#frame.addEventListener("input", () => parts.studio.setView({ tile: this.#frame.valueAsNumber }));
    const compare = h(
      "div",
      { class: "row" },
      h("label", { for: ids.slider }, "Before"),
      this.#slider,
      h("span", { class: "muted", "aria-hidden": "true" }, "covers the result"),
      h("span", { class: "grow" }),
      h("label", { for: ids.alone, title: "What the model made, before it is blended in" }, "Face alone"),
      this.#alone,
    );
    const step = (by: number) => parts.studio.setView({ tile: this.#next(by) });
    this.#player = h(
      "div",
      { class: "row" },
      this.#play,
      iconButton("back", "Frame before", () => step(-1)),
      h("label", { for: ids.frame, class: "spoken" }, "Frame"),
      this.#frame,
      iconButton("next", "Frame after", () => step(1)),
      this.#number,
    );
    this.element = h("div", { class: "frame-view" }, this.#stack, this.#strip, compare, this.#player);
    parts.studio.on("document", () => this.#stop());
  }

  /** The pictures before, side by side. */
  setPhoto(bitmap: ImageBitmap | null): void {
    this.#photo = bitmap;
  }

  /** Shows the picture that is looked at, as it is now. */
  show(): void {
    const { studio, run, pictures } = this.#parts;
    const tiles = studio.board?.tiles ?? [];
    const at = studio.view.tile;
    const part = this.#alone.checked ? "made" : "whole";
    const made = run.preview ?? run.of(part, run.chosen)[at] ?? null;
    this.#drawBefore();
    this.#after.hidden = made === null;
    if (made === null) this.#after.removeAttribute("src");
    else {
      const address = pictures.address(made);
      if (this.#after.src !== address) this.#after.src = address;
    }
    const alone = run.preview !== null || this.#alone.checked;
    this.#after.alt =
      run.preview !== null ? "The face, still forming" : alone ? "The face alone" : "With the hole filled";
    const covered = alone ? 0 : this.#slider.valueAsNumber;
    this.#after.style.clipPath = `inset(0 0 0 ${covered}%)`;
    this.#before.hidden = alone && made !== null;
    this.#slider.disabled = made === null || alone;
    this.#alone.disabled = run.pictures.length === 0;
    this.#player.hidden = tiles.length < 2;
    this.#frame.max = String(Math.max(0, tiles.length - 1));
    this.#frame.valueAsNumber = at;
    this.#number.textContent = `${at + 1} of ${tiles.length}`;
    this.#showStrip();
  }

  /** Shows nothing any more. */
  clear(): void {
    this.#stop();
    this.#after.removeAttribute("src");
    this.#strip.replaceChildren();
  }

  #drawBefore(): void {
    const { studio } = this.#parts;
    const tile = studio.board?.tiles[studio.view.tile];
    if (tile === undefined) return;
    const { x, y, width, height } = tile;
    this.#stack.style.setProperty("--ratio", String(width / height));
    if (this.#before.width !== width || this.#before.height !== height)
      Object.assign(this.#before, { width, height });
    const context = this.#before.getContext("2d");
    context?.clearRect(0, 0, width, height);
    if (this.#photo !== null) context?.drawImage(this.#photo, x, y, width, height, 0, 0, width, height);
  }

  /** One small picture for each of several fillings. */
  #showStrip(): void {
    const { studio, run, pictures } = this.#parts;
    const fillings = run.pictures.filter(
      ({ piece }) => piece.part === "whole" && piece.place === studio.view.tile,
    );
    const shown = fillings.length < 2 ? [] : fillings;
    this.#strip.hidden = shown.length === 0;
    if (this.#strip.childElementCount !== shown.length)
      this.#strip.replaceChildren(...shown.map((_, at) => this.#choice(at)));
    for (const [at, filling] of shown.entries()) {
      const image = this.#strip.children[at].firstElementChild as HTMLImageElement;
      const address = pictures.address(filling);
      if (image.src !== address) image.src = address;
    }
    setChosen([...this.#strip.children] as HTMLElement[], run.chosen);
  }

  #choice(at: number): HTMLElement {
    const words = `Filling ${at + 1}`;
    return h(
      "button",
      {
        type: "button",
        class: "filling",
        role: "radio",
        title: words,
        "aria-label": words,
        onclick: () => this.#parts.run.choose(at),
      },
      h("img", { alt: "" }),
    );
  }

  #next(by: number): number {
    const { studio } = this.#parts;
    const count = studio.board?.tiles.length ?? 1;
    return (studio.view.tile + by + count) % count;
  }

  #toggle(): void {
    if (this.#timer !== 0) this.#stop();
    else this.#start();
  }

  #start(): void {
    this.#say("Pause");
    this.#timer = setInterval(() => this.#parts.studio.setView({ tile: this.#next(1) }), 1000 / RATE);
  }

  #stop(): void {
    clearInterval(this.#timer);
    this.#timer = 0;
    this.#say("Play");
  }

  #say(words: string): void {
    const text = this.#play.querySelector("span");
    if (text) text.textContent = words;
  }
}
