/** Opening: photos, examples, label maps, layouts, sessions, from whatever way they come in. */

import { beginBoard, relaid } from "../model/board";
import { encodeIndexPng } from "../model/png";
import type { Session } from "../model/session";
import { emptySnapshot, type Studio } from "../model/studio";
import { type IndexMap, type Photo, type Settings, type Size, type Tile, UNMARKED } from "../model/types";
import { panelOf } from "../panels";
import { type BoardPart, type GeneratorCard, layOut, partsOf } from "../work/boards";
import { type PortraitCard, partsOfFace } from "../work/portraits";
import {
  defaults,
  type ExampleCard,
  type Form,
  matchMap,
  openExample,
  photoFile,
  readLabels,
  strictlyOr,
  uploadPhoto,
  withPhoto,
} from "../work/rest";
import { photoLayout, readSceneLayout, type SceneCard } from "../work/scenes";
import { ask } from "./dialogs";
import { chooseFiles } from "./files";
import { Replacing } from "./replacing";
import type { Status } from "./status";

/** Layouts by name. */
type Layouts = Readonly<Record<string, IndexMap>>;

/** What opening works with. */
export interface DocumentParts {
  readonly studio: Studio;
  readonly status: Status;
  /** The forms of the server's tasks; empty before the server has answered. */
  forms(): readonly Form[];
  readSession(file: Blob): Promise<Session>;
  openSession(session: Session): void;
  saveSession(): Promise<void>;
}

const MAP_FILES = "image/png,image/*";
const NEW_CLASSES = [
  { name: "class 1", colour: "#3f8fd2" },
  { name: "class 2", colour: "#d27a3f" },
];

/** Everything that brings something in. What fails is told in the status and changes nothing. */
export class Documents {
  readonly #parts: DocumentParts;
  readonly #replacing: Replacing;
  #loading = 0;
  #example: { photo: string; layouts: Layouts } = { photo: "", layouts: {} };

  constructor(parts: DocumentParts) {
    this.#parts = parts;
    const save = async () => {
      const saving = parts.saveSession().then(() => true);
      return (await this.#load("Saving the session…", saving)) ?? false;
    };
    this.#replacing = new Replacing(parts.studio, save);
  }

  /** Opens a photo, or a session if the file is one; asks if that would replace unsaved work. */
  async open(file: File): Promise<void> {
    if (file.name.toLowerCase().endsWith(".sembla")) return this.session(file);
    const replace = this.#replacing.begin();
    const { studio, status } = this.#parts;
    const uploaded = await this.#load(file, uploadPhoto(file, file.name));
    if (uploaded === null) return;
    const { id, width, height, notes } = uploaded;
    const photo: Photo = { id, width, height, name: file.name, file };
    const opened = await replace(() =>
      studio.open({ ...emptySnapshot(), photo, target: "labels", settings: this.#settings(photo) }),
    );
    if (opened) status.say(notes.join(" "));
  }

  /** Opens a bundled example: photo, labels, and its first new layout. */
  async example({ name }: ExampleCard): Promise<void> {
    const replace = this.#replacing.begin();
    const { studio } = this.#parts;
    const opening = openExample(name).then(async (opened) => ({
      opened,
      file: await photoFile(opened.photo.id),
    }));
    const both = await this.#load("Opening the example…", opening);
    if (both === null) return;
    const { photo, classes, labels, layouts } = both.opened;
    const { id, width, height } = photo;
    await replace(() => {
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
    });
  }

  /** The layouts that came with the photo, if it is that of an example opened since the page was loaded. */
  get layouts(): Layouts {
    return this.#example.photo === this.#parts.studio.photo?.id ? this.#example.layouts : {};
  }

  /** Opens a session file in place of the document. */
  async session(file: File): Promise<void> {
    const replace = this.#replacing.begin();
    const session = await this.#load(file, this.#parts.readSession(file));
    if (session !== null) await replace(() => this.#parts.openSession(session));
  }

  /** Begins a scene with a layout, in place of the document. */
  async scene(card: SceneCard, layout: IndexMap): Promise<void> {
    const replace = this.#replacing.begin();
    const { studio } = this.#parts;
    const { title, classes } = card;
    const file = new Blob([encodeIndexPng(layout, classes)], { type: "image/png" });
    const uploaded = await this.#load("Beginning the scene…", uploadPhoto(file, title));
    if (uploaded === null) return;
    const { id, width, height } = uploaded;
    const { name: engine, kind, photos, ignore, styled, varies } = card;
    const variesStyled = card.varies_styled;
    await replace(() =>
      studio.open({
        ...emptySnapshot(),
        photo: { id, width, height, name: title, file },
        scene: { engine, title, kind, photos, ignore, styled, varies, variesStyled, styles: [] },
        classes,
        labels: layout,
        layout,
        task: "scene",
        settings: this.#settings({ width, height }, "scene"),
      }),
    );
  }

  /** Begins to edit the face in a photo, in place of the document; its parts are those that the model sees. */
  async portrait({ name: model, title }: PortraitCard, file: File): Promise<void> {
    const replace = this.#replacing.begin();
    const { studio, status } = this.#parts;
    const opening = uploadPhoto(file, file.name).then(async (uploaded) => ({
      uploaded,
      seen: await partsOfFace(model, uploaded.id),
    }));
    const made = await this.#load(file, opening);
    if (made === null) return;
    const { id, width, height, notes } = made.uploaded;
    const { map, classes } = made.seen;
    const opened = await replace(() =>
      studio.open({
        ...emptySnapshot(),
        photo: { id, width, height, name: file.name, file },
        portrait: { model, title, references: [] },
        classes,
        labels: map,
        layout: map,
        task: "portrait",
        settings: this.#settings({ width, height }, "portrait"),
      }),
    );
    if (opened) status.say([...notes, ...made.seen.notes].join(" "));
  }

  /** Begins a board with pictures from files, in place of the document. */
  async board({ name: model, title, method }: GeneratorCard, files: readonly File[]): Promise<void> {
    if (files.length === 0) return;
    const replace = this.#replacing.begin();
    const laid = held(files).then((parts) => laidOut(parts, { method, name: files[0].name }));
    const made = await this.#load("Opening the pictures…", laid);
    if (made === null) return;
    const { photo, tiles } = made;
    await replace(() => this.#parts.studio.open(beginBoard(photo, { model, title, method, tiles })));
  }

  /** Adds pictures from files to the board; marks and points stay. */
  async addToBoard(files: readonly File[]): Promise<void> {
    if (files.length > 0) await this.#relay(held(files), (tiles) => tiles);
  }

  /** Takes a picture off the board. */
  takeFromBoard(at: number): Promise<void> {
    return this.#relay(Promise.resolve([]), (tiles) => tiles.filter((tile) => tile !== at));
  }

  /** The layout of a photo of a bank; null where it cannot be had, which is told. */
  photoLayout(engine: string, number: number): Promise<IndexMap | null> {
    return this.#load("Opening the layout…", photoLayout(engine, number));
  }

  /** Reads a file as a layout in the classes of an engine; null where it cannot be, which is told. */
  sceneLayout(engine: string, file: File): Promise<IndexMap | null> {
    return this.#load(file, readSceneLayout(engine, file, file.name));
  }

  /** Reads a file as the label map of the photo. The layout starts from it anew. */
  async labels(file: File): Promise<void> {
    const { studio, status } = this.#parts;
    const { photo } = studio;
    if (photo === null) return status.problem("Open the photo first, then its label map.");
    const { name } = file;
    const reading = strictlyOr((resize) => withPhoto(photo, (id) => readLabels(id, file, { name, resize })));
    const read = await this.#load(file, reading);
    if (read === null || studio.photo !== photo) return;
    if (!read.strictly) {
      const question = `${name} has another size than the photo, which is ${told(photo)}.`;
      if (!(await allows(question, "Scale it to the photo")) || studio.photo !== photo) return;
    }
    const { map, classes, notes } = read.made;
    studio.change("Open a label map", { classes, labels: map, layout: map, strokes: null, target: "layout" });
    status.say(notes.join(" "));
  }

  /** Reads a file as a new layout in the classes of the document. */
  async layout(file: File): Promise<void> {
    const { studio, status } = this.#parts;
    const { photo, classes, scene } = studio;
    if (photo === null || studio.map("labels") === null)
      return status.problem("Label the photo first; the layout uses its classes.");
    const { name } = file;
    const reading =
      scene === null
        ? strictlyOr((adoptNearest) =>
            withPhoto(photo, (id) => matchMap(id, file, { name, classes, adoptNearest })),
          )
        : readSceneLayout(scene.engine, file, name).then((made) => ({ made, strictly: true }));
    const read = await this.#load(file, reading);
    if (read === null || studio.photo !== photo) return;
    const layout = read.made;
    if (told(layout) !== told(photo)) {
      const what = scene === null ? "photo" : "scene";
      const line = `${name} is ${told(layout)}, the ${what} ${told(photo)}; open a layout of the ${what}'s size.`;
      return status.problem(line, name);
    }
    if (!read.strictly) {
      const question = `${name} has colours that are none of the classes of this document.`;
      if (!(await allows(question, "Use the nearest class")) || studio.photo !== photo) return;
    }
    if (studio.classes !== classes)
      return status.problem(`The classes changed while ${name} was read; open it again.`);
    studio.change("Open a layout", { layout, target: "layout" });
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
    chooseFiles(takes, ([file]) => void act.call(this, file));
  }

  /** Lays the board out anew, with those of its pictures that `keep` leaves of their numbers, and new ones. */
  async #relay(added: Promise<BoardPart[]>, keep: (tiles: number[]) => number[]): Promise<void> {
    const { studio } = this.#parts;
    const { photo, board } = studio;
    if (photo === null || board === null) return;
    const kept = keep(board.tiles.map((_, at) => at));
    const laid = withPhoto(photo, async (id) => {
      const old = partsOf({ ...photo, id }, board);
      const parts = [...kept.map((at) => old[at]), ...(await added)];
      return laidOut(parts, { method: board.method, name: photo.name });
    });
    const made = await this.#load("Laying the pictures out…", laid);
    if (made === null || studio.photo !== photo) return;
    const taken = made.tiles.map((_, at) => kept[at] ?? -1);
    studio.open(relaid(studio.snapshot(), made.photo, made.tiles, taken));
  }

  /** Tells what is going on, or which file is read, here and by the pointer; null where it failed, which is told too. */
  async #load<T>(what: string | File, work: Promise<T>): Promise<T | null> {
    this.#loading += 1;
    document.body.dataset.busy = "";
    try {
      if (typeof what === "string") return await this.#parts.status.during(what, work);
      return await this.#parts.status.during(`Reading ${what.name}…`, work, what.name);
    } finally {
      this.#loading -= 1;
      if (this.#loading === 0) delete document.body.dataset.busy;
    }
  }

  #settings(photo: Size, task = emptySnapshot().task): Settings {
    const form = this.#parts.forms().find(({ name }) => name === task);
    return { ...(form && defaults(form)), ...panelOf(task).start(photo) };
  }
}

/** Has the server hold the pictures of files. */
async function held(files: readonly File[]): Promise<BoardPart[]> {
  const parts: BoardPart[] = [];
  for (const file of files) parts.push({ photo: (await uploadPhoto(file, file.name)).id, name: file.name });
  return parts;
}

/** Pictures side by side, as a photo: of those that a generator sees the middle of, the middle squares. */
async function laidOut(
  parts: readonly BoardPart[],
  { method, name }: { method: GeneratorCard["method"]; name: string },
): Promise<{ photo: Photo; tiles: readonly Tile[] }> {
  const { photo, tiles } = await layOut(parts, method === "preserve");
  const { id, width, height } = photo;
  return { photo: { id, width, height, name, file: await photoFile(id) }, tiles };
}

/** Asks whether a file may be read in a way that changes it. */
async function allows(question: string, text: string): Promise<boolean> {
  const answers = [
    { text: "Cancel", value: false },
    { text, value: true, look: "primary" as const },
  ];
  return (await ask("Read it all the same?", question, answers)) ?? false;
}

function told({ width, height }: Size): string {
  return `${width}x${height}`;
}
