/** The panel of a scene: what makes it, the styles, another picture, and the parts that were made anew. */

import { countRolls } from "../model/rolls";
import type { Studio } from "../model/studio";
import type { Photo, Scene } from "../model/types";
import type { Loop } from "../work/loop";
import { photoFile, uploadPhoto } from "../work/rest";
import { holdStyle, nameOf, spread, styleThumbnailUrl } from "../work/scenes";
import type { Actions } from "./actions";
import { button, freshId, h, icon } from "./dom";
import { chooseFiles } from "./files";
import { kindOf } from "./scene-dialog";
import type { Status } from "./status";

/** So many photos of a bank are offered as styles. */
const OFFERED = 10;

/** So many photos that parts come from are named. */
const TOLD = 3;

/** What the panel works with. */
export interface ScenePanelParts {
  readonly studio: Studio;
  readonly actions: Actions;
  readonly status: Status;
  readonly loop: Pick<Loop, "on" | "latest">;
}

/** Builds the panel; it is there for scenes alone, and follows the document. */
export function mountScenePanel(host: HTMLElement, parts: ScenePanelParts): void {
  const { studio, actions, loop } = parts;
  const title = h("h2", {});
  const note = h("p", {});
  const reset = () => {
    const labels = studio.map("labels");
    if (labels !== null) studio.change("Start the layout over", { layout: labels, rolls: null });
  };
  const strip = new StyleStrip(parts);
  const anew = anewLine(studio);
  const origins = h("p", { class: "scene-origins" });
  const panel = h(
    "section",
    { class: "stage-panel scene-panel" },
    title,
    note,
    h(
      "div",
      { class: "row" },
      button("Open layout", actions.openLayout, {
        icon: "upload",
        title: "A file in the ids or the colours of the classes",
      }),
      button("Start over", reset, { icon: "restore", title: "The layout that the scene was begun with" }),
    ),
    strip.element,
    anew.element,
    origins,
  );
  host.append(panel);
  const follow = () => {
    const { scene } = studio;
    panel.hidden = scene === null;
    if (scene === null) return;
    title.textContent = `Scene: ${scene.title}`;
    note.textContent = `Paint what is where. ${words(scene, studio.varies)}`;
    strip.element.hidden = !scene.styled;
    anew.element.hidden = !studio.varies;
    strip.show(scene);
    anew.show();
  };
  const tell = () => {
    const text = originsOf(loop.latest?.credits ?? {});
    origins.hidden = text === "";
    origins.textContent = text;
  };
  for (const event of ["document", "settings", "styles", "changed"] as const) studio.on(event, follow);
  loop.on("finished", tell);
  loop.on("cleared", tell);
  follow();
  tell();
}

/** From which photos a picture was copied, the largest shares first; empty for one that was not. */
export function originsOf(credits: Readonly<Record<string, number>>): string {
  const shares = Object.entries(credits).sort(([, a], [, b]) => b - a);
  if (shares.length === 0) return "";
  const told = shares.slice(0, TOLD).map(([name, share]) => `${name} (${Math.round(100 * share)} %)`);
  const more = shares.length - told.length;
  return `Copied from ${told.join(", ")}${more > 0 ? ` and ${more} more` : ""}.`;
}

function words(scene: Scene, varies: boolean): string {
  if (scene.kind === "model")
    return `A trained model makes the picture${varies ? "." : ": the one that it has of a layout."}`;
  return `The picture is pieced together ${kindOf(scene)}: it copies by design.`;
}

/** Adds the button that asks for another picture of the same layout to the head of the picture's pane. */
export function mountAnother(head: HTMLElement, studio: Studio): void {
  const press = () => {
    const { seed = 0, first_variation = 0 } = studio.settings;
    const next = (Number(seed) + Number(first_variation) + 1) % Number.MAX_SAFE_INTEGER;
    const settings = { ...studio.settings, seed: next, first_variation: 0 };
    studio.change("Another picture", { settings, rolls: null });
  };
  const element = button("Another", press, {
    look: "quiet",
    icon: "dice",
    title: "Another picture of this layout: the next seed",
  });
  element.classList.add("refine");
  head.append(element);
  const follow = () => {
    element.hidden = !studio.varies;
  };
  for (const event of ["document", "settings"] as const) studio.on(event, follow);
  follow();
}

function anewLine(studio: Studio): { element: HTMLElement; show(): void } {
  const text = h("span", { class: "grow" });
  const drop = button("Take back", () => studio.change("Take back what was made anew", { rolls: null }), {
    title: "All of it as it was at first",
  });
  const choose = button("Make a part anew", () => studio.setView({ tool: "anew" }), {
    icon: "anew",
    title: "Then click a region of the layout, or drag around a part (N)",
  });
  const told = h("div", { class: "row" }, text, drop);
  const show = () => {
    const count = countRolls(studio.map("rolls"));
    told.hidden = count === 0;
    text.textContent = `${count} ${count === 1 ? "part" : "parts"} made anew`;
  };
  return { element: h("div", { class: "scene-anew" }, h("div", { class: "row" }, choose), told), show };
}

/** Photos to take colours and light from: some of the bank, those that were brought, or none. */
class StyleStrip {
  readonly element: HTMLElement;
  readonly #parts: ScenePanelParts;
  readonly #list = h("div", { class: "style-list" });
  #shown = "";
  #addresses: readonly string[] = [];

  constructor(parts: ScenePanelParts) {
    this.#parts = parts;
    const title = freshId("style");
    this.#list.setAttribute("role", "group");
    this.#list.setAttribute("aria-labelledby", title);
    this.element = h("div", { class: "style-strip" }, h("h3", { id: title }, "Style"), this.#list);
  }

  show(scene: Scene): void {
    const ofBank = new Set(spread(scene.photos, OFFERED).map(nameOf));
    const own = scene.styles.filter(({ name }) => !ofBank.has(name));
    const filled = JSON.stringify([scene.engine, scene.photos, own.map(({ id }) => id)]);
    if (filled !== this.#shown) this.#fill(scene, own);
    this.#shown = filled;
    const { style } = this.#parts.studio.settings;
    const wanted = typeof style === "number" ? scene.styles[style] : undefined;
    const chosen = wanted === undefined ? "" : ofBank.has(wanted.name) ? wanted.name : wanted.id;
    for (const element of this.#list.children) {
      const { style: its } = (element as HTMLElement).dataset;
      if (its !== undefined) element.setAttribute("aria-pressed", String(its === chosen));
    }
  }

  #fill(scene: Scene, own: readonly Photo[]): void {
    const numbers = spread(scene.photos, OFFERED);
    for (const address of this.#addresses) URL.revokeObjectURL(address);
    this.#addresses = own.map(({ file }) => URL.createObjectURL(file)); // a server started anew may not hold them
    this.#list.replaceChildren(
      choice("By seed", "", null, () => this.#parts.studio.setSettings({ style: null })),
      ...numbers.map((number) =>
        choice(nameOf(number), nameOf(number), styleThumbnailUrl(scene.engine, number), () =>
          this.#take(scene.engine, number),
        ),
      ),
      ...own.map((photo, i) => choice(photo.name, photo.id, this.#addresses[i], () => this.#choose(photo))),
      h(
        "button",
        {
          type: "button",
          class: "style-choice",
          title: "A photo of your own",
          "aria-label": "A photo of your own",
          onclick: () => this.#pick(),
        },
        icon("plus", 18),
      ),
    );
  }

  #choose(photo: Photo): void {
    const { studio } = this.#parts;
    studio.setSettings({ style: studio.addStyle(photo) });
  }

  /** A photo of the bank. */
  async #take(engine: string, number: number): Promise<void> {
    const { status, studio } = this.#parts;
    const held = holdStyle(engine, number).then(async ({ id, width, height }) => {
      return { id, width, height, name: nameOf(number), file: await photoFile(id) };
    });
    const photo = await status.during("Taking the style…", held);
    if (photo === null || studio.scene?.engine !== engine) return;
    this.#choose(photo);
  }

  #pick(): void {
    chooseFiles("image/*", async ([file]) => {
      const { status, studio } = this.#parts;
      const { scene } = studio;
      if (scene === null) return;
      const uploaded = await status.during(`Reading ${file.name}…`, uploadPhoto(file, file.name), file.name);
      if (uploaded === null || studio.scene?.engine !== scene.engine) return;
      const { id, width, height } = uploaded;
      this.#choose({ id, width, height, name: file.name, file });
    });
  }
}

function choice(name: string, style: string, address: string | null, press: () => void): HTMLElement {
  const shown = address === null ? icon("dice", 18) : h("img", { src: address, alt: "", loading: "lazy" });
  return h(
    "button",
    {
      type: "button",
      class: "style-choice",
      title: name,
      "aria-label": name,
      "data-style": style,
      onclick: press,
    },
    shown,
  );
}
