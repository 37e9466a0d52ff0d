/** Light or dark: the system's choice until the user makes one, which is remembered. */

const KEY = "sembla-studio-theme";
const DARK = matchMedia("(prefers-color-scheme: dark)");

/** Whether the page is dark now. */
export function isDark(): boolean {
  const chosen = document.documentElement.dataset.theme;
  return chosen === undefined ? DARK.matches : chosen === "dark";
}

/** Takes up what the user chose on an earlier day. */
export function restoreTheme(): void {
  const chosen = remembered(KEY);
  if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;
}

/** Changes to the other theme; the system's own is followed again once chosen. */
export function toggleTheme(): void {
  const next = isDark() ? "light" : "dark";
  const system = DARK.matches ? "dark" : "light";
  if (next === system) delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
  remember(KEY, next === system ? null : next);
}

/** What was remembered under a key, or null, also where the browser keeps nothing. */
export function remembered(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** Remembers a value, or forgets it for null; a browser that keeps nothing is no fault. */
export function remember(key: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // private windows may refuse
  }
}
