import type { Studio } from "../model/studio";
import type { Point, ToolName } from "../model/types";
import type { Overlay } from "./overlay";
import type { Press, Tool } from "./tools/tool";

/** What holds the tool down; an eraser is the other end of a pen. */
export type Holder = "pointer" | "eraser" | "keyboard";

/** The one hand that uses the tools, for pointer and keyboard alike: it presses the chosen tool, with Alt the eyedropper, by an eraser the restorer. */
export class Hand {
  readonly #overlay: Overlay;
  readonly #tools: Readonly<Record<ToolName, Tool>>;
  #chosen: ToolName;
  #held: { tool: Tool; by: Holder } | null = null;
  #at: Point | null = null;
  readonly #offs: (() => void)[];

  constructor(studio: Studio, overlay: Overlay, tools: Readonly<Record<ToolName, Tool>>) {
    this.#overlay = overlay;
    this.#tools = tools;
    this.#chosen = studio.view.tool;
    const forget = () => this.#each((tool) => tool.forget());
    this.#offs = [
      studio.on("view", () => this.#choose(studio.view.tool)),
      studio.on("document", forget),
      studio.on("target", forget),
      studio.on("pixels", ({ target }) => {
        // While an edit is open, it is a tool that writes.
        if (target === studio.target && !studio.editing) this.#each((tool) => tool.repainted());
      }),
    ];
  }

  /** The chosen tool. */
  get tool(): Tool {
    return this.#tools[this.#chosen];
  }

  /** Whether `by` holds a tool down. */
  holding(by: Holder): boolean {
    return this.#held?.by === by;
  }

  /** Presses a tool down; what was held before is let go. */
  press(press: Press, by: Holder): void {
    this.release();
    const { eyedropper, restore } = this.#tools;
    const tool = by === "eraser" ? restore : press.alt && !this.tool.usesAlt(press) ? eyedropper : this.tool;
    this.#held = { tool, by };
    tool.press(press);
  }

  /** Moves the tool that is held down. */
  drag(press: Press): void {
    this.#held?.tool.drag(press);
  }

  /** Lets go of what is held down. */
  release(): void {
    const held = this.#held;
    this.#held = null;
    held?.tool.release();
  }

  /** Gives up what is unfinished; returns whether there was anything. */
  cancel(): boolean {
    const tool = this.#held?.tool ?? this.tool;
    this.#held = null;
    return tool.cancel();
  }

  /** Shows where the tool would act; null if nowhere. */
  pointAt(at: Point | null): void {
    this.#at = at;
    this.#showRing();
    if (this.#held === null) this.tool.hover(at);
  }

  /** Ends listening. */
  destroy(): void {
    for (const off of this.#offs) off();
  }

  #showRing(): void {
    const diameter = this.tool.ring;
    this.#overlay.showRing(this.#at === null || diameter === 0 ? null : { at: this.#at, diameter });
  }

  #choose(name: ToolName): void {
    if (name !== this.#chosen) {
      this.release();
      this.tool.leave();
      this.#chosen = name;
    }
    this.#showRing();
  }

  #each(act: (tool: Tool) => void): void {
    this.#held = null;
    for (const tool of Object.values(this.#tools)) act(tool);
  }
}
