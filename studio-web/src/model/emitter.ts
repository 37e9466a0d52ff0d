/** Events with typed details; telling listeners allocates nothing, since it happens at every move of the pointer. */

type Listener<D> = (detail: D) => void;

/** Holds the listeners of one source of events; `Events` maps an event's name to the type of its detail. */
export class Emitter<Events> {
  // The lists are replaced, never changed, so a listener may come or go while its event is told.
  readonly #listeners: { [K in keyof Events]?: readonly Listener<Events[K]>[] } = {};

  /** Calls `listener` at every `event` from now on; the function returned ends that. */
  on<K extends keyof Events>(event: K, listener: Listener<Events[K]>): () => void {
    const own: Listener<Events[K]> = (detail) => listener(detail); // one listener may be added twice, and taken off once
    this.#listeners[event] = [...(this.#listeners[event] ?? []), own];
    return () => {
      this.#listeners[event] = this.#listeners[event]?.filter((other) => other !== own) ?? [];
    };
  }

  /** Tells every listener. One that throws does not keep the event from the others; its error is reported as uncaught. */
  emit<K extends keyof Events>(event: K, detail: Events[K]): void {
    const listeners = this.#listeners[event];
    if (listeners === undefined) return;
    for (let i = 0; i < listeners.length; i++) {
      try {
        listeners[i](detail);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
