/**
 * Painting into a map of class ids. Every function gives the smallest rectangle that holds what it changed, clipped to
 * the map, without pixels when nothing changed. The brush is called at every move of the pointer: it allocates nothing
 * but that rectangle.
 */

import { FLOODED, flood } from "./flood";
import { NOTHING } from "./rect";
import type { IndexMap, Point, Rect, Size } from "./types";

/** What is painted: a class id, or a map of the same size to copy from (the restore brush). */
export type Ink = number | IndexMap;

/** The id at a place, or null outside the map. */
export function idAt(map: IndexMap, at: Point): number | null {
  const x = Math.floor(at.x);
  const y = Math.floor(at.y);
  return x >= 0 && y >= 0 && x < map.width && y < map.height ? map.ids[y * map.width + x] : null;
}

/** Writes spans of pixels and remembers where ids changed. One is enough, since painting is never nested. */
class Writer {
  #ids = new Uint8Array(0);
  #source = new Uint8Array(0);
  #id = -1;
  #width = 0;
  #height = 0;
  #left = 0;
  #right = -1;
  #top = 0;
  #bottom = -1;

  begin(map: IndexMap, ink: Ink): void {
    this.#ids = map.ids;
    this.#width = map.width;
    this.#height = map.height;
    this.#left = map.width;
    this.#top = map.height;
    this.#right = -1;
    this.#bottom = -1;
    this.#id = typeof ink === "number" ? ink : -1;
    if (typeof ink === "number") return;
    checkSize(ink, map);
    this.#source = ink.ids;
  }

  /** Paints the pixels from `start` up to, not including, `end` of row `y`; outside the map nothing. */
  span(y: number, start: number, end: number): void {
    if (y < 0 || y >= this.#height) return;
    const ids = this.#ids;
    const row = y * this.#width;
    const last = row + Math.min(end, this.#width) - 1;
    let first = row + Math.max(start, 0);
    let final = last;
    if (this.#id >= 0) {
      const id = this.#id;
      while (first <= final && ids[first] === id) first++;
      while (final > first && ids[final] === id) final--;
      if (first > final) return;
      ids.fill(id, first, final + 1);
    } else {
      const source = this.#source;
      while (first <= final && ids[first] === source[first]) first++;
      while (final > first && ids[final] === source[final]) final--;
      if (first > final) return;
      for (let at = first; at <= final; at++) ids[at] = source[at];
    }
    this.#left = Math.min(this.#left, first - row);
    this.#right = Math.max(this.#right, final - row);
    this.#top = Math.min(this.#top, y);
    this.#bottom = Math.max(this.#bottom, y);
  }

  end(): Rect {
    if (this.#right < 0) return NOTHING;
    const x = this.#left;
    const y = this.#top;
    return { x, y, width: this.#right - x + 1, height: this.#bottom - y + 1 };
  }
}

const writer = new Writer();

/**
 * Paints every pixel whose centre is at most `diameter / 2` from the segment, and the pixels that hold its ends, so that
 * the thinnest brush paints at least one pixel and lines without gaps.
 */
export function capsule(map: IndexMap, from: Point, to: Point, diameter: number, ink: Ink): Rect {
  stroke.set(from, to, Math.max(diameter, 1) / 2);
  const top = Math.max(Math.floor(Math.min(from.y, to.y) - stroke.radius), 0);
  const bottom = Math.min(Math.ceil(Math.max(from.y, to.y) + stroke.radius), map.height);
  writer.begin(map, ink);
  for (let y = top; y < bottom; y++) {
    const left = stroke.reach(y + 0.5, -1);
    const right = stroke.reach(y + 0.5, 1);
    if (Number.isNaN(left)) continue;
    // The closed form may round to the wrong side of a pixel's centre; the distance itself decides.
    let start = Math.max(Math.ceil(left - 0.5) - 1, 0);
    let end = Math.min(Math.floor(right - 0.5) + 2, map.width);
    while (start < end && !stroke.holds(start + 0.5, y + 0.5)) start++;
    while (end > start && !stroke.holds(end - 0.5, y + 0.5)) end--;
    writer.span(y, start, end);
  }
  writer.span(Math.floor(from.y), Math.floor(from.x), Math.floor(from.x) + 1);
  writer.span(Math.floor(to.y), Math.floor(to.x), Math.floor(to.x) + 1);
  return writer.end();
}

/** All places within a radius of a segment; one object serves all strokes. */
class Capsule {
  radius = 0;
  #x = 0;
  #y = 0;
  #dx = 0;
  #dy = 0;
  #length = 0;

  set(from: Point, to: Point, radius: number): void {
    this.radius = radius;
    this.#x = from.x;
    this.#y = from.y;
    this.#dx = to.x - from.x;
    this.#dy = to.y - from.y;
    this.#length = Math.hypot(this.#dx, this.#dy);
  }

  holds(x: number, y: number): boolean {
    const px = x - this.#x;
    const py = y - this.#y;
    const square = this.#length * this.#length;
    const along = square > 0 ? Math.min(Math.max((px * this.#dx + py * this.#dy) / square, 0), 1) : 0;
    const ex = px - along * this.#dx;
    const ey = py - along * this.#dy;
    return ex * ex + ey * ey <= this.radius * this.radius;
  }

  /**
   * The least (`side` -1) or greatest (`side` 1) x of the capsule at height `y`; NaN where it has none.
   *
   * The disc about the place `t` of the segment reaches x(t) + side * sqrt(r^2 - u^2), u = y - y(t). That is concave
   * (convex for -1) in t, and flat where u = -side * r * dx * sign(dy) / length.
   */
  reach(y: number, side: -1 | 1): number {
    const { radius } = this;
    const offset = y - this.#y;
    if (this.#dy === 0) {
      const ahead = side * this.#dx > 0 ? this.#dx : 0;
      return this.#x + ahead + side * Math.sqrt(radius * radius - offset * offset);
    }
    const one = (offset - radius) / this.#dy;
    const other = (offset + radius) / this.#dy;
    const least = Math.max(Math.min(one, other), 0);
    const most = Math.min(Math.max(one, other), 1);
    if (least > most) return Number.NaN;
    const flat = (-side * radius * this.#dx * Math.sign(this.#dy)) / this.#length;
    const t = Math.min(Math.max((offset - flat) / this.#dy, least), most);
    const u = offset - t * this.#dy;
    return this.#x + t * this.#dx + side * Math.sqrt(Math.max(radius * radius - u * u, 0));
  }
}

const stroke = new Capsule();

/** Paints the pixels from the one that holds `a` to the one that holds `b`, both included. */
export function rectangle(map: IndexMap, a: Point, b: Point, ink: Ink): Rect {
  const left = Math.floor(Math.min(a.x, b.x));
  const right = Math.floor(Math.max(a.x, b.x));
  const top = Math.max(Math.floor(Math.min(a.y, b.y)), 0);
  const bottom = Math.min(Math.floor(Math.max(a.y, b.y)), map.height - 1);
  writer.begin(map, ink);
  for (let y = top; y <= bottom; y++) writer.span(y, left, right + 1);
  return writer.end();
}

/**
 * Paints every pixel whose centre has a winding number other than 0 about the closed polygon. Polygons that share an edge
 * share no pixel and leave none out between them.
 */
export function polygon(map: IndexMap, points: readonly Point[], ink: Ink): Rect {
  writer.begin(map, ink);
  const { starts, xs, turns } = crossings(points, map);
  for (let y = 0; y < map.height; y++) {
    let winding = 0;
    for (let k = starts[y]; k < starts[y + 1]; k++) {
      if (winding !== 0) writer.span(y, Math.ceil(xs[k - 1] - 0.5), Math.ceil(xs[k] - 0.5));
      winding += turns[k];
    }
  }
  return writer.end();
}

interface Crossings {
  /** Row y crosses the outline at the places `starts[y]` to `starts[y + 1]` of the other two. */
  readonly starts: Uint32Array;
  /** Where, sorted within a row. */
  readonly xs: Float64Array;
  /** 1 where the outline goes down there, -1 where it goes up. */
  readonly turns: Int8Array;
}

/** Where the lines through the centres of the rows cross a closed polygon. */
function crossings(points: readonly Point[], { height }: Size): Crossings {
  const starts = new Uint32Array(height + 1);
  eachCrossing(points, height, (y) => {
    starts[y + 1]++;
  });
  for (let y = 0; y < height; y++) starts[y + 1] += starts[y];
  const count = starts[height];
  const ends = starts.slice();
  const xs = new Float64Array(count);
  const turns = new Int8Array(count);
  eachCrossing(points, height, (y, x, turn) => {
    let at = ends[y]++;
    for (; at > starts[y] && xs[at - 1] > x; at--) {
      xs[at] = xs[at - 1];
      turns[at] = turns[at - 1];
    }
    xs[at] = x;
    turns[at] = turn;
  });
  return { starts, xs, turns };
}

/** Tells every row whose centre lies between the heights of an edge's ends (the upper included, the lower not). */
function eachCrossing(
  points: readonly Point[],
  height: number,
  tell: (y: number, x: number, turn: -1 | 1) => void,
): void {
  for (let i = 0; i < points.length; i++) {
    const a = points[i];
    const b = points[(i + 1) % points.length];
    const [upper, lower] = a.y < b.y ? [a, b] : [b, a]; // always from above, so that a shared edge rounds the same
    const end = Math.min(Math.ceil(lower.y - 0.5), height);
    for (let y = Math.max(Math.ceil(upper.y - 0.5), 0); y < end; y++) {
      const part = (y + 0.5 - upper.y) / (lower.y - upper.y);
      tell(y, upper.x + part * (lower.x - upper.x), a.y < b.y ? 1 : -1);
    }
  }
}

/** Paints the 4-connected piece of one id that holds the place; nothing where that is outside the map. */
export function fill(map: IndexMap, at: Point, ink: Ink): Rect {
  const id = idAt(map, at);
  if (id === null || id === ink) return NOTHING;
  if (typeof ink === "number") return flood(map, at, ink);
  checkSize(ink, map);
  const { ids, width } = map;
  const area = flood(map, at, FLOODED);
  // The piece takes its own id back, then the source's, span by span, so that only what differs counts as changed.
  writer.begin(map, ink);
  for (let y = area.y; y < area.y + area.height; y++) {
    const end = y * width + area.x + area.width;
    for (let first = y * width + area.x; first < end; first++) {
      if (ids[first] !== FLOODED) continue;
      let last = first;
      while (last < end && ids[last] === FLOODED) last++;
      ids.fill(id, first, last);
      writer.span(y, first - y * width, last - y * width);
      first = last;
    }
  }
  return writer.end();
}

function checkSize(ink: IndexMap, map: IndexMap): void {
  if (ink.width !== map.width || ink.height !== map.height)
    throw new Error(
      `A ${ink.width}x${ink.height} map cannot be copied into a ${map.width}x${map.height} map. Give them one size.`,
    );
}
