import type { Pose } from "../../model/select";
import type { Point, Rect } from "../../model/types";
import type { Viewport } from "../viewport";

/** What of a selection is dragged. */
export type Grip = "inside" | "corner" | "turn";

/** How far above the upper edge the round handle is, and how near counts as on a handle, in screen pixels. */
const STALK = 26;
const REACH = 11;
/** Limits of the scale. */
const LEAST = 0.05;
const MOST = 20;
/** With Shift, turning snaps to this angle in radians. */
const SNAP = Math.PI / 12;

/** Whether two poses are the same. */
export function samePose(a: Pose, b: Pose): boolean {
  return a.dx === b.dx && a.dy === b.dy && a.scale === b.scale && a.angle === b.angle;
}

/** The middle of a selection of `bounds` in map pixels, in its pose. */
export function middle(bounds: Rect, { dx, dy }: Pose): Point {
  return { x: bounds.x + bounds.width / 2 + dx, y: bounds.y + bounds.height / 2 + dy };
}

/** The corners of `bounds` in its pose, in map pixels: upper left, upper right, lower right, lower left. */
export function corners(bounds: Rect, pose: Pose): [Point, Point, Point, Point] {
  const centre = middle(bounds, pose);
  const across = turned({ x: (bounds.width / 2) * pose.scale, y: 0 }, pose.angle);
  const down = turned({ x: 0, y: (bounds.height / 2) * pose.scale }, pose.angle);
  const corner = (a: number, d: number): Point => ({
    x: centre.x + a * across.x + d * down.x,
    y: centre.y + a * across.y + d * down.y,
  });
  return [corner(-1, -1), corner(1, -1), corner(1, 1), corner(-1, 1)];
}

/** Where the round handle is, and where its stalk begins, in screen pixels. */
export function turnHandle(bounds: Rect, pose: Pose, viewport: Viewport): { foot: Point; head: Point } {
  const [left, right] = corners(bounds, pose);
  const foot = viewport.toScreen({ x: (left.x + right.x) / 2, y: (left.y + right.y) / 2 });
  const up = turned({ x: 0, y: -STALK }, pose.angle);
  return { foot, head: { x: foot.x + up.x, y: foot.y + up.y } };
}

/** What of a selection is under a screen point; null if it is outside. */
export function gripAt(
  at: Point,
  { bounds, pose }: { bounds: Rect; pose: Pose },
  viewport: Viewport,
): Grip | null {
  const near = (handle: Point) => Math.hypot(handle.x - at.x, handle.y - at.y) <= REACH;
  if (near(turnHandle(bounds, pose, viewport).head)) return "turn";
  if (corners(bounds, pose).some((corner) => near(viewport.toScreen(corner)))) return "corner";
  const map = viewport.toMap(at);
  const centre = middle(bounds, pose);
  const own = turned({ x: map.x - centre.x, y: map.y - centre.y }, -pose.angle);
  const within = Math.abs(own.x) <= (bounds.width / 2) * pose.scale;
  return within && Math.abs(own.y) <= (bounds.height / 2) * pose.scale ? "inside" : null;
}

/** The CSS cursor at a corner of `bounds` in its pose: along the diagonal that the corner is pulled along. */
export function cornerCursor(at: Point, bounds: Rect, pose: Pose): string {
  const centre = middle(bounds, pose);
  const own = turned({ x: at.x - centre.x, y: at.y - centre.y }, -pose.angle);
  const diagonal = Math.atan2(Math.sign(own.y), Math.sign(own.x)) + pose.angle;
  const eighth = Math.round((diagonal * 4) / Math.PI) & 3; // half a turn gives the same cursor
  return `${["ew", "nwse", "ns", "nesw"][eighth]}-resize`;
}

/** The pose after a drag from `from` to `to` (map pixels) of the inside: whole pixels, so that shapes stay as they are. */
export function moved(pose: Pose, from: Point, to: Point): Pose {
  return { ...pose, dx: pose.dx + Math.round(to.x - from.x), dy: pose.dy + Math.round(to.y - from.y) };
}

/** The pose after a drag of a corner, about the selection's middle. */
export function scaled(pose: Pose, { centre, from, to }: { centre: Point; from: Point; to: Point }): Pose {
  const start = Math.max(Math.hypot(from.x - centre.x, from.y - centre.y), 1e-3);
  return { ...pose, scale: limited((pose.scale * Math.hypot(to.x - centre.x, to.y - centre.y)) / start) };
}

/** The pose after a drag of the round handle, about the selection's middle; `snap` turns in steps. */
export function rotated(
  pose: Pose,
  { centre, from, to }: { centre: Point; from: Point; to: Point },
  snap: boolean,
): Pose {
  const turn =
    Math.atan2(to.y - centre.y, to.x - centre.x) - Math.atan2(from.y - centre.y, from.x - centre.x);
  const angle = pose.angle + turn;
  return { ...pose, angle: snap ? Math.round(angle / SNAP) * SNAP : angle };
}

/** The pose scaled by `factor`. */
export function resized(pose: Pose, factor: number): Pose {
  return { ...pose, scale: limited(pose.scale * factor) };
}

/** The pose turned by `angle` radians. */
export function turnedBy(pose: Pose, angle: number): Pose {
  return { ...pose, angle: pose.angle + angle };
}

function limited(scale: number): number {
  return Math.min(Math.max(scale, LEAST), MOST);
}

/** A vector turned by `angle` radians, from the x axis towards the y axis. */
function turned({ x, y }: Point, angle: number): Point {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return { x: x * cos - y * sin, y: x * sin + y * cos };
}
