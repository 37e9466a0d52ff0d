/** Frames laid over one another where they are to be seen, as canvases of the frames' own sizes. */

import type { Area } from "./changes";

/** A new canvas: `frame`, as far as `area` lets it be seen (null: all of it), over `under`, at the finer size of both. */
export function composite(
  frame: ImageBitmap,
  area: Area | null,
  under: OffscreenCanvas | null,
): OffscreenCanvas {
  const top = new OffscreenCanvas(frame.width, frame.height);
  const context = contextOf(top);
  context.drawImage(frame, 0, 0);
  if (area !== null) {
    context.globalCompositeOperation = "destination-in";
    const { across, down } = area;
    context.drawImage(maskOf(area), 0, 0, across, down, 0, 0, frame.width, frame.height);
  }
  if (under === null) return top;
  const width = Math.max(frame.width, under.width);
  const height = Math.max(frame.height, under.height);
  const both = new OffscreenCanvas(width, height);
  const target = contextOf(both);
  target.drawImage(under, 0, 0, width, height);
  target.drawImage(top, 0, 0, width, height);
  return both;
}

function maskOf({ columns, rows, alpha }: Area): OffscreenCanvas {
  const mask = new OffscreenCanvas(columns, rows);
  const pixels = new ImageData(columns, rows);
  for (let i = 0; i < alpha.length; i++) pixels.data[4 * i + 3] = alpha[i];
  contextOf(mask).putImageData(pixels, 0, 0);
  return mask;
}

function contextOf(canvas: OffscreenCanvas): OffscreenCanvasRenderingContext2D {
  const context = canvas.getContext("2d");
  if (context === null) throw new Error("The browser gives no more canvases; close some tabs.");
  context.imageSmoothingQuality = "high";
  return context;
}
