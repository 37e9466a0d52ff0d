/** Out of the page, into files: the picture, maps, the whole session; and a session back in. */

import { encodeIndexPng } from "../model/png";
import { packSession, type Session, unpackSession } from "../model/session";
import type { Studio } from "../model/studio";
import type { IndexMap, Photo, Size } from "../model/types";
import { PANELS, panelOf } from "../panels";
import { ask, openDialog } from "../shell/dialogs";
import { button, h } from "../shell/dom";
import { modelOf } from "./asking";
import { wordsOf } from "./fault";
import { download, stem } from "./files";
import type { History } from "./history";
import type { LiveFrame } from "./live";
import type { Loop } from "./loop";
import type { Packer } from "./packer";
import { renderOnce, type Watch } from "./render-once";
import { ServerError, type UploadedPhoto, uploadPhoto, withPhoto } from "./rest";

/** What saving a picture works with. */
export interface SaveParts {
  readonly studio: Studio;
  readonly loop: Loop;
  readonly packer: Packer;
}

/** Save the picture as a PNG. Where it is shown smaller than it could be, the user chooses. Errors are for the user. */
export async function savePicture(parts: SaveParts): Promise<void> {
  const { studio, loop } = parts;
  const shown = loop.latest;
  if (shown === null) throw new Error("There is no picture yet; paint a layout first.");
  const name = `${stem(studio)}-${shown.run ?? studio.task}.png`;
  const full = panelOf(studio.task).full(studio);
  if (full === null) return download(shown.picture, name);
  const choice = await ask(
    "Save the picture",
    "At which size? The full size is made anew, which takes longer.",
    [
      { text: `As shown (${told(shown)})`, value: "shown" as const },
      { text: `Full size (${told(full.size)})`, value: "full" as const, look: "primary" },
    ],
  );
  if (choice === "shown") download(shown.picture, name);
  if (choice === "full") {
    const made = await withProgress("Making the picture at full size", (watch) =>
      renderFull(parts, { settings: full.settings, run: shown.run }, watch),
    );
    if (made) download(made.picture, name);
  }
}

/** Save the layout or the photo's labels as a palette PNG, which opens again here and on the command line. */
export function saveMap(studio: Studio, target: "labels" | "layout"): void {
  const map: IndexMap | null = studio.map(target);
  if (map === null) throw new Error(`There are no ${target} yet; label the photo first.`);
  download(
    new Blob([encodeIndexPng(forFile(map, studio), studio.classes)], { type: "image/png" }),
    `${stem(studio)}-${target}.png`,
  );
}

/** The map in the ids of files: where pixels of a scene are of no class, these hold another value. */
function forFile(map: IndexMap, { scene, classes }: Studio): IndexMap {
  const [none, ignore] = [classes.length - 1, scene?.ignore ?? null];
  return ignore === null ? map : { ...map, ids: map.ids.map((id) => (id === none ? ignore : id)) };
}

/** Save everything as one session file, with the entries of the history that are still being made. */
export async function saveSession(studio: Studio, history: History): Promise<void> {
  await history.settled();
  download(await packSession(studio.snapshot(), [...history.entries]), `${stem(studio)}.sembla`);
}

/**
 * Read a session file and give its photo to the server, if that answers. Throws an error of one line for a file that the
 * page or the server cannot take.
 */
export async function readSession(file: Blob): Promise<Session> {
  const session = await unpackSession(new Uint8Array(await file.arrayBuffer()));
  const { photo, task } = session.snapshot;
  if (!PANELS.some(({ name }) => name === task))
    throw unreadable(`its task is “${task}”, which this Sembla does not know; update Sembla to open it.`);
  return photo === null
    ? session
    : { ...session, snapshot: { ...session.snapshot, photo: await known(photo) } };
}

/** The photo of a session as the server holds it. */
async function known(photo: Photo): Promise<Photo> {
  let uploaded: UploadedPhoto;
  try {
    uploaded = await uploadPhoto(photo.file, photo.name);
  } catch (error) {
    if (error instanceof ServerError && error.status === 0) return photo; // it is sent again once the server is back
    throw unreadable(`the photo in it cannot be read: ${wordsOf(error)}`);
  }
  if (told(uploaded) !== told(photo))
    throw unreadable(`the photo in it is ${told(uploaded)} in place of ${told(photo)}.`);
  return { ...photo, id: uploaded.id };
}

function unreadable(reason: string): Error {
  return new Error(`The session file cannot be opened: ${reason}`);
}

/** Open a session in place of the document. */
export function openSession(
  session: Session,
  { studio, history }: { studio: Studio; history: History },
): void {
  studio.open(session.snapshot);
  history.replace(session.history);
}

/** Show how far some work is in a dialog; closing that stops it. Null where it was stopped; other errors are thrown. */
export async function withProgress<T>(title: string, work: (watch: Watch) => Promise<T>): Promise<T | null> {
  const stop = new AbortController();
  const dialog = openDialog(title);
  const bar = h("progress", { "aria-label": title });
  const words = h("p", { role: "status" }, "Waiting for the server");
  const cancel = button("Cancel", () => dialog.close());
  dialog.body.append(bar, words, h("div", { class: "dialog-actions" }, cancel));
  dialog.closed.then(() => stop.abort());
  const progress = ({ level, levels }: LiveFrame) => {
    bar.max = levels;
    bar.value = level + 1;
    words.textContent = `Level ${level + 1} of ${levels}`;
  };
  try {
    return await work({ signal: stop.signal, progress });
  } catch (error) {
    if (stop.signal.aborted) return null;
    throw error;
  } finally {
    dialog.close();
  }
}

/** The document's picture at full size. */
function renderFull(
  { studio, packer }: SaveParts,
  { settings, run }: { settings: object; run: string | null },
  watch: Watch,
): Promise<LiveFrame> {
  const { photo, task } = studio;
  const panel = panelOf(task);
  const reason = panel.ready(studio);
  if (photo === null || reason !== null) throw new Error(reason ?? "Open a photo to begin.");
  const maps = Object.fromEntries(
    Object.entries(panel.maps(studio)).map(([name, map]) => [name, packer.pack(map)]),
  );
  const all = { ...studio.settings, variations: 1, ...settings };
  const model = modelOf(run, studio.classes);
  return withPhoto(photo, (id) => renderOnce({ task, photo: id, settings: all, maps, model }, watch));
}

function told({ width, height }: Size): string {
  return `${width}x${height}`;
}
