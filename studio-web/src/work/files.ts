/** Files for the user. */

import type { Studio } from "../model/studio";
import { h } from "../shell/dom";

/** Give the user a file. */
export function download(file: Blob, name: string): void {
  const address = URL.createObjectURL(file);
  h("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000); // the browser reads it after the click
}

/** The photo's file name without its suffix. */
export function stem(studio: Studio): string {
  return studio.photo?.name.replace(/\.[^.]+$/, "") || "photo";
}
