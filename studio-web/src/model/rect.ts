/** Rectangles of whole pixels. */

import type { Rect, Size } from "./types";

/** The rectangle without pixels. */
export const NOTHING: Rect = { x: 0, y: 0, width: 0, height: 0 };

/** Whether `rect` holds no pixel. */
export function isEmpty(rect: Rect): boolean {
  return rect.width <= 0 || rect.height <= 0;
}

/** All pixels of a map. */
export function whole(size: Size): Rect {
  return { x: 0, y: 0, width: size.width, height: size.height };
}

/** The smallest rectangle that holds both. */
export function union(a: Rect, b: Rect): Rect {
  if (isEmpty(a)) return b;
  if (isEmpty(b)) return a;
  const x = Math.min(a.x, b.x);
  const y = Math.min(a.y, b.y);
  const width = Math.max(a.x + a.width, b.x + b.width) - x;
  return { x, y, width, height: Math.max(a.y + a.height, b.y + b.height) - y };
}

/** The pixels of `rect` that lie inside a map of `size`; `NOTHING` if none does. */
export function clip(rect: Rect, size: Size): Rect {
  const x = Math.max(rect.x, 0);
  const y = Math.max(rect.y, 0);
  const width = Math.min(rect.x + rect.width, size.width) - x;
  const height = Math.min(rect.y + rect.height, size.height) - y;
  return width > 0 && height > 0 ? { x, y, width, height } : NOTHING;
}
