import { idAt } from "../../model/paint";
import { type Point, UNMARKED } from "../../model/types";
import { type Press, type Stage, Tool } from "./tool";

/** Makes the class under the pointer the active one. */
export class Eyedropper extends Tool {
  readonly #stage: Stage;

  constructor(stage: Stage) {
    super();
    this.#stage = stage;
  }

  override holds(): boolean {
    return false;
  }

  press({ at }: Press): void {
    this.#pick(at);
  }

  override drag({ at }: Press): void {
    this.#pick(at);
  }

  #pick(at: Point): void {
    const { studio, say } = this.#stage;
    const id = shownAt(this.#stage, at);
    if (id === null || studio.classes[id] === undefined) return;
    if (id !== studio.active) say(`Picked “${studio.classes[id].name}”.`);
    studio.setActive(id);
  }
}

/** The class seen at a map point: of the map that is painted on or, where it is unmarked, of the proposed labels. */
export function shownAt({ studio }: Pick<Stage, "studio">, at: Point): number | null {
  const id = studio.current && idAt(studio.current, at);
  const labels = studio.map("labels");
  return id === UNMARKED && labels !== null ? idAt(labels, at) : id;
}
