/** What a method adds to the page. */

import type { Studio } from "../model/studio";
import type { IndexMap, MapName, Photo, Settings, Size } from "../model/types";

/** One task of the server as the page shows it; all that a later method has to write. */
export interface Panel {
  /** The server's name of the task. */
  readonly name: string;
  readonly title: string;
  /** One sentence for the user. */
  readonly summary: string;
  /** The maps whose changes change the result. */
  readonly targets: readonly MapName[];
  /** Settings that the page shows elsewhere (the strip of variations), so that the form leaves them out. */
  readonly elsewhere: readonly string[];
  /** Why it cannot run yet, as a sentence for the user; null when it can. */
  ready(studio: Studio): string | null;
  /** The photo that the server must hold for it, or null; called only when ready. */
  photo(studio: Studio): Photo | null;
  /** Other photos that the server must hold; called only when ready. */
  others?(studio: Studio): readonly Photo[];
  /** The settings as the server knows them. */
  sent(settings: Settings): Settings;
  /** The maps to send, by the server's names; called only when ready. */
  maps(studio: Studio): Readonly<Record<string, IndexMap>>;
  /** What is set differently from the server's defaults for a new photo. */
  start(photo: Size): Settings;
  /** Changes of the settings that make a quick look while the user paints; called only when ready. */
  draft(studio: Studio): Settings;
  /** Changes of the settings that make the largest result, or null if it is what they make already. */
  full(studio: Studio): { readonly settings: Settings; readonly size: Size } | null;
  /** Controls of its own, shown under the form. */
  controls?(studio: Studio): HTMLElement;
}
