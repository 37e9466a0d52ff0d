/** The titles over the panes: which map is painted, the zoom, the size of the photo. */

import type { Viewport } from "../editor/viewport";
import type { Studio } from "../model/studio";
import type { Target } from "../model/types";
import type { Actions } from "./actions";
import { byId, h, icon, iconButton } from "./dom";
import { keyText } from "./keys";

const TITLES: Readonly<Record<Target, string>> = {
  strokes: "Scribbles",
  labels: "Labels of the photo",
  layout: "Layout",
};

/** What the titles tell of. */
export interface PaneParts {
  readonly studio: Studio;
  readonly viewport: Viewport;
  readonly actions: Actions;
  readonly facts: HTMLElement;
  hasPicture(): boolean;
}

/** Fills the heads of the panes; they follow the document and the view. */
export function mountPaneHeads({ studio, viewport, actions, facts, hasPicture }: PaneParts): void {
  const title = byId("editor-title");
  const zoom = h("span", { class: "zoom" });
  byId("editor-head").append(zoom, iconButton("fit", "Fit to the pane", actions.fit, keyText("Ctrl+0")));
  const empty = h(
    "div",
    { class: "pane-empty" },
    icon("photo", 32),
    h("b", {}, "The picture appears here"),
    h("span", {}, "as soon as the photo is labelled and a layout begun."),
  );
  byId("result").append(empty);
  const follow = () => {
    empty.hidden = studio.map("layout") !== null || hasPicture();
    const { photo, target, board } = studio;
    title.textContent = board === null ? TITLES[target] : "Pictures";
    byId("result-title").textContent = board === null ? "Picture" : "Made anew";
    facts.textContent = photo === null ? "" : `${photo.width} x ${photo.height} px`;
  };
  const tellZoom = () => {
    zoom.textContent = studio.photo === null ? "" : `${Math.round(viewport.zoom * 100)} %`;
  };
  studio.on("document", follow);
  studio.on("document", tellZoom);
  studio.on("target", follow);
  studio.on("changed", follow);
  viewport.on("change", tellZoom);
  follow();
}
