import { whole } from "../../model/rect";
import { IDENTITY, type Pose, place, type Selection } from "../../model/select";
import type { Edit, Studio } from "../../model/studio";
import { samePose } from "./pose";

/**
 * A region that was picked up and is placed anew, at most once a frame however often it is asked for.
 *
 * Every placing begins from the ids as they were before the region's first move, so nothing wears out on the way. An
 * edit is open from the first `want` until `commit` or `takeBack`; each makes one undo step.
 */
export class Floating {
  readonly selection: Selection;
  readonly #studio: Studio;
  #before: Uint8Array;
  #pose = IDENTITY;
  /** The pose at the last commit. */
  #settled = IDENTITY;
  /** Whether what is placed is a copy, and the original stays. */
  #copy = false;
  #edit: Edit | null = null;
  #frame = 0;

  /** Picks `selection` up from the current map, which must be there. */
  constructor(studio: Studio, selection: Selection) {
    this.#studio = studio;
    this.selection = selection;
    this.#before = ids(studio).slice();
  }

  /** The pose last asked for. */
  get pose(): Pose {
    return this.#pose;
  }

  /** Whether it lies elsewhere than at the last commit. */
  get unsettled(): boolean {
    return this.#edit !== null;
  }

  /** Asks for another pose. */
  want(pose: Pose): void {
    if (samePose(pose, this.#pose)) return;
    this.#edit ??= this.#studio.begin(this.#copy ? "Duplicate region" : "Move region");
    this.#pose = pose;
    if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#place());
  }

  /** Leaves a copy where it is now; what is moved from now on is another. */
  duplicate(): void {
    this.commit();
    this.#before = ids(this.#studio).slice();
    this.#copy = true;
  }

  /** Ends the edit as one step. */
  commit(): void {
    if (this.#frame !== 0) this.#place();
    this.#edit?.commit();
    this.#edit = null;
    this.#settled = this.#pose;
  }

  /** Takes back what was done since the last commit. */
  takeBack(): void {
    this.#stop();
    this.#edit?.cancel();
    this.#edit = null;
    this.#pose = this.#settled;
  }

  /** Puts everything back as it was before the first move (of a copy: before there was the copy), as one step. */
  putBack(): void {
    this.takeBack();
    const edit = this.#studio.begin("Put region back");
    edit.map.ids.set(this.#before);
    edit.changed(whole(edit.map));
    edit.commit();
  }

  #place(): void {
    this.#stop();
    if (this.#edit === null) return;
    const options = { duplicate: this.#copy };
    this.#edit.changed(place(this.#edit.map, this.#before, this.selection, this.#pose, options));
  }

  #stop(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
  }
}

function ids({ current }: Studio): Uint8Array {
  if (current === null) throw new Error("a region was picked up where there is no map");
  return current.ids;
}
