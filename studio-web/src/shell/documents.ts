/** Opening: photos, examples, label maps, layouts, sessions, from whatever way they come in. */

import { emptySnapshot, type Studio } from "../model/studio";
import { type IndexMap, type Photo, type Settings, type Size, UNMARKED } from "../model/types";
import { panelOf } from "../panels";
import {
  defaults,
  type ExampleCard,
  type Form,
  matchMap,
  openExample,
  photoFile,
  readLabels,
  uploadPhoto,
  withPhoto,
} from "../work/rest";
import { type Answer, ask } from "./dialogs";
import type { Status } from "./status";

/** Layouts by name. */
type Layouts = Readonly<Record<string, IndexMap>>;

/** What opening works with. */
export interface DocumentParts {
  readonly studio: Studio;
  readonly status: Status;
  /** The forms of the server's tasks; empty before the server has answered. */
  forms(): readonly Form[];
  openSession(file: Blob): Promise<void>;
  saveSession(): Promise<void>;
}

const MAP_FILES = "image/png,image/*";
const NEW_CLASSES = [
  { name: "class 1", colour: "#3f8fd2" },
  { name: "class 2", colour: "#d27a3f" },
];

const REPLACE: readonly Answer<"cancel" | "save" | "replace">[] = [
  { text: "Cancel", value: "cancel" },
  { text: "Save session first", value: "save" },
  { text: "Replace", value: "replace", look: "primary" },
];

/** Everything that brings something in. What fails is told in the status and changes nothing. */
export class Documents {
  readonly #parts: DocumentParts;
  #loading = 0;
  #example: { photo: string; layouts: Layouts } = { photo: "", layouts: {} };

  constructor(parts: DocumentParts) {
    this.#parts = parts;
  }

  /** Opens a photo, or a session if the file is one; asks first if that would replace unsaved work. */
  async open(file: File): Promise<void> {
    if (file.name.toLowerCase().endsWith(".sembla")) return this.session(file);
    if (!(await this.#mayReplace())) return;
    const { studio, status } = this.#parts;
    const uploaded = await this.#load(`Opening ${file.name}…`, uploadPhoto(file, file.name));
    if (uploaded === null) return;
    const { id, width, height, notes } = uploaded;
    const photo: Photo = { id, width, height, name: file.name, file };
    studio.open({ ...emptySnapshot(), photo, target: "labels", settings: this.#settings(photo) });
    status.say(notes.join(" "));
  }

  /** Opens a bundled example: photo, labels, and its first new layout. */
  async example({ name }: ExampleCard): Promise<void> {
    if (!(await this.#mayReplace())) return;
    const { studio } = this.#parts;
    const opening = openExample(name).then(async (opened) => ({
      opened,
      file: await photoFile(opened.photo.id),
    }));
    const both = await this.#load("Opening the example…", opening);
    if (both === null) return;
    const { photo, classes, labels, layouts } = both.opened;
    const { id, width, height } = photo;
    this.#example = { photo: id, layouts };
    studio.open({
      ...emptySnapshot(),
      photo: { id, width, height, name: `${name}.png`, file: both.file },
      classes,
      labels,
      layout: Object.values(layouts)[0] ?? labels,
      target: "layout",
      settings: this.#settings(photo),
    });
  }

  /** The layouts that came with the photo, if it is that of an example opened since the page was loaded. */
  get layouts(): Layouts {
    return this.#example.photo === this.#parts.studio.photo?.id ? this.#example.layouts : {};
  }

  /** Opens a session file in place of the document. */
  async session(file: File): Promise<void> {
    if (!(await this.#mayReplace())) return;
    await this.#load(`Opening ${file.name}…`, this.#parts.openSession(file));
  }

  /** Reads a file as the label map of the photo. The layout starts from it anew. */
  async labels(file: File): Promise<void> {
    const { studio, status } = this.#parts;
    const { photo } = studio;
    if (photo === null) return status.problem("Open the photo first, then its label map.");
    const reading = withPhoto(photo, (id) => readLabels(id, file, { name: file.name }));
    const read = await this.#load(`Reading ${file.name}…`, reading);
    if (read === null || studio.photo !== photo) return;
    const { map, classes, notes } = read;
    studio.change("Open a label map", { classes, labels: map, layout: map, strokes: null, target: "layout" });
    status.say(notes.join(" "));
  }

  /** Reads a file as a new layout in the classes of the document. */
  async layout(file: File): Promise<void> {
    const { studio, status } = this.#parts;
    const { photo, classes } = studio;
    if (photo === null || studio.map("labels") === null)
      return status.problem("Label the photo first; the layout uses its classes.");
    const options = { name: file.name, classes };
    const layout = await this.#load(
      `Reading ${file.name}…`,
      withPhoto(photo, (id) => matchMap(id, file, options)),
    );
    if (layout === null || studio.photo !== photo) return;
    if (layout.width === photo.width && layout.height === photo.height)
      return studio.change("Open a layout", { layout, target: "layout" });
    status.problem(
      `${file.name} is ${layout.width}x${layout.height}, the photo ${photo.width}x${photo.height}; open a layout of the photo's size.`,
    );
  }

  /** Begins to scribble: strokes on the photo, and two classes if there are none. */
  scribble(): void {
    const { studio } = this.#parts;
    const { photo } = studio;
    if (photo === null) return;
    const { width, height } = photo;
    const blank = { width, height, ids: new Uint8Array(width * height).fill(UNMARKED) };
    const strokes = studio.map("strokes") ?? blank;
    const classes = studio.classes.length > 1 ? studio.classes : NEW_CLASSES;
    studio.change("Begin to scribble", { classes, strokes, target: "strokes" });
  }

  /** Lets the user choose a file for one of the above. */
  pick(kind: "photo" | "session" | "labels" | "layout"): void {
    const takes = { photo: "image/*,.sembla", session: ".sembla", labels: MAP_FILES, layout: MAP_FILES }[
      kind
    ];
    const act = { photo: this.open, session: this.session, labels: this.labels, layout: this.layout }[kind];
    const input = document.createElement("input");
    input.type = "file";
    input.accept = takes;
    input.addEventListener("change", () => {
      const file = input.files?.[0];
      if (file) void act.call(this, file);
    });
    input.click();
  }

  /** Tells what is going on, here and by the pointer; null where it failed, which is told too. */
  async #load<T>(text: string, work: Promise<T>): Promise<T | null> {
    this.#loading += 1;
    document.body.dataset.busy = "";
    try {
      return await this.#parts.status.during(text, work);
    } finally {
      this.#loading -= 1;
      if (this.#loading === 0) delete document.body.dataset.busy;
    }
  }

  async #mayReplace(): Promise<boolean> {
    const { studio, saveSession } = this.#parts;
    if (studio.undoLabel === null) return true;
    const answer = await ask("Open something else?", "It takes the place of what you have open.", REPLACE);
    if (answer !== "save") return answer === "replace";
    return (
      (await this.#load(
        "Saving the session…",
        saveSession().then(() => true),
      )) ?? false
    );
  }

  #settings(photo: Size): Settings {
    const form = this.#parts.forms().find(({ name }) => name === emptySnapshot().task);
    return { ...(form && defaults(form)), ...panelOf(emptySnapshot().task).start(photo) };
  }
}
