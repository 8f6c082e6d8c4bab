/** How much, how often and how long: the numbers that devices and the edge keep to. */
import { DAY_MS } from "./calendar.ts";

/** What one POST may hold. The bytes leave room under `fetch(keepalive)`'s 64 KiB. */
export const MAX_EVENTS_PER_BATCH = 50;
export const MAX_BATCH_BYTES = 48 * 1024;
/** An event unsent for this long is dropped, counted and reported; the edge refuses older ones. */
export const OUTBOX_LIFETIME_MS = 7 * DAY_MS;
/** A session ends after this much inactivity (GA4's default). */
export const SESSION_TIMEOUT_MS = 30 * 60 * 1000;
/** A click earns an order of the same item for this long. */
export const ATTRIBUTION_WINDOW_MS = 7 * DAY_MS;
