/** Sequence numbers: leased from a counter on disk in blocks, and accounted for when they are not used. */
import type { VoidReason } from "../../core/events.ts";
import { createId } from "../../core/ids.ts";
import type { State } from "./state.ts";

/** A page rarely records more; what is left goes back when it closes. */
const BLOCK = 32;
/** A page takes no number from a lease older than this… */
export const LEASE_MS = 30 * 60 * 1000;
/** …so one that has been silent for this long is a dead tab's. */
const DEAD_MS = 2 * LEASE_MS;

/** What a device is to the edge. Made after consent, never before. */
export interface Client {
  id: string;
  /** Authorises erasure; only its hash leaves the device. */
  secret: string;
  /** SHA-256 of the secret; absent on pages without a secure context. */
  secretHash?: string;
  nextSeq: number;
}

/** A lease as its page last wrote it: `next` and above were not used as far as the disk knows. */
export interface Lease {
  id: string;
  /** The next number to take. */
  next: number;
  /** The last number of the block. */
  to: number;
  leasedAtMs: number;
}

/** Takes the next block, of at least the size asked for. Reports the leases of dead tabs along the way. */
export function takeLease(state: State, nowMs: number, size = 0): Lease {
  for (const lease of Object.values(state.leases)) if (nowMs - lease.leasedAtMs > DEAD_MS) returnLease(state, lease);
  return reserveNumbers(state, Math.max(BLOCK, size), nowMs);
}

/** Sets new numbers aside; those that are not used are void when the lease is a dead tab's. */
export function reserveNumbers(state: State, count: number, leasedAtMs: number): Lease {
  const next = takeNumbers(state, count);
  const id = createId();
  state.leases[id] = { id, next, to: next + count - 1, leasedAtMs };
  // The page counts on in a copy of its own.
  return { ...state.leases[id] };
}

/** @returns the first of as many new numbers */
export function takeNumbers({ client }: State, count: number): number {
  return (client!.nextSeq += count) - count;
}

/** Gives back what a page has not used: to the counter where nobody has leased since, else as void. */
export function returnLease(state: State, { id, next, to }: Lease): void {
  if (!state.leases[id]) return;
  delete state.leases[id];
  if (state.client!.nextSeq === to + 1) state.client!.nextSeq = next;
  else reportVoid(state, next, to, "unused");
}

/** Notes numbers that will never arrive; the next batch tells the edge. */
export function reportVoid({ voids }: State, from: number, to: number, reason: VoidReason): void {
  const last = voids.at(-1);
  if (from > to) return;
  if (last?.reason === reason && last.to === from - 1) from = voids.pop()!.from;
  voids.push({ from, to, reason });
}
