import { describe, expect, it } from "vitest";
import { claimTab, type TabParts } from "./tabs";

/** Locks as browsers keep them, shared by the tabs of one test. */
class FakeLocks {
  readonly held = new Set<string>();

  async request(name: string, options: LockOptions, use: (lock: Lock | null) => unknown): Promise<unknown> {
    if (this.held.has(name) && !options.ifAvailable) await this.#freed(name, options.signal);
    if (this.held.has(name)) return use(null);
    this.held.add(name);
    try {
      return await use({ name, mode: "exclusive" });
    } finally {
      this.held.delete(name);
    }
  }

  async query(): Promise<LockManagerSnapshot> {
    return { held: [...this.held].map((name) => ({ name })), pending: [] };
  }

  async #freed(name: string, signal: AbortSignal | undefined): Promise<void> {
    while (this.held.has(name)) {
      signal?.throwIfAborted();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

function browser() {
  const locks = new FakeLocks();
  let made = 0;
  const freshId = () => {
    made += 1;
    return `tab${made}`;
  };
  const tab = (copied: [string, string][] = []): TabParts & { values: Map<string, string> } => {
    const values = new Map(copied);
    const storage = {
      getItem: (key: string) => values.get(key) ?? null,
      setItem: (key: string, value: string) => void values.set(key, value),
    };
    return { storage, locks: locks as unknown as LockManager, freshId, values };
  };
  return { tab, locks };
}

describe("claimTab", () => {
  it("gives each tab an id of its own", async () => {
    const { tab } = browser();
    const [first, second] = [await claimTab(tab()), await claimTab(tab())];
    expect(first.id).not.toBe(second.id);
    expect(await first.open()).toEqual(new Set([first.id, second.id]));
  });

  it("gives a page that is loaded anew the id it had", async () => {
    const { tab } = browser();
    const parts = tab();
    const before = await claimTab(parts);
    before.release();
    expect((await claimTab(parts)).id).toBe(before.id);
  });

  it("waits for the page that is just going away", async () => {
    const { tab } = browser();
    const parts = tab();
    const before = await claimTab(parts);
    setTimeout(before.release, 30);
    expect((await claimTab(parts)).id).toBe(before.id);
  });

  it("gives a duplicated tab, which copies the id, another one", async () => {
    const { tab } = browser();
    const parts = tab();
    const original = await claimTab(parts);
    const copy = tab([...parts.values]);
    const duplicate = await claimTab(copy);
    expect(duplicate.id).not.toBe(original.id);
    expect([...copy.values.values()]).toEqual([duplicate.id]);
  });

  it("keeps the id where the browser has no locks", async () => {
    const { tab } = browser();
    const parts = { ...tab(), locks: undefined };
    const { id, open } = await claimTab(parts);
    expect((await claimTab(parts)).id).toBe(id);
    expect(await open()).toEqual(new Set([id]));
  });
});
