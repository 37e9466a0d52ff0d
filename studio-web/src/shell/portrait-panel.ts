/** The panel of a portrait: its map, another face to take from, other looks, and how much the result is the person. */

import type { Studio } from "../model/studio";
import type { IndexMap, Photo } from "../model/types";
import { drawnOf, lentOf, looksAs, referenceOf } from "../panels/portrait";
import type { Loop } from "../work/loop";
import { lentBy, type Resemblance } from "../work/portraits";
import { uploadPhoto, withPhoto } from "../work/rest";
import type { Actions } from "./actions";
import { button, freshId, h, icon } from "./dom";
import { chooseFiles } from "./files";
import type { Status } from "./status";

/** From this distance on, dlib takes two faces for those of two persons. */
const STRANGER = 0.6;

/** What can be taken from another face, and the parts that it is. */
const TAKEN: Readonly<Record<string, readonly string[]>> = {
  Hair: ["hair"],
  Brows: ["l_brow", "r_brow"],
  Eyes: ["l_eye", "r_eye"],
  Nose: ["nose"],
  Mouth: ["mouth", "u_lip", "l_lip"],
  Ears: ["l_ear", "r_ear", "ear_r"],
  Glasses: ["eye_g"],
  Hat: ["hat"],
  Clothes: ["cloth", "neck_l"],
};

/** What the panel works with. */
export interface PortraitPanelParts {
  readonly studio: Studio;
  readonly actions: Actions;
  readonly status: Status;
  readonly loop: Pick<Loop, "on" | "latest" | "photoId">;
}

/** Builds the panel; it is there for portraits alone, and follows the document. */
export function mountPortraitPanel(host: HTMLElement, parts: PortraitPanelParts): void {
  const { studio, actions, loop } = parts;
  const note = h("p", {});
  const map = button("Correct the parts", () => turn(studio), {
    title: "Paint on what was seen in the photo, or on the layout again",
  });
  const symmetric = button("Both halves", () => studio.setView({ symmetric: !studio.view.symmetric }), {
    title: "Strokes are painted on both halves of the face: the left eye here, the right one there",
  });
  const others = new Others(parts);
  const looks = new Looks(studio);
  const person = h("p", { class: "scene-origins", role: "status" });
  const panel = h(
    "section",
    { class: "stage-panel scene-panel portrait-panel" },
    h("h2", {}, "Edit a face"),
    note,
    h("div", { class: "row" }, map, symmetric),
    h(
      "div",
      { class: "row" },
      button("Open layout", actions.openLayout, {
        icon: "upload",
        title: "A file in the colours of the parts",
      }),
      button("Start over", () => reset(studio), { icon: "restore", title: "The photo as it is" }),
    ),
    others.element,
    looks.element,
    person,
  );
  host.append(panel);
  const follow = () => {
    const { portrait, target, view } = studio;
    panel.hidden = portrait === null;
    if (portrait === null) return;
    const correcting = target === "labels";
    note.textContent = correcting
      ? "This is what was seen in the photo. Correct it where it is wrong; the layout begins anew from it."
      : "Paint the parts as they shall be: lips wider, hair longer. Only what you change is made anew.";
    map.lastElementChild?.replaceChildren(correcting ? "Paint the layout" : "Correct the parts");
    symmetric.setAttribute("aria-pressed", String(view.symmetric));
    others.show(portrait.references);
    looks.show();
  };
  const tell = () => {
    const text = studio.portrait === null ? "" : personOf(loop.latest?.resemblance ?? null);
    person.hidden = text === "";
    person.textContent = text;
  };
  for (const event of ["document", "settings", "styles", "changed", "target", "view", "active"] as const)
    studio.on(event, follow);
  loop.on("finished", tell);
  loop.on("cleared", tell);
  follow();
  tell();
}

/** What is said of a result: how far its face is from the photo's, and notes. */
export function personOf(resemblance: Resemblance | null): string {
  if (resemblance === null) return "";
  const { distance, notes } = resemblance;
  if (distance === null) return notes.join(" ");
  const who = distance < STRANGER ? "the same person" : "somebody else";
  return [`Identity: ${distance.toFixed(2)} apart, ${who} (from ${STRANGER} on a stranger).`, ...notes].join(
    " ",
  );
}

/** The parts are corrected, or painted anew; corrected ones begin the layout anew. */
function turn(studio: Studio): void {
  const labels = studio.map("labels");
  if (studio.target !== "labels") studio.setTarget("labels");
  else if (labels !== null) studio.change("Begin the layout anew", { layout: labels, target: "layout" });
}

function reset(studio: Studio): void {
  const labels = studio.map("labels");
  if (labels === null) return;
  const settings = { ...studio.settings, lent: "", drawn: "", whole: false };
  studio.change("Start over", { layout: labels, settings, target: "layout" });
}

/** Other looks of the part that is painted with, and all of the face of looks alone. */
class Looks {
  readonly element: HTMLElement;
  readonly #studio: Studio;
  readonly #again: HTMLButtonElement;
  readonly #back: HTMLButtonElement;
  readonly #whole: HTMLButtonElement;

  constructor(studio: Studio) {
    this.#studio = studio;
    this.#again = button("Another look", () => this.#draw(), { icon: "dice" });
    this.#back = button("Own look", () => this.#own(), { look: "quiet" });
    this.#whole = button("All of looks", () => this.#all(), {
      title:
        "Make all of the face of the looks of its parts, and none of its pixels: what the model knows of it",
    });
    this.element = h("div", { class: "row" }, this.#again, this.#back, this.#whole);
  }

  show(): void {
    const { classes, active, settings } = this.#studio;
    const name = classes[active]?.name ?? "the part";
    this.#again.title = `Another look for ${name}, drawn by chance`;
    this.#back.title = `${name} as the photo shows it`;
    this.#back.disabled = !drawnOf(settings).has(active) && !lentOf(settings).includes(active);
    this.#whole.setAttribute("aria-pressed", String(settings.whole === true));
  }

  /** The next look of the part; those of others stay. */
  #draw(): void {
    const drawn = new Map(drawnOf(this.#studio.settings));
    drawn.set(this.#studio.active, (drawn.get(this.#studio.active) ?? 0) + 1);
    this.#change("Another look for", drawn);
  }

  #own(): void {
    const drawn = new Map(drawnOf(this.#studio.settings));
    drawn.delete(this.#studio.active);
    this.#change("Own look of", drawn);
  }

  #change(words: string, drawn: ReadonlyMap<number, number>): void {
    const { active, settings, classes } = this.#studio;
    const lent = lentOf(settings).filter((part) => part !== active);
    this.#studio.change(`${words} ${classes[active]?.name}`, {
      settings: { ...settings, ...looksAs(lent, drawn) },
    });
  }

  #all(): void {
    const { settings } = this.#studio;
    this.#studio.change("All of looks", { settings: { ...settings, whole: settings.whole !== true } });
  }
}

/** Other faces, one of them chosen, and what can be taken from it. */
class Others {
  readonly element: HTMLElement;
  readonly #parts: PortraitPanelParts;
  readonly #list = h("div", { class: "style-list" });
  readonly #take: HTMLElement;
  #shown = "";
  #addresses: readonly string[] = [];

  constructor(parts: PortraitPanelParts) {
    this.#parts = parts;
    const title = freshId("other");
    this.#list.setAttribute("role", "group");
    this.#list.setAttribute("aria-labelledby", title);
    this.#take = h(
      "div",
      { class: "portrait-take", role: "group", "aria-label": "Take from the other face" },
      button("Its layout", () => void this.#layout(), {
        title: "The parts as they lie in the other face; the person stays",
      }),
      ...Object.entries(TAKEN).map(([text, names]) =>
        button(text, () => void this.#part(text, names), {
          title: `${text} of the other face, as it lies and as it looks`,
        }),
      ),
    );
    this.element = h(
      "div",
      { class: "style-strip" },
      h("h3", { id: title }, "Another face"),
      this.#list,
      this.#take,
    );
  }

  show(references: readonly Photo[]): void {
    const filled = JSON.stringify(references.map(({ id }) => id));
    if (filled !== this.#shown || this.#list.childElementCount === 0) this.#fill(references);
    this.#shown = filled;
    const chosen = referenceOf(this.#parts.studio);
    this.#take.hidden = chosen === null;
    for (const element of this.#list.children) {
      const { face } = (element as HTMLElement).dataset;
      if (face !== undefined) element.setAttribute("aria-pressed", String(face === chosen?.id));
    }
  }

  #fill(references: readonly Photo[]): void {
    for (const address of this.#addresses) URL.revokeObjectURL(address);
    this.#addresses = references.map(({ file }) => URL.createObjectURL(file));
    const own = references.map((photo, i) =>
      h(
        "button",
        {
          type: "button",
          class: "style-choice",
          title: photo.name,
          "aria-label": photo.name,
          "data-face": photo.id,
          onclick: () => this.#choose(i),
        },
        h("img", { src: this.#addresses[i], alt: "" }),
      ),
    );
    const words = "Bring another face";
    const plus = h(
      "button",
      {
        type: "button",
        class: "style-choice",
        title: words,
        "aria-label": words,
        onclick: () => this.#pick(),
      },
      icon("plus", 18),
    );
    this.#list.replaceChildren(...own, plus);
  }

  /** Looks that were taken from one face are not another's. The one that is chosen is laid aside. */
  #choose(place: number): void {
    const { studio } = this.#parts;
    const laid = studio.settings.reference === place;
    studio.change(laid ? "Lay the other face aside" : "Choose another face", {
      settings: { ...studio.settings, reference: laid ? null : place, lent: "" },
    });
  }

  #pick(): void {
    chooseFiles("image/*", async ([file]) => {
      const { status, studio } = this.#parts;
      const before = studio.photo;
      const uploaded = await status.during(`Reading ${file.name}…`, uploadPhoto(file, file.name), file.name);
      if (uploaded === null || studio.portrait === null || studio.photo !== before) return;
      const { id, width, height } = uploaded;
      const place = studio.addReference({ id, width, height, name: file.name, file });
      if (studio.settings.reference !== place) this.#choose(place);
    });
  }

  /** Another's layout moves all of a face, so that all of it is made of looks. */
  async #layout(): Promise<void> {
    const layout = await this.#lent([]);
    const { studio } = this.#parts;
    const settings = { ...studio.settings, whole: true };
    if (layout !== null) studio.change("Another's layout", { layout, settings, target: "layout" });
  }

  async #part(text: string, names: readonly string[]): Promise<void> {
    const { studio } = this.#parts;
    const ids = names
      .map((name) => studio.classes.findIndex((entry) => entry.name === name))
      .filter((id) => id >= 0);
    const layout = await this.#lent(ids);
    if (layout === null) return;
    const { settings } = studio;
    const drawn = new Map([...drawnOf(settings)].filter(([part]) => !ids.includes(part)));
    const looks = looksAs(new Set([...lentOf(settings), ...ids]), drawn);
    studio.change(`Another's ${text.toLowerCase()}`, {
      layout,
      settings: { ...settings, ...looks },
      target: "layout",
    });
  }

  /** The layout with parts of the chosen face, or all of that; null where it cannot be had, which is told. */
  async #lent(parts: readonly number[]): Promise<IndexMap | null> {
    const { studio, status } = this.#parts;
    const { photo, portrait } = studio;
    const [labels, layout, other] = [studio.map("labels"), studio.map("layout"), referenceOf(studio)];
    if (photo === null || portrait === null || labels === null || layout === null || other === null)
      return null;
    const asking = withPhoto(other, (reference) =>
      withPhoto(photo, (id) => lentBy(portrait.model, { photo: id, reference, labels, layout, parts })),
    );
    const made = await status.during("Looking at the other face…", asking, other.name);
    if (made === null || studio.photo !== photo) return null;
    return studio.map("layout") === layout ? made : this.#lent(parts); // painted on meanwhile
  }
}
