import type { Edit, Studio } from "../../model/studio";
import type { Point } from "../../model/types";
import type { FaceDrawing } from "../faces";
import type { Overlay } from "../overlay";
import type { Viewport } from "../viewport";

/** What tools work with. */
export interface Stage {
  readonly studio: Studio;
  readonly viewport: Viewport;
  readonly overlay: Overlay;
  readonly faces: FaceDrawing;
  /** Tells the person something in one short line, seen and spoken. */
  say(text: string): void;
}

/** Where the pointer or the keyboard's cross is, in map pixels, and what is held with it. */
export interface Press {
  readonly at: Point;
  readonly shift: boolean;
  readonly alt: boolean;
}

/**
 * A tool of the editor: what it does between press and release, and with keys. What a tool does not need does nothing.
 *
 * A tool has an edit open only between `press` and `release` (or `key` and `keyUp`), so that between them everything
 * else may change the document.
 */
export abstract class Tool {
  /** Whether the keyboard holds a press until it is pressed again, as for a stroke; else it releases at once. */
  holds(_press: Press): boolean {
    return true;
  }

  /** Whether the tool itself has a use for Alt at this press; else Alt picks a class. */
  usesAlt(_press: Press): boolean {
    return false;
  }

  /** The pointer goes down. */
  abstract press(press: Press): void;

  /** The pointer moves while down. */
  drag(_press: Press): void {}

  /** The pointer goes up: what was begun is done. */
  release(): void {}

  /** The pointer moves while up; null when it leaves. */
  hover(_at: Point | null): void {}

  /** Gives up what is unfinished; returns whether there was anything. */
  cancel(): boolean {
    return false;
  }

  /** Finishes what is unfinished, because another tool was chosen or the keyboard went elsewhere. */
  leave(): void {}

  /** Another document or another map is shown: what the tool remembers of the old one is void. */
  forget(): void {}

  /** The ids of the map that is shown were changed by other hands, as by undo. */
  repainted(): void {}

  /** Takes a key; returns whether the tool used it. */
  key(_event: KeyboardEvent): boolean {
    return false;
  }

  /** A key that `key` took is let go. */
  keyUp(): void {}

  /** The diameter in map pixels of the ring shown at the pointer; 0 for none. */
  get ring(): number {
    return 0;
  }

  /** The CSS cursor over a map point. */
  cursor(_at: Point): string {
    return "crosshair";
  }
}

/** Whether the active class can be painted on the map that is shown; if not, says why. */
export function canPaint({ studio, say }: Stage): boolean {
  const { active, classes, target } = studio;
  if (studio.editing || studio.current === null) return false;
  if (classes[active] === undefined) {
    say("There is no class to paint with. Add one first.");
    return false;
  }
  if (target === "layout" && !studio.usable(active)) {
    say(`“${classes[active].name}” is nowhere in the photo's labels. Label some of it first.`);
    return false;
  }
  return true;
}

/** Opens an edit to paint the active class with; null, having said why, if that cannot be. */
export function beginPainting(stage: Stage, label: string): Edit | null {
  return canPaint(stage) ? stage.studio.begin(label) : null;
}
