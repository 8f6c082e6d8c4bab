/** Faults of the widget: caught at every entry point, kept for support, never thrown into the shop. */

/** Enough to see what is wrong; a page that fails in a loop must not fill the memory. */
const KEPT = 30;

export interface Fault {
  where: string;
  message: string;
}

export interface Faults {
  note(where: string, error: unknown): void;
  /** Wraps a callback that the browser or the shop calls: it gives undefined where the callback throws. */
  guard<A extends unknown[], R>(where: string, callback: (...args: A) => R): (...args: A) => R | undefined;
  /** Lets a promise go its way; a rejection is noted. */
  watch(where: string, promise: Promise<unknown>): void;
  list(): Fault[];
}

export function createFaults(): Faults {
  const faults: Fault[] = [];
  const note = (where: string, error: unknown) => {
    if (faults.length < KEPT) faults.push({ where, message: String(error) });
  };
  return {
    note,
    guard: (where, callback) => (...args) => {
      try {
        return callback(...args);
      } catch (error) {
        note(where, error);
      }
    },
    watch(where, promise) {
      promise.catch((error: unknown) => note(where, error));
    },
    list: () => [...faults],
  };
}
