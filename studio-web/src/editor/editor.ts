import "./editor.css";
import { whole } from "../model/rect";
import type { Studio } from "../model/studio";
import type { Target } from "../model/types";
import { FaceDrawing } from "./faces";
import { Hand } from "./hand";
import { KeyboardInput } from "./keyboard";
import { Overlay } from "./overlay";
import { PointerInput } from "./pointer";
import { Renderer } from "./renderer";
import { makeTools } from "./tools";
import type { Viewport } from "./viewport";

/** A note disappears after so many milliseconds. */
const NOTE = 5000;
/** The cross's place is told when it rested for so many milliseconds, so that key repeat is not spoken. */
const REST = 250;

const NAMES: Readonly<Record<Target, string>> = {
  strokes: "Scribbles on the photo",
  labels: "Labels of the photo",
  layout: "Layout",
};
const HELP =
  "Arrow keys move a cross, with Shift by ten pixels, with Control by a hundred. Space or Enter presses the tool, " +
  "and again lets it go. Escape cancels. Plus and minus zoom.";

/** The editor on the page. */
export interface EditorHandle {
  /** Shows the photo's picture below the map, stretched to the map's size; null for none. The caller keeps owning it. */
  setPhotoBitmap(bitmap: ImageBitmap | null): void;
  /** Shows the whole map in the pane. */
  fit(): void;
  /** Moves the keyboard's focus to the painting surface. */
  focus(): void;
  /** Takes the editor off the page. */
  destroy(): void;
}

/** Builds the editor inside `host`, which it fills: photo, map and tools. `viewport` follows the size of `host`. */
export function mountEditor(host: HTMLElement, studio: Studio, viewport: Viewport): EditorHandle {
  host.classList.add("editor-host");
  const surface = box("editor");
  const help = box("editor-spoken", HELP);
  help.id = "editor-help";
  const [note, place] = [liveText("editor-note", NOTE), liveText("editor-place", null)];
  host.append(surface, help, note.element, place.element);
  describe(surface, studio);

  const renderer = new Renderer(surface, studio, viewport);
  const overlay = new Overlay(viewport);
  surface.append(overlay.root);
  const faces = new FaceDrawing({ studio, viewport, overlay });
  const hand = new Hand(studio, overlay, makeTools({ studio, viewport, overlay, faces, say: note.tell }));
  const pointer = new PointerInput(surface, { studio, viewport, hand });
  const locate = rested(place.tell);
  const keyboard = new KeyboardInput(surface, { studio, viewport, overlay, hand, pointer, locate });

  const fitWhole = () => {
    const size = studio.photo ?? studio.current ?? { width: 0, height: 0 };
    viewport.fit(whole(size), { width: host.clientWidth, height: host.clientHeight });
  };
  const unwatch = watchSize(host, () => {
    const pane = { width: host.clientWidth, height: host.clientHeight };
    viewport.resize(pane);
    renderer.resize(pane, window.devicePixelRatio);
  });
  const offs = [
    studio.on("document", fitWhole),
    studio.on("document", () => describe(surface, studio)),
    studio.on("target", () => describe(surface, studio)),
  ];
  fitWhole();
  return {
    setPhotoBitmap: (bitmap) => renderer.setPhoto(bitmap),
    fit: fitWhole,
    focus: () => surface.focus(),
    destroy: () => {
      for (const end of [...offs, unwatch]) end();
      for (const piece of [keyboard, pointer, hand, renderer, faces, overlay]) piece.destroy();
      for (const element of [surface, help, note.element, place.element]) element.remove();
    },
  };
}

function box(name: string, text = ""): HTMLElement {
  const made = document.createElement("div");
  made.className = name;
  made.textContent = text;
  return made;
}

function describe(surface: HTMLElement, { target, board }: Studio): void {
  surface.tabIndex = 0;
  surface.setAttribute("role", "application");
  surface.setAttribute("aria-roledescription", "painting surface");
  surface.setAttribute("aria-label", board === null ? NAMES[target] : "Pictures and marks");
  surface.setAttribute("aria-describedby", "editor-help");
}

/** A line of text that is also spoken; it is emptied after `lasting` milliseconds, or never if that is null. */
function liveText(
  name: string,
  lasting: number | null,
): { element: HTMLElement; tell: (text: string) => void } {
  const element = box(name);
  element.setAttribute("role", "status");
  let timer = 0;
  const tell = (text: string) => {
    element.textContent = text;
    clearTimeout(timer);
    if (lasting !== null) timer = setTimeout(() => tell(""), lasting);
  };
  return { element, tell };
}

/** Tells the last of several texts that come quickly, once they rest; nothing ("") at once. */
function rested(tell: (text: string) => void): (text: string) => void {
  let timer = 0;
  return (text) => {
    clearTimeout(timer);
    if (text === "") tell("");
    else timer = setTimeout(() => tell(text), REST);
  };
}

/** Calls `changed` now and whenever the size of `host` in screen pixels changes; returns what ends that. */
function watchSize(host: HTMLElement, changed: () => void): () => void {
  const observer = new ResizeObserver(changed);
  observer.observe(host);
  // A window that is moved to another screen keeps its size in CSS pixels.
  const stopping = new AbortController();
  const watchRatio = () => {
    const ratio = window.matchMedia(`(resolution: ${window.devicePixelRatio}dppx)`);
    const next = () => {
      changed();
      watchRatio();
    };
    ratio.addEventListener("change", next, { once: true, signal: stopping.signal });
  };
  watchRatio();
  changed();
  return () => {
    observer.disconnect();
    stopping.abort();
  };
}
