import { fill } from "../../model/paint";
import { beginPainting, type Press, type Stage, Tool } from "./tool";

/** Gives the connected region under the pointer the active class. */
export class Fill extends Tool {
  readonly #stage: Stage;

  constructor(stage: Stage) {
    super();
    this.#stage = stage;
  }

  override holds(): boolean {
    return false;
  }

  press({ at }: Press): void {
    const edit = beginPainting(this.#stage, "Fill");
    if (edit === null) return;
    edit.changed(fill(edit.map, at, this.#stage.studio.active));
    edit.commit();
  }
}
