/** The trained models and the training under way: what the server says of them, asked again while one is at work. */

import { crc32 } from "../model/crc";
import { Emitter } from "../model/emitter";
import type { Studio } from "../model/studio";
import { withPhoto } from "./rest";
import { deleteRun, listRuns, type RunCard, type Runs, resumeRun, stopRun, trainOn } from "./runs";

/** Asked again after so many milliseconds while a training is at work. */
const PULSE = 1000;

/** The routes that are used; tests give their own. */
export interface RunServer {
  list(): Promise<Runs>;
  train: typeof trainOn;
  resume(name: string): Promise<RunCard>;
  stop(name: string): Promise<RunCard>;
  remove(name: string): Promise<void>;
}

const SERVER: RunServer = {
  list: listRuns,
  train: trainOn,
  resume: resumeRun,
  stop: stopRun,
  remove: deleteRun,
};

/** How a run's photo and labels are related to the document's. */
export type Kinship = "same" | "other labels" | "other photo";

/** What is known of the runs. Actions reject with errors for the user. */
export class Trained {
  readonly #studio: Studio;
  readonly #server: RunServer;
  readonly #events = new Emitter<{ change: null }>();
  #known: Runs | null = null;
  #chosen: string | null = null;
  #labels: number | null = null;
  #asking: Promise<void> | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(studio: Studio, server: RunServer = SERVER) {
    this.#studio = studio;
    this.#server = server;
    studio.on("pixels", ({ target }) => {
      if (target === "labels") this.#labels = null;
    });
    studio.on("document", () => {
      this.#labels = null;
      this.#chosen = null;
      this.#events.emit("change", null);
    });
  }

  /** Calls `listener` after every change; the function returned ends that. */
  on(event: "change", listener: () => void): () => void {
    return this.#events.on(event, listener);
  }

  /** What the server said last; null before that. */
  get known(): Runs | null {
    return this.#known;
  }

  /** The runs: those trained on the open photo first, the newest first among each. */
  get runs(): readonly RunCard[] {
    const order: readonly Kinship[] = ["same", "other labels", "other photo"];
    const rank = new Map(this.#known?.runs.map((card) => [card, order.indexOf(this.kinship(card))]));
    return [...(this.#known?.runs ?? [])].sort((a, b) => (rank.get(a) ?? 0) - (rank.get(b) ?? 0));
  }

  /** The run that this server trains now, or null. */
  get training(): RunCard | null {
    return this.#known?.runs.find(({ state }) => state === "training" || state === "stopping") ?? null;
  }

  /** The run to work with: the one that was chosen, else the first that is fit for the open photo. */
  get chosen(): RunCard | null {
    const runs = this.#known?.missing ? [] : this.runs;
    const named = runs.find(({ name }) => name === this.#chosen);
    return named ?? runs.find((card) => card.usable && this.kinship(card) !== "other photo") ?? null;
  }

  /** Choose a run. */
  choose(name: string): void {
    this.#chosen = name;
    this.#events.emit("change", null);
  }

  /** What a run was trained on, compared with what is open. */
  kinship(card: RunCard): Kinship {
    const labels = this.#studio.map("labels");
    if (card.photo === null || card.photo !== this.#studio.photo?.id) return "other photo";
    if (labels !== null) this.#labels ??= crc32(labels.ids);
    return card.labels === this.#labels ? "same" : "other labels";
  }

  /** Ask the server anew; while a training is at work, again and again. Silent where no answer comes. */
  async refresh(): Promise<void> {
    this.#asking ??= this.#ask();
    await this.#asking;
  }

  /** Train on the open photo; the new run is chosen. */
  async train(steps: number): Promise<void> {
    const { photo, classes } = this.#studio;
    const [labels, layout] = [this.#studio.map("labels"), this.#studio.map("layout")];
    if (photo === null || labels === null) throw new Error("Label the photo first: say what is where.");
    const lesson = { name: photo.name, classes, labels, layout, steps };
    const card = await withPhoto(photo, (id) => this.#server.train(id, lesson));
    this.#chosen = card.name;
    await this.#renew();
  }

  /** Have the training save and end. */
  async stop(name: string): Promise<void> {
    await this.#server.stop(name);
    await this.#renew();
  }

  /** Go on with a run that was stopped. */
  async resume(name: string): Promise<void> {
    await this.#server.resume(name);
    await this.#renew();
  }

  /** Delete a run. */
  async remove(name: string): Promise<void> {
    await this.#server.remove(name);
    await this.#renew();
  }

  /** Ask after an action: what was asked before it may be out of date. */
  async #renew(): Promise<void> {
    await this.#asking;
    await this.refresh();
  }

  async #ask(): Promise<void> {
    clearTimeout(this.#timer);
    try {
      this.#known = await this.#server.list();
    } catch {
      // the connection's own line tells it
    }
    this.#asking = null;
    if (this.#known?.runs.some(({ state }) => ["training", "stopping", "elsewhere"].includes(state)))
      this.#timer = setTimeout(() => this.refresh(), PULSE);
    this.#events.emit("change", null);
  }
}

/** How far a training is, as a sentence. */
export function progressOf(card: RunCard): string {
  if (card.state === "stopping") return "Saving, to be gone on with";
  if (card.step === 0 || card.steps === null) return "Getting ready";
  const left = card.seconds_left === null ? "" : `, about ${duration(card.seconds_left)} left`;
  return `Step ${card.step} of ${card.steps}${left}`;
}

/** The same in steps of ten per cent, for those who hear it. */
export function spokenProgressOf(card: RunCard): string {
  const { state, step, steps, seconds_left } = card;
  if (state === "stopping" || step === 0 || steps === null) return progressOf(card);
  const tenths = Math.floor((10 * step) / steps);
  const left = seconds_left === null || tenths === 0 ? "" : `, about ${duration(seconds_left)} left`;
  return `${tenths * 10} % trained${left}`;
}

/** What there is to know of a run that is not at work, in a few words. */
export function factsOf(card: RunCard, kinship: Kinship): string {
  const steps =
    card.steps === null || card.step >= card.steps
      ? `${card.step} steps`
      : `${card.step} of ${card.steps} steps`;
  const photo = {
    same: "this photo",
    "other labels": "this photo, other labels",
    "other photo": "another photo",
  };
  const states: Partial<Record<RunCard["state"], string>> = {
    elsewhere: "trained elsewhere",
    failed: "failed",
  };
  const more = [states[card.state], card.usable ? null : "no weights yet"];
  return [photo[kinship], card.recipe, steps, ...more].filter((words) => words).join(", ");
}

/** A time for people: seconds, minutes or hours. */
export function duration(seconds: number): string {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${(minutes / 60).toFixed(1)} h`;
}
