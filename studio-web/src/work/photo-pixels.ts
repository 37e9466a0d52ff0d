/** The photo as pixels to show. */

import type { Photo } from "../model/types";
import { photoFile, ServerError, withPhoto } from "./rest";

/**
 * The photo as the server decoded it, so that the panes show the very pixels it works on. Without a server the browser
 * decodes the file itself; throws its error if it cannot.
 */
export async function photoBitmap(photo: Photo): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(await withPhoto(photo, photoFile));
  } catch (error) {
    if (!(error instanceof ServerError)) throw error;
    return createImageBitmap(photo.file);
  }
}
