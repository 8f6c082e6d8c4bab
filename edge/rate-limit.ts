/** Rate limits: requests a minute by name, counted in the isolate's memory. */

const WINDOW_MS = 60_000;
/** More names than this in one window are an attack by themselves; the oldest counts are given up. */
const MAX_NAMES = 50_000;

export interface RateLimiter {
  /**
   * Takes one request from every name's allowance.
   * @returns 0 when all had one left, else the milliseconds until the next window
   */
  take(allowances: readonly { name: string; perMinute: number }[]): number;
  /** The same, and takes nothing: for what only counts when it fails. */
  wait(name: string, perMinute: number): number;
}

/** Fixed windows of a minute. A Worker has many isolates: the limit holds in each. */
export function createRateLimiter(now: () => number): RateLimiter {
  let windowStartMs = 0;
  let taken = new Map<string, number>();
  const left = (nowMs: number) => Math.max(1, windowStartMs + WINDOW_MS - nowMs);
  return {
    wait(name, perMinute) {
      const nowMs = now();
      return nowMs - windowStartMs < WINDOW_MS && (taken.get(name) ?? 0) >= perMinute ? left(nowMs) : 0;
    },
    take(allowances) {
      const nowMs = now();
      if (nowMs - windowStartMs >= WINDOW_MS || taken.size > MAX_NAMES) {
        windowStartMs = nowMs;
        taken = new Map();
      }
      const exceeded = allowances.some(({ name, perMinute }) => (taken.get(name) ?? 0) >= perMinute);
      if (exceeded) return left(nowMs);
      for (const { name } of allowances) taken.set(name, (taken.get(name) ?? 0) + 1);
      return 0;
    },
  };
}

/** The network of an address: itself for IPv4, its /64 for IPv6, where one household has them all. */
export function networkOf(address: string): string {
  if (!address.includes(":")) return address;
  const [head = ""] = address.split("::");
  return head.split(":").slice(0, 4).join(":");
}
