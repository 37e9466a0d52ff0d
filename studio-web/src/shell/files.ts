/** Files that the user chooses. */

import { h } from "./dom";

/** Opens the file chooser and hands over what was chosen; nothing where that is nothing. */
export function chooseFiles(
  accept: string,
  take: (files: readonly File[]) => unknown,
  look: { several?: boolean } = {},
): void {
  const input = h("input", { type: "file", accept, multiple: look.several === true });
  input.addEventListener("change", () => {
    const files = [...(input.files ?? [])];
    if (files.length > 0) take(files);
  });
  input.click();
}
