/** Asks again and again: at a steady pace, more slowly while nobody looks, and ever more slowly while it fails. */

export const POLL_INTERVAL_MS = 5_000;
export const HIDDEN_INTERVAL_MS = 60_000;
/** The longest wait after failures, which double it each time. */
export const MAX_INTERVAL_MS = 120_000;
/** An open dashboard keeps the edge busy for at most this share of the time, however long its answers take. */
export const MAX_LOAD = 0.1;

export interface Poller {
  start(): void;
  stop(): void;
  /** Asks at once, and goes on from there. */
  now(): void;
}

/**
 * @param ask answers whether it worked; it is never called while an earlier call runs
 * @param page tells whether anybody looks and whether the network is back
 */
export function createPoller({ ask, page, nowMs, setTimeout, clearTimeout, onWait }: {
  ask: () => Promise<boolean>;
  page: { document: Document; window: Window };
  nowMs: () => number;
  setTimeout: (run: () => void, ms: number) => number;
  clearTimeout: (id: number) => void;
  /** How long until the next attempt after a failure. */
  onWait: (ms: number) => void;
}): Poller {
  let timer = 0;
  let failures = 0;
  let running = false;
  let again = false;
  let started = false;

  async function tick(): Promise<void> {
    if (running) {
      again = true;
      return;
    }
    clearTimeout(timer);
    running = true;
    const askedAtMs = nowMs();
    const worked = await ask();
    const tookMs = nowMs() - askedAtMs;
    running = false;
    if (!started) return;
    failures = worked ? 0 : failures + 1;
    if (again) {
      again = false;
      return tick();
    }
    const paceMs = page.document.hidden ? HIDDEN_INTERVAL_MS : POLL_INTERVAL_MS;
    const waitMs = worked ? Math.max(paceMs, tookMs / MAX_LOAD) : Math.min(paceMs * 2 ** failures, MAX_INTERVAL_MS);
    if (failures > 0) onWait(waitMs);
    timer = setTimeout(() => void tick(), waitMs);
  }
  const now = () => void tick();
  const onVisibility = () => {
    if (!page.document.hidden) now();
  };
  return {
    start() {
      if (started) return;
      started = true;
      page.document.addEventListener("visibilitychange", onVisibility);
      page.window.addEventListener("online", now);
      now();
    },
    stop() {
      started = false;
      clearTimeout(timer);
      page.document.removeEventListener("visibilitychange", onVisibility);
      page.window.removeEventListener("online", now);
    },
    now,
  };
}
