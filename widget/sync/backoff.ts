/** How long to wait before trying again. */

const BASE_MS = 1_000;
const CAP_MS = 5 * 60_000;
/** Whatever the edge asks for. */
export const MAX_WAIT_MS = 60 * 60_000;

/**
 * Full jitter: anywhere between at once and the doubled limit, so that many browsers don't come back together.
 *
 * @param failures in a row, from 1
 * @param retryAfter the header, in seconds or as a date; the least to wait
 * @param random uniform in [0, 1)
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function backoffMs(failures: number, retryAfter: string | null, nowMs: number, random: () => number): number {
  const jitterMs = random() * Math.min(CAP_MS, BASE_MS * 2 ** failures);
  if (!retryAfter) return jitterMs;
  const seconds = Number(retryAfter);
  const leastMs = Number.isNaN(seconds) ? Date.parse(retryAfter) - nowMs : seconds * 1000;
  return Math.min((leastMs > 0 ? leastMs : 0) + jitterMs, MAX_WAIT_MS);
}
