/** A picture in a window of its own, as large as there is room. */

import { openDialog } from "../shell/dialogs";
import { h } from "../shell/dom";

/** Shows a picture; small ones grow in squares. */
export function openPicture(title: string, address: string): void {
  const dialog = openDialog(title, { wide: true });
  dialog.body.append(h("img", { class: "board-large", src: address, alt: title }));
}
