/** What keeps regions and fills holes here, once the server has told it. */

import { Emitter } from "../model/emitter";
import { type GeneratorCard, type GeneratorCards, listGenerators } from "./boards";

/** The trained generators, and what goes with them. */
export class Generators {
  readonly #events = new Emitter<{ change: null }>();
  #told: GeneratorCards = { models: [], holes: [], finds_faces: false };

  /** The generators; none before the server has told them. */
  get models(): readonly GeneratorCard[] {
    return this.#told.models;
  }

  /** The kinds of holes that can be laid over a picture. */
  get holes(): readonly string[] {
    return this.#told.holes;
  }

  /** Whether points of faces can be found. */
  get findsFaces(): boolean {
    return this.#told.finds_faces;
  }

  /** Calls `listener` when they were told anew. */
  on(event: "change", listener: () => void): () => void {
    return this.#events.on(event, listener);
  }

  /** Asks the server. */
  async refresh(): Promise<void> {
    this.#told = await listGenerators();
    this.#events.emit("change", null);
  }
}
