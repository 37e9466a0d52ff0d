/** Which tab holds which document: an id for each tab that survives loading the page anew, and a lock that says it is open. */

/** What is used of the browser; tests give their own. Where the page is not on a safe origin there are no locks. */
export interface TabParts {
  readonly storage: Pick<Storage, "getItem" | "setItem">;
  readonly locks: Pick<LockManager, "request" | "query"> | undefined;
  freshId(): string;
}

const KEY = "sembla-studio-tab";
const PREFIX = "sembla-studio-tab-";
/** A page that is being loaded anew may hold its lock for a moment. */
const PATIENCE = 300;

/** A tab's own id. */
export interface Tab {
  readonly id: string;
  /** The ids of all open tabs, this one included. */
  open(): Promise<ReadonlySet<string>>;
  /** Let go of the id. */
  release(): void;
}

/** Take the id of this tab's last page, or a fresh one where another tab holds that (a duplicated tab copies it). */
export async function claimTab(parts: TabParts): Promise<Tab> {
  const known = parts.storage.getItem(KEY);
  let id = known ?? parts.freshId();
  let release = await hold(parts, id, known === null ? 0 : PATIENCE);
  while (release === null) {
    id = parts.freshId();
    release = await hold(parts, id, 0);
  }
  parts.storage.setItem(KEY, id);
  return { id, open: () => openTabs(parts, id), release };
}

/** Hold the lock of an id until released; null if another tab has it, also after waiting. */
async function hold({ locks }: TabParts, id: string, patience: number): Promise<(() => void) | null> {
  if (locks === undefined) return () => {};
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const attempt = (options: LockOptions) =>
    new Promise<boolean>((resolve) => {
      locks
        .request(PREFIX + id, options, (lock) => {
          resolve(lock !== null);
          return lock === null ? undefined : held;
        })
        .catch(() => resolve(false));
    });
  if (await attempt({ ifAvailable: true })) return release;
  if (patience > 0 && (await attempt({ signal: AbortSignal.timeout(patience) }))) return release;
  return null;
}

async function openTabs({ locks }: TabParts, own: string): Promise<ReadonlySet<string>> {
  const state = await locks?.query();
  const names = [...(state?.held ?? []), ...(state?.pending ?? [])].map((lock) => lock.name ?? "");
  return new Set([
    own,
    ...names.filter((name) => name.startsWith(PREFIX)).map((name) => name.slice(PREFIX.length)),
  ]);
}
