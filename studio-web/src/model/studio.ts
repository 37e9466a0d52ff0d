/** The document of the page and the one place where it changes; everything else reads it and listens. */

import { type Edit, OpenEdit, patchTo } from "./edit";
import { Emitter } from "./emitter";
import { checkSizes, copyMaps, emptySnapshot, type Snapshot, same, validActive } from "./snapshot";
import {
  type Board,
  type ClassEntry,
  type Face,
  type IndexMap,
  MAPS,
  type MapName,
  type Photo,
  type Portrait,
  type Rect,
  type Scene,
  type Settings,
  type Target,
  type ToolName,
} from "./types";
import { applyRuns, type Patch, type Step, UndoStack, type Values } from "./undo";

export type { Edit } from "./edit";
export { emptySnapshot, type Snapshot } from "./snapshot";

/** What `Studio.change` can replace in one undoable step. */
export type Change = Partial<
  Pick<
    Snapshot,
    "classes" | "strokes" | "labels" | "layout" | "rolls" | "settings" | "active" | "target" | "faces"
  >
>;

/** How the document is shown and painted on; not part of it. */
export interface View {
  readonly tool: ToolName;
  /** Diameter in map pixels, 1 to 400. */
  readonly brush: number;
  /** Of the map over the photo, 0 to 1. */
  readonly opacity: number;
  readonly outlines: boolean;
  /** Whether strokes on a face are painted on both of its halves. */
  readonly symmetric: boolean;
  /** Which picture of a board is looked at. */
  readonly tile: number;
}

/** What a studio tells its listeners. */
export interface StudioEvents {
  /** A whole new document was opened: redraw everything. */
  document: null;
  /** Ids changed inside `rect`, during and after edits; also told, with the whole map, when a map appears or vanishes. */
  pixels: { target: MapName; rect: Rect };
  /** An edit begins. */
  begun: null;
  /** An edit ended. */
  ended: { committed: boolean };
  /** An undoable change was completed, taken back or made again. */
  changed: { label: string; kind: "edit" | "undo" | "redo" };
  classes: null;
  active: null;
  target: null;
  settings: null;
  view: null;
  /** A style was added to the scene, or a face to the portrait. */
  styles: null;
  /** Points of faces were moved. */
  faces: null;
  /** What can be undone or redone changed. */
  stacks: null;
}

/**
 * A document that is edited.
 *
 * The studio owns its maps: those given are copied, those of a snapshot are copies. The map object of a target stays
 * the same through edits, undo and redo; it is replaced only when a document is opened or when it vanishes and comes back.
 */
export class Studio {
  #document: Snapshot = emptySnapshot();
  #view: View = { tool: "brush", brush: 24, opacity: 0.6, outlines: false, symmetric: false, tile: 0 };
  #edit: OpenEdit | null = null;
  #usable: Uint8Array | null = null;
  readonly #stack = new UndoStack();
  readonly #events = new Emitter<StudioEvents>();

  /** Calls `listener` at every `event`; the function returned ends that. */
  on<K extends keyof StudioEvents>(event: K, listener: (detail: StudioEvents[K]) => void): () => void {
    return this.#events.on(event, listener);
  }

  /** The photo, or null before one is opened. */
  get photo(): Photo | null {
    return this.#document.photo;
  }

  /** The classes; a class's place is its id. */
  get classes(): readonly ClassEntry[] {
    return this.#document.classes;
  }

  /** The name of the server's task. */
  get task(): string {
    return this.#document.task;
  }

  /** The settings of the task's form. */
  get settings(): Settings {
    return this.#document.settings;
  }

  /** What makes the scene; null where the document is of a photo. */
  get scene(): Scene | null {
    return this.#document.scene;
  }

  /** The pictures side by side; null where the document is of a photo or a scene. */
  get board(): Board | null {
    return this.#document.board;
  }

  /** What edits the face; null where the document is something else. */
  get portrait(): Portrait | null {
    return this.#document.portrait;
  }

  /** Of a board whose holes are filled: the face in each picture, null where it is not placed yet. */
  get faces(): readonly (Face | null)[] {
    return this.#document.faces;
  }

  /** Whether it is a photo that is laid out anew of itself: neither a scene nor a board nor a portrait. */
  get ofPhoto(): boolean {
    return this.scene === null && this.board === null && this.portrait === null;
  }

  /** Whether a scene has several pictures of one layout, and parts made anew, with the style that is chosen. */
  get varies(): boolean {
    const { scene, settings } = this.#document;
    if (scene === null) return false;
    return typeof settings.style === "number" ? scene.variesStyled : scene.varies;
  }

  /** Which map is painted on. */
  get target(): Target {
    return this.#document.target;
  }

  /** The id of the class that is painted with. */
  get active(): number {
    return this.#document.active;
  }

  /** How the document is shown and painted on. */
  get view(): View {
    return this.#view;
  }

  /** The map of a target, or null where there is none; write to it only inside an edit. */
  map(target: MapName): IndexMap | null {
    return this.#document[target];
  }

  /** The map that is painted on. */
  get current(): IndexMap | null {
    return this.map(this.target);
  }

  /** Whether an edit is open. */
  get editing(): boolean {
    return this.#edit !== null;
  }

  /** The label of what `undo` would take back, or null. */
  get undoLabel(): string | null {
    return this.#stack.last?.label ?? null;
  }

  /** The label of what `redo` would make again, or null. */
  get redoLabel(): string | null {
    return this.#stack.next?.label ?? null;
  }

  /**
   * Whether class `id` can be asked for in the layout: it needs a pixel in the photo's labels. All classes of a scene
   * can, all regions of a board, and all parts of a face.
   */
  usable(id: number): boolean {
    if (!this.ofPhoto) return true;
    this.#usable ??= present(this.#document.labels);
    return this.#usable[id] === 1;
  }

  /** Replaces the document and forgets all undo steps; an open edit is cancelled. Throws if sizes disagree. */
  open(snapshot: Snapshot): void {
    checkSizes(snapshot);
    this.#edit?.cancel();
    this.#document = {
      ...copyMaps({ ...emptySnapshot(), ...snapshot }),
      active: validActive(snapshot.active, snapshot.classes),
    };
    this.#usable = null;
    this.#view = { ...this.#view, tile: 0 };
    this.#stack.clear();
    this.#events.emit("document", null);
    this.#events.emit("stacks", null);
  }

  /** The whole document as it is now, also inside an edit; the maps are copies. */
  snapshot(): Snapshot {
    return copyMaps(this.#document);
  }

  /** Opens an edit of one map. Throws if an edit is open or there is no such map. */
  begin(label: string, target: Target = this.target): Edit {
    if (this.#edit !== null) throw new Error(`"${label}" was begun inside an open edit; end that first.`);
    const map = this.map(target);
    if (map === null)
      throw new Error(`"${label}" was begun without ${target}; open a document with ${target} first.`);
    this.#edit = new OpenEdit(
      { target, map },
      {
        changed: (rect) => this.#pixels(target, rect),
        ended: (patch) => this.#endEdit(label, patch),
      },
    );
    this.#events.emit("begun", null);
    return this.#edit;
  }

  /**
   * Replaces parts of the document in one undoable step; parts that are equal already count as unchanged, and where all
   * are there is no step. Throws if a map has another size than the photo, or belongs to the open edit.
   */
  change(label: string, values: Change): void {
    const step = this.#carryOut(label, values);
    if (step === null) return;
    this.#stack.push(step);
    this.#tellChanged(label, "edit");
  }

  /**
   * Like `change`, but joined to the last step, so that both are undone together: for what is computed from a change
   * and arrives later. Does nothing and returns false when there is no last step or one was undone since.
   */
  amend(values: Change): boolean {
    const last = this.#stack.last;
    if (last === null || this.#stack.next !== null) return false;
    const step = this.#carryOut(last.label, values);
    if (step === null) return true;
    this.#stack.amend(step);
    this.#tellChanged(last.label, "edit");
    return true;
  }

  /** Takes the last step back; false if there is none or an edit is open. The map of an edit becomes the target. */
  undo(): boolean {
    const step = this.editing ? null : this.#stack.undo();
    if (step === null) return false;
    for (const patch of [...step.patches].reverse()) this.#apply(patch, patch.before);
    this.#setValues(step.before);
    this.#tellChanged(step.label, "undo");
    return true;
  }

  /** Makes the step that was undone last again; false if there is none or an edit is open. */
  redo(): boolean {
    const step = this.editing ? null : this.#stack.redo();
    if (step === null) return false;
    for (const patch of step.patches) this.#apply(patch, patch.after);
    this.#setValues(step.after);
    this.#tellChanged(step.label, "redo");
    return true;
  }

  /** Chooses the class to paint with; ids outside the classes are ignored. */
  setActive(id: number): void {
    if (id === validActive(id, this.classes)) this.#setValues({ active: id });
  }

  /** Chooses the map to paint on. */
  setTarget(target: Target): void {
    this.#setValues({ target });
  }

  /** Replaces the settings given; not undoable. */
  setSettings(settings: Settings): void {
    this.#setValues({ settings: { ...this.settings, ...settings } });
  }

  /** Chooses the server's task; its settings are kept. */
  setTask(task: string): void {
    if (task === this.task) return;
    this.#document = { ...this.#document, task };
    this.#events.emit("settings", null);
  }

  /** Adds a photo to the styles of a scene, unless it is there already; gives its place. Not undoable. */
  addStyle(photo: Photo): number {
    const { scene } = this;
    if (scene === null) throw new Error("There is no scene to give a style to; begin one first.");
    const known = scene.styles.findIndex(({ id }) => id === photo.id);
    if (known >= 0) return known;
    const styles = [...scene.styles, photo];
    this.#document = { ...this.#document, scene: { ...scene, styles } };
    this.#events.emit("styles", null);
    return styles.length - 1;
  }

  /** Adds another face to those of a portrait, unless it is there already; gives its place. Not undoable. */
  addReference(photo: Photo): number {
    const { portrait } = this;
    if (portrait === null)
      throw new Error("There is no portrait to give another face to; open a face first.");
    const known = portrait.references.findIndex(({ id }) => id === photo.id);
    if (known >= 0) return known;
    const references = [...portrait.references, photo];
    this.#document = { ...this.#document, portrait: { ...portrait, references } };
    this.#events.emit("styles", null);
    return references.length - 1;
  }

  /** Chooses another generator for a board. Not undoable. */
  setGenerator(model: string, title: string): void {
    const { board } = this;
    if (board === null || board.model === model) return;
    this.#document = { ...this.#document, board: { ...board, model, title } };
    this.#events.emit("settings", null);
  }

  /** Changes how the document is shown; numbers are brought into their limits. */
  setView(view: Partial<View>): void {
    const next = { ...this.#view, ...view };
    next.brush = Math.min(Math.max(Math.round(next.brush), 1), 400);
    next.opacity = Math.min(Math.max(next.opacity, 0), 1);
    if (same(next, this.#view)) return;
    this.#view = next;
    this.#events.emit("view", null);
  }

  #endEdit(label: string, patch: Patch | null): void {
    const target = this.#edit?.target ?? this.target;
    this.#edit = null;
    if (patch !== null) {
      this.#stack.push({ label, patches: [patch], before: { target }, after: { target } });
    }
    this.#events.emit("ended", { committed: patch !== null });
    if (patch !== null) this.#tellChanged(label, "edit");
  }

  #carryOut(label: string, change: Change): Step | null {
    checkSizes({ ...this.#document, ...change });
    if (this.#edit !== null && change[this.#edit.target] !== undefined)
      throw new Error(
        `"${label}" would replace the ${this.#edit.target} inside an edit of them; end the edit first.`,
      );
    const patches = MAPS.map((target) => patchTo(target, this.map(target), change[target])).filter(
      (p) => p !== null,
    );
    const after = this.#valuesOf(change);
    const before = pick(this.#document, after);
    if (patches.length === 0 && Object.keys(after).length === 0) return null;
    for (const patch of patches) this.#apply(patch, patch.after);
    this.#setValues(after);
    return { label, patches, before, after };
  }

  /** Those values of a change that differ from the document's; a class that vanishes does not stay active. */
  #valuesOf(change: Change): Values {
    const {
      classes = this.classes,
      settings = this.settings,
      target = this.target,
      faces = this.faces,
    } = change;
    const active = validActive(change.active ?? this.active, classes);
    return {
      ...(classes !== this.classes && { classes }),
      ...(!same(settings, this.settings) && { settings }),
      ...(target !== this.target && { target }),
      ...(active !== this.active && { active }),
      ...(faces !== this.faces && { faces }),
    };
  }

  #apply(patch: Patch, runs: Patch["after"]): void {
    const map = applyRuns(this.map(patch.target), runs, patch.rect);
    if (map !== this.map(patch.target)) this.#document = { ...this.#document, [patch.target]: map };
    this.#pixels(patch.target, patch.rect);
  }

  #setValues(values: Values): void {
    const old = this.#document;
    const replaced = { ...old, ...values };
    this.#document = { ...replaced, active: validActive(replaced.active, replaced.classes) };
    const { classes, settings, target, active, faces } = this.#document;
    if (faces !== old.faces) this.#events.emit("faces", null);
    if (classes !== old.classes) this.#events.emit("classes", null);
    if (target !== old.target) this.#events.emit("target", null);
    if (active !== old.active) this.#events.emit("active", null);
    if (!same(settings, old.settings)) this.#events.emit("settings", null);
  }

  #pixels(target: MapName, rect: Rect): void {
    if (target === "labels") this.#usable = null;
    this.#events.emit("pixels", { target, rect });
  }

  #tellChanged(label: string, kind: "edit" | "undo" | "redo"): void {
    this.#events.emit("changed", { label, kind });
    this.#events.emit("stacks", null);
  }
}

/** The document's values of the same names. */
function pick(document: Snapshot, values: Values): Values {
  const { classes, settings, target, active, faces } = document;
  return {
    ...(values.classes && { classes }),
    ...(values.settings && { settings }),
    ...(values.target && { target }),
    ...(values.active !== undefined && { active }),
    ...(values.faces && { faces }),
  };
}

function present(labels: IndexMap | null): Uint8Array {
  const found = new Uint8Array(256);
  if (labels !== null) for (const id of labels.ids) found[id] = 1;
  return found;
}
