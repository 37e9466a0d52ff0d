/** The server's routes to portraits, as typed functions, and what makes them here. */

import { Emitter } from "../model/emitter";
import type { IndexMap } from "../model/types";
import { fromWire, json, type Labelled, toWire, type WireMap } from "./rest";

/** A model that makes portraits. */
export interface PortraitCard {
  readonly name: string;
  readonly title: string;
}

/** How much a finished portrait is the photo's person. */
export interface Resemblance {
  /** 0.6 and more is somebody else; null where nothing here can tell. */
  readonly distance: number | null;
  readonly notes: readonly string[];
}

/** The parts of the face in a photo that the server holds, as a model sees them. */
export async function partsOfFace(model: string, photo: string): Promise<Labelled> {
  const read = await json<Omit<Labelled, "map"> & { map: WireMap }>("POST", `${address(model, photo)}/parts`);
  return { ...read, map: await fromWire(read.map) };
}

/** What another face lends: all of its layout, as it would lie in the photo, or `layout` with some parts of it. */
export async function lentBy(
  model: string,
  asked: { photo: string; reference: string; labels: IndexMap; layout: IndexMap; parts: readonly number[] },
): Promise<IndexMap> {
  const { photo, reference, parts } = asked;
  const content = { labels: await toWire(asked.labels), layout: await toWire(asked.layout), parts };
  return fromWire(
    await json<WireMap>("POST", `${address(model, photo)}/other`, { query: { reference }, content }),
  );
}

/** What makes portraits here, once the server has told it. */
export class PortraitModels {
  readonly #events = new Emitter<{ change: null }>();
  #cards: readonly PortraitCard[] = [];

  /** The models; none before the server has told them. */
  get cards(): readonly PortraitCard[] {
    return this.#cards;
  }

  /** Calls `listener` when they were told anew. */
  on(event: "change", listener: () => void): () => void {
    return this.#events.on(event, listener);
  }

  /** Asks the server; gives back why some cannot be used. */
  async refresh(): Promise<readonly string[]> {
    const { models, problems } = await json<{
      models: readonly PortraitCard[];
      problems: readonly string[];
    }>("GET", "api/portraits");
    this.#cards = models;
    this.#events.emit("change", null);
    return problems;
  }
}

function address(model: string, photo: string): string {
  return `api/portraits/${encodeURIComponent(model)}/photos/${encodeURIComponent(photo)}`;
}
