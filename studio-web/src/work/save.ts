/** Out of the page, into files: the picture, maps, the whole session; and a session back in. */

import { encodeIndexPng } from "../model/png";
import { packSession, unpackSession } from "../model/session";
import type { Studio } from "../model/studio";
import type { IndexMap, Size } from "../model/types";
import { panelOf } from "../panels";
import { ask, openDialog } from "../shell/dialogs";
import { button, h } from "../shell/dom";
import type { History } from "./history";
import type { LiveFrame } from "./live";
import type { Loop } from "./loop";
import type { Packer } from "./packer";
import { renderOnce, type Watch } from "./render-once";
import { withPhoto } from "./rest";

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
  const name = `${stem(studio)}-${studio.task}.png`;
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
      renderFull(parts, full.settings, watch),
    );
    if (made) download(made.picture, name);
  }
}

/** Save the layout or the photo's labels as a palette PNG, which opens again here and on the command line. */
export function saveMap(studio: Studio, target: "labels" | "layout"): void {
  const map: IndexMap | null = studio.map(target);
  if (map === null) throw new Error(`There are no ${target} yet; label the photo first.`);
  download(
    new Blob([new Uint8Array(encodeIndexPng(map, studio.classes))], { type: "image/png" }),
    `${stem(studio)}-${target}.png`,
  );
}

/** Save everything as one session file. */
export async function saveSession(studio: Studio, history: History): Promise<void> {
  download(await packSession(studio.snapshot(), [...history.entries]), `${stem(studio)}.sembla`);
}

/** Open a session file in place of the document. Throws an error of one line, and changes nothing, for a bad file. */
export async function openSession(
  file: Blob,
  { studio, history }: { studio: Studio; history: History },
): Promise<void> {
  const session = await unpackSession(new Uint8Array(await file.arrayBuffer()));
  studio.open(session.snapshot);
  history.replace(session.history);
}

/** Give the user a file. */
export function download(file: Blob, name: string): void {
  const address = URL.createObjectURL(file);
  h("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000); // the browser reads it after the click
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
function renderFull({ studio, packer }: SaveParts, settings: object, watch: Watch): Promise<LiveFrame> {
  const { photo, task } = studio;
  const panel = panelOf(task);
  const reason = panel.ready(studio);
  if (photo === null || reason !== null) throw new Error(reason ?? "Open a photo to begin.");
  const maps = Object.fromEntries(
    Object.entries(panel.maps(studio)).map(([name, map]) => [name, packer.pack(map)]),
  );
  const all = { ...studio.settings, variations: 1, ...settings };
  return withPhoto(photo, (id) => renderOnce({ task, photo: id, settings: all, maps }, watch));
}

/** The photo's file name without its suffix. */
function stem(studio: Studio): string {
  return studio.photo?.name.replace(/\.[^.]+$/, "") || "photo";
}

function told({ width, height }: Size): string {
  return `${width}x${height}`;
}
