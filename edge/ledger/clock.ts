/** When an event happened, and which quarter-hour and day that is. */
import { OUTBOX_LIFETIME_MS } from "../../core/events.ts";

/** Counters are kept per quarter-hour: every time zone's days begin on one. */
export const SLOT_MS = 15 * 60 * 1000;
export const DAY_MS = 24 * 60 * 60 * 1000;

/** What is known of the clock that stamped a batch. */
export interface BatchClock {
  receivedAtMs: number;
  /** Received minus sent: what to add to the client's clock. Null for imports, whose times are facts already. */
  offsetMs: number | null;
}

/**
 * The time that an event counts at: the client's clock, set right by the batch's own delay, and no earlier than
 * the outbox keeps events, no later than now.
 */
export function eventTime(occurredAtMs: number, clock: BatchClock): number {
  if (clock.offsetMs === null) return occurredAtMs;
  return Math.min(clock.receivedAtMs, Math.max(clock.receivedAtMs - OUTBOX_LIFETIME_MS, occurredAtMs + clock.offsetMs));
}

/** The start of the quarter-hour. */
export function slotOf(atMs: number): number {
  return Math.floor(atMs / SLOT_MS) * SLOT_MS;
}

/** Days since 1970, UTC. */
export function dayOf(atMs: number): number {
  return Math.floor(atMs / DAY_MS);
}
