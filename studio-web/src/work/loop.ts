/**
 * When the server is asked for what.
 *
 * While the user paints: quick looks, one at a time, so that a slow server gets fewer of them. After every change: the
 * whole picture; a newer change takes the place of an older request.
 */

import { Emitter } from "../model/emitter";
import type { PackedMap } from "../model/packed";
import { same } from "../model/snapshot";
import type { Studio } from "../model/studio";
import type { MapName, Photo, Settings } from "../model/types";
import { type Panel, panelOf } from "../panels";
import { portraitAsk } from "../panels/portrait";
import { alike, type Engine, type Input, type Job, modelOf, varied } from "./asking";
import { Sampler } from "./changes";
import { wordsOf } from "./fault";
import type { Live, LiveFrame, LiveHandlers, Outcome } from "./live";
import type { Finished, LoopEvents, Variation } from "./loop-events";
import type { Packer } from "./packer";
import {
  CONNECTING,
  done,
  IDLE,
  inSeconds,
  LOST,
  progress,
  QUICK,
  SENDING,
  type Status,
  WAITING,
  WORKING,
} from "./progress";
import { Showing } from "./showing";

export type { Finished, Variation } from "./loop-events";

/** What a loop works with. */
export interface LoopParts {
  readonly live: Pick<Live, "request" | "cancel" | "state" | "on">;
  /** It must forget maps as they are painted on (see `followPixels`). */
  readonly packer: Packer;
  /** Sends the photo to the server; gives its id there. */
  upload(photo: Photo): Promise<string>;
}

/** Keeps the result in step with the document. */
export class Loop {
  readonly #studio: Studio;
  readonly #parts: LoopParts;
  readonly #events = new Emitter<LoopEvents>();
  readonly #off: (() => void)[];
  readonly #ids = new Map<string, string>(); // the server's ids of photos that it knows by another
  #job: Job | null = null;
  #number = 0;
  #asked: Input | null = null;
  #status: Status = IDLE;
  #latest: Finished | null = null;
  #variations: Variation[] = [];
  #offered: Job | null = null;
  #engine: Engine | null = null;
  #refined: Input["maps"] | null = null; // what an engine that is not for always was asked for
  #label = "Opened";
  #moved = false;
  #planned = false;
  #uploading = false;
  #uploaded = false;
  readonly #showing = new Showing();
  readonly #sampler: Sampler;

  constructor(studio: Studio, parts: LoopParts) {
    this.#studio = studio;
    this.#parts = parts;
    this.#sampler = new Sampler(studio);
    this.#off = [
      studio.on("document", () => this.#restart()),
      studio.on("pixels", ({ target }) => this.#pixels(target)),
      studio.on("ended", () => this.#plan()),
      studio.on("changed", ({ label }) => {
        this.#label = label;
        this.#plan();
      }),
      studio.on("settings", () => this.#plan()),
      studio.on("target", () => this.#plan()),
      parts.live.on("state", () => this.#tell(this.#status === CONNECTING ? WAITING : this.#status)),
    ];
    this.#plan();
  }

  /** Calls `listener` at every `event`; the function returned ends that. */
  on<K extends keyof LoopEvents>(event: K, listener: (detail: LoopEvents[K]) => void): () => void {
    return this.#events.on(event, listener);
  }

  /** What is going on. */
  get status(): Status {
    return this.#parts.live.state === "lost" ? LOST : this.#status;
  }

  /** The last finished picture of this document; it may be older than the layout. */
  get latest(): Finished | null {
    return this.#latest;
  }

  /** The pictures asked for together, or none. */
  get variations(): readonly Variation[] {
    return this.#variations;
  }

  /** The trained model that makes the pictures, or null for the instant engine. */
  get engine(): Engine | null {
    return this.#engine;
  }

  /** Have the pictures made by a trained model, or by the instant engine again. */
  use(engine: Engine | null): void {
    this.#engine = engine;
    this.#refined = null;
    this.#events.emit("engine", null);
    this.#refresh();
  }

  /** The server's id of a photo. */
  photoId(photo: Photo): string {
    return this.#ids.get(photo.id) ?? photo.id;
  }

  /** Ask for the picture even if nothing changed, say after a failure. */
  again(): void {
    this.#asked = null;
    this.#refresh();
  }

  /** Ask for `count` different pictures of the document as it is. */
  vary(count: number): void {
    const input = this.#input({ variations: count, first_variation: 0 });
    if (input === null) return;
    if (this.#job?.kind === "full") this.#asked = null; // to be asked for again after this
    this.#variations = Array.from({ length: count }, () => ({ frame: null, finished: false }));
    this.#offered = this.#jobOf("variations", input);
    this.#events.emit("variations", null);
    this.#ask(this.#offered);
  }

  /** Take one of the finished variations as the result. */
  pick(index: number): void {
    const chosen = this.#variations[index];
    const offered = this.#offered;
    if (!chosen?.finished || chosen.frame === null || offered === null) return;
    const settings = { ...offered.input.settings, variations: 1, first_variation: index };
    const input = { ...offered.input, settings };
    const made = { ...offered.made, settings };
    this.#asked = input;
    this.#studio.setSettings({ first_variation: index });
    this.#finish({ ...offered, input, made, label: `Variation ${index + 1}` }, chosen.frame);
    if (this.#job === null) this.#tell({ kind: "done", text: `Variation ${index + 1}` });
  }

  /** Stop listening and asking. */
  destroy(): void {
    for (const off of this.#off) off();
    this.#sampler.destroy();
    this.#parts.live.cancel(this.#number);
  }

  #restart(): void {
    this.#drop();
    this.#asked = null;
    this.#latest = null;
    this.#label = "Opened";
    this.#showing.clear();
    this.#uploaded = false;
    this.#forgetVariations();
    this.#engine = null;
    this.#events.emit("engine", null);
    this.#tell(IDLE);
    this.#events.emit("cleared", null);
    this.#plan();
  }

  #pixels(target: MapName): void {
    const studio = this.#studio;
    if (!studio.editing || studio.target !== "layout" || !panelOf(studio.task).targets.includes(target))
      return;
    this.#moved = true;
    this.#draft();
  }

  /** One change tells several events: look once, when all is in place. */
  #plan(): void {
    if (this.#planned) return;
    this.#planned = true;
    queueMicrotask(() => {
      this.#planned = false;
      this.#refresh();
    });
  }

  #refresh(): void {
    if (this.#studio.editing || this.#studio.target !== "layout") return;
    this.#moved = false;
    const input = this.#whole();
    if (input === null) {
      this.#drop();
      this.#asked = null;
      this.#forgetVariations();
      return;
    }
    if (this.#asked !== null && alike(this.#asked, input)) return;
    const offered = this.#offered?.input;
    if (offered && !alike(offered, varied(input, offered))) this.#forgetVariations();
    this.#asked = input;
    this.#ask(this.#jobOf("full", input));
  }

  /** The input of the whole picture. An engine that is for one layout alone ends with another layout. */
  #whole(): Input | null {
    const input = this.#input({ variations: 1 });
    if (input === null || this.#engine === null || this.#engine.always) return input;
    this.#refined ??= input.maps;
    if (same(this.#refined, input.maps)) return input;
    this.#engine = null;
    this.#events.emit("engine", null);
    return { ...input, run: null };
  }

  #draft(): void {
    if (!this.#moved || this.#job?.kind === "draft") return;
    const input = this.#input((panel) => panel.draft(this.#studio));
    if (input === null) return;
    this.#moved = false;
    this.#ask(this.#jobOf("draft", { ...input, run: this.#engine?.always ? this.#engine.run : null }));
  }

  /** What to send now; null, and the reason told, when the task is not ready. */
  #input(changes: Settings | ((panel: Panel) => Settings)): Input | null {
    const { task, settings, scene } = this.#studio;
    const panel = panelOf(task);
    const reason = panel.ready(this.#studio);
    if (reason !== null) {
      this.#tell({ kind: "blocked", text: reason });
      return null;
    }
    const maps: Record<string, Promise<PackedMap>> = {};
    for (const [name, map] of Object.entries(panel.maps(this.#studio)))
      maps[name] = this.#parts.packer.pack(map);
    const own = typeof changes === "function" ? changes(panel) : changes;
    return {
      photo: panel.photo(this.#studio),
      task,
      settings: { ...settings, ...own },
      maps,
      run: this.#engine?.run ?? null,
      scene: scene?.engine ?? null,
      portrait: portraitAsk(this.#studio),
    };
  }

  #jobOf(kind: Job["kind"], input: Input): Job {
    const { classes, settings } = this.#studio;
    const { task, maps } = input;
    const made = { task, maps, settings: { ...settings, variations: 1 }, layout: this.#sampler.take() };
    return { kind, input, made, classes, label: this.#label };
  }

  #ask(job: Job): void {
    this.#job = job;
    if (this.#uploading) return; // asked when the server has the photo
    const { photo, run, settings, ...rest } = job.input;
    this.#tell(job.kind === "draft" ? QUICK : this.#parts.live.state === "open" ? WAITING : CONNECTING);
    const [draft, model] = [job.kind === "draft", modelOf(run, job.classes)];
    const id = photo === null ? "" : this.photoId(photo);
    const request = { ...rest, settings: panelOf(rest.task).sent(settings), photo: id, draft, model };
    this.#number = this.#parts.live.request(request, this.#handlers(job));
  }

  /** A replaced request is told "cancelled" after its follower has become the job, so it changes nothing. */
  #handlers(job: Job): LiveHandlers {
    const ifCurrent = <D>(act: (detail: D) => void) => {
      return (detail: D) => {
        if (this.#job === job) act(detail);
      };
    };
    return {
      started: ifCurrent<void>(() => this.#tell(job.kind === "draft" ? QUICK : WORKING)),
      preview: ifCurrent((frame: LiveFrame) => this.#preview(job, frame)),
      picture: ifCurrent((frame: LiveFrame) => this.#picture(job, frame)),
      ended: ifCurrent((outcome: Outcome) => this.#ended(job, outcome)),
    };
  }

  #preview(job: Job, frame: LiveFrame): void {
    this.#uploaded = false;
    this.#tell(job.kind === "draft" ? QUICK : progress(frame, job.kind === "variations"));
    if (job.kind === "variations") {
      this.#setVariation(frame, false);
      return;
    }
    const shown = this.#showing.show(job.made, frame);
    if (shown !== null) this.#events.emit("frame", shown);
  }

  #picture(job: Job, frame: LiveFrame): void {
    if (job.kind === "variations") this.#setVariation(frame, true);
    else if (job.kind === "full") {
      this.#tell(done(frame, job.input.run));
      this.#finish(job, frame);
    } else this.#preview(job, frame); // of a layout so small that the quick look is the picture
  }

  #finish(job: Job, frame: LiveFrame): void {
    const { variation: _variation, level: _level, levels: _levels, ...picture } = frame;
    const { settings, maps, run } = job.input;
    const { classes } = job;
    const label = run === null ? job.label : `${job.label}, by a trained model`;
    this.#showing.finish(job.made);
    this.#latest = {
      ...picture,
      label,
      layout: maps.layout,
      classes,
      settings,
      run,
      rolls: maps.rolls ?? null,
    };
    this.#events.emit("finished", this.#latest);
  }

  #ended(job: Job, outcome: Outcome): void {
    this.#job = null;
    if (outcome.kind === "failed") {
      if (outcome.unknownPhoto && !this.#uploaded) this.#sendPhoto(job);
      else this.#tell({ kind: "failed", text: outcome.message });
    } else if (job.kind === "draft") {
      this.#draft();
    } else if (job.kind === "variations") {
      this.#tell({
        kind: "done",
        text: outcome.kind === "done" ? `Made in ${inSeconds(outcome.seconds)}` : "",
      });
      this.#plan();
    }
  }

  /** The server was started anew or needed the room: send the photo again, then ask again; once, lest it never ends. */
  async #sendPhoto(job: Job): Promise<void> {
    const { photo } = job.input;
    if (photo === null) return; // the server needed none, so it cannot lack it
    this.#job = job;
    this.#uploaded = true;
    this.#uploading = true;
    this.#tell(SENDING);
    const others = panelOf(job.input.task).others?.(this.#studio) ?? [];
    const fault = await Promise.all([photo, ...others].map((one) => this.#parts.upload(one))).then(
      ([id]) => {
        this.#ids.set(photo.id, id);
        return null;
      },
      (error: unknown) => error,
    );
    this.#uploading = false;
    const next = this.#job;
    if (next === null) return;
    if (fault === null || next.input.photo !== photo) return this.#ask(next);
    this.#job = null;
    this.#tell({ kind: "failed", text: wordsOf(fault) });
  }

  #setVariation(frame: LiveFrame, finished: boolean): void {
    if (this.#variations[frame.variation] === undefined) return;
    this.#variations = this.#variations.with(frame.variation, { frame, finished });
    this.#events.emit("variations", null);
  }

  #forgetVariations(): void {
    if (this.#offered === null) return;
    this.#offered = null;
    this.#variations = [];
    this.#events.emit("variations", null);
  }

  #drop(): void {
    if (this.#job === null) return;
    this.#job = null;
    this.#parts.live.cancel(this.#number);
  }

  #tell(status: Status): void {
    this.#status = status;
    this.#events.emit("status", this.status);
  }
}
