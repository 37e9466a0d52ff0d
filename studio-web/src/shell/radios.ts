/** Keys for a group in which one thing is chosen: one stop of the Tab key, arrows move the choice. */

/** Keeps one element of the group in the order of the Tab key: the chosen one. */
export function setChosen(
  group: readonly HTMLElement[],
  chosen: number,
  state: "aria-checked" | "aria-selected" = "aria-checked",
): void {
  for (const [at, element] of group.entries()) {
    element.setAttribute(state, String(at === chosen));
    element.tabIndex = at === chosen || (chosen < 0 && at === 0) ? 0 : -1;
  }
}

/** Moves focus and choice by arrow keys, Home and End; those that are disabled are passed over. */
export function chooseByArrows(host: HTMLElement, group: () => readonly HTMLElement[]): void {
  host.addEventListener("keydown", (event) => {
    const able = group().filter((element) => element.getAttribute("aria-disabled") !== "true");
    const at = able.indexOf(event.target as HTMLElement);
    if (at < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    const next = target(event.key, at, able.length);
    if (next === null) return;
    event.preventDefault();
    event.stopPropagation();
    able[next].focus();
    able[next].click();
  });
}

function target(key: string, at: number, count: number): number | null {
  switch (key) {
    case "ArrowDown":
    case "ArrowRight":
      return (at + 1) % count;
    case "ArrowUp":
    case "ArrowLeft":
      return (at + count - 1) % count;
    case "Home":
      return 0;
    case "End":
      return count - 1;
    default:
      return null;
  }
}
