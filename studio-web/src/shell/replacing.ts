/** One document in place of another: what was begun last stays, and no work is lost without a question. */

import type { Studio } from "../model/studio";
import { type Answer, ask } from "./dialogs";

const ANSWERS: readonly Answer<"cancel" | "save" | "replace">[] = [
  { text: "Cancel", value: "cancel" },
  { text: "Save session first", value: "save", look: "primary" }, // has the focus: a stray key loses nothing
  { text: "Replace", value: "replace" },
];

/** Opens what was loaded, unless something begun later is open already or the user keeps what is there. */
export type Replace = (open: () => void) => Promise<boolean>;

/** Sees to it that documents replace each other in the order in which they were asked for. */
export class Replacing {
  readonly #studio: Studio;
  readonly #save: () => Promise<boolean>;
  #begun = 0;
  #opened = 0;
  #elsewhere = false;

  /** `save` saves the session and says whether it could. */
  constructor(studio: Studio, save: () => Promise<boolean>) {
    this.#studio = studio;
    this.#save = save;
    const touched = () => {
      this.#elsewhere = false;
    };
    for (const event of ["document", "changed", "settings"] as const) studio.on(event, touched);
  }

  /** To be called when the user brings something; what it returns, once that is loaded. */
  begin(): Replace {
    this.#begun += 1;
    const turn = this.#begun;
    const outdated = () => turn < this.#opened;
    return async (open) => {
      if (outdated() || !(await this.#mayReplace()) || outdated()) return false;
      open();
      this.#opened = turn;
      this.#elsewhere = true;
      return true;
    };
  }

  async #mayReplace(): Promise<boolean> {
    if (!this.#hasWork()) return true;
    const answer = await ask("Open something else?", "It takes the place of what you have open.", ANSWERS);
    return answer === "replace" || (answer === "save" && (await this.#save()));
  }

  /** Undo steps alone do not tell: there are none after the page was loaded anew. */
  #hasWork(): boolean {
    const studio = this.#studio;
    if (studio.editing) return true;
    const bare = studio.map("strokes") === null && studio.map("labels") === null;
    return !this.#elsewhere && (studio.undoLabel !== null || !bare);
  }
}
