/** Modal dialogs on the browser's own <dialog>: it keeps the focus, closes with Escape and gives the focus back. */

import { button, freshId, h, iconButton } from "./dom";

/** A dialog that is open. */
export interface OpenDialog {
  readonly body: HTMLElement;
  close(): void;
  /** Resolves when it was closed, however that came about. */
  readonly closed: Promise<void>;
}

/** Opens a dialog with a title and a close button; `body` is filled by the caller. */
export function openDialog(title: string, look: { wide?: boolean } = {}): OpenDialog {
  const id = freshId("dialog");
  const body = h("div", { class: "dialog-body" });
  const element = h("dialog", { class: look.wide ? "dialog wide" : "dialog", "aria-labelledby": id });
  const close = () => element.close();
  element.append(
    h("div", { class: "dialog-head" }, h("h2", { id }, title), iconButton("close", "Close", close)),
  );
  element.append(body);
  document.body.append(element);
  const closed = new Promise<void>((resolve) => {
    element.addEventListener("close", () => {
      element.remove();
      resolve();
    });
  });
  element.addEventListener("pointerdown", (event) => {
    if (event.target === element) close(); // the backdrop belongs to the element
  });
  element.showModal();
  return { body, close, closed };
}

/** One of the answers to a question. */
export interface Answer<T> {
  readonly text: string;
  readonly value: T;
  readonly look?: "primary" | "plain";
}

/** Asks a question; null if it was closed without an answer. The primary answer has the focus. */
export async function ask<T>(
  title: string,
  question: string,
  answers: readonly Answer<T>[],
): Promise<T | null> {
  const dialog = openDialog(title);
  let given: T | null = null;
  const buttons = answers.map(({ text, value, look = "plain" }) => {
    const press = () => {
      given = value;
      dialog.close();
    };
    return button(text, press, { look });
  });
  dialog.body.append(h("p", {}, question), h("div", { class: "dialog-actions" }, ...buttons));
  (buttons.find((each) => each.classList.contains("primary")) ?? buttons[0])?.focus();
  await dialog.closed;
  return given;
}
