/** What the page tells the user beside its pictures: a line of status, problems, the connection. Screen readers hear it. */

import { ServerError } from "../work/rest";
import { h, icon, iconButton } from "./dom";

/** How the connection to the server stands. */
export type Connection = "connecting" | "open" | "lost";

/** Where every part of the page says what happened. */
export interface Status {
  /** Shows a line until the next one. */
  say(text: string): void;
  /** Tells of a failure, in its own words, until it is dismissed or half a minute has passed. `file` as `sentence` says. */
  problem(error: unknown, file?: string): void;
  /** Shows `text` while `work` goes on, then nothing; a failure is told, and the answer is then null. */
  during<T>(text: string, work: Promise<T>, file?: string): Promise<T | null>;
  setConnection(state: Connection): void;
  /** A place at the right end of the line, for small facts such as a size. */
  readonly facts: HTMLElement;
}

const CONNECTION: Record<Connection, string> = {
  connecting: "Connecting",
  open: "Connected",
  lost: "No connection; trying again",
};

/** Builds the line into `host` and the place for problems into the page. */
export function mountStatus(host: HTMLElement): Status {
  const text = h("span", { class: "status-text", role: "status" });
  const facts = h("span", { class: "status-facts" });
  const connection = h("span", { class: "connection", role: "status" });
  const toasts = h("div", { class: "toasts", role: "alert", popover: "manual" });
  const silent: (() => void)[] = []; // dismiss what was told of a server that did not answer
  host.append(text, facts, connection);
  document.body.append(toasts);

  const status: Status = {
    facts,
    say: (line) => {
      text.textContent = line;
    },
    problem: (error, file) => {
      const dismiss = showProblem(toasts, sentence(error, file));
      if (error instanceof ServerError && error.status === 0) silent.push(dismiss);
    },
    during: async (line, work, file) => {
      status.say(line);
      try {
        return await work;
      } catch (error) {
        status.problem(error, file);
        return null;
      } finally {
        if (text.textContent === line) status.say("");
      }
    },
    setConnection: (state) => {
      connection.dataset.state = state;
      connection.textContent = CONNECTION[state];
      if (state === "open") for (const dismiss of silent.splice(0)) dismiss();
    },
  };
  status.setConnection("connecting");
  return status;
}

/** A failure as a sentence: capital letter, full stop. The name of a `file`, or what looks like one, stays as it is. */
export function sentence(error: unknown, file?: string): string {
  const text = (error instanceof Error ? error.message : String(error)).trim() || "Something failed.";
  const named = (file && text.startsWith(file)) || /^\S*\w\.\w/.test(text);
  const begun = named ? text : text[0].toUpperCase() + text.slice(1);
  return /[.?!]$/.test(begun) ? begun : `${begun}.`;
}

/** Shows a line; the function returned takes it away. */
function showProblem(toasts: HTMLElement, line: string): () => void {
  for (const old of [...toasts.children]) if (old.textContent === line) old.remove();
  const toast = h("div", { class: "toast" }, icon("warning", 18), h("span", {}, line));
  const dismiss = () => {
    toast.remove();
    if (toasts.children.length === 0) toasts.hidePopover();
  };
  toast.append(iconButton("close", "Dismiss", dismiss));
  if (toasts.matches(":popover-open")) toasts.hidePopover();
  toasts.showPopover(); // anew, so that it comes above a dialog that was opened meanwhile
  toasts.append(toast);
  while (toasts.children.length > 3) toasts.firstElementChild?.remove();
  setTimeout(dismiss, 30_000);
  return dismiss;
}
