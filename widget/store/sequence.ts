/** Sequence numbers: leased from a counter on disk in blocks, and accounted for when they are not used. */
import type { BatchHead, VoidReason } from "../../core/events.ts";
import { createId } from "../../core/ids.ts";
import type { Transaction } from "./database.ts";

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

export interface Lease {
  id: string;
  /** The next number to take. */
  next: number;
  /** The last number of the block. */
  to: number;
  leasedAtMs: number;
}
/** A lease as its page last wrote it: `next` and above were not used as far as the disk knows. */
type Void = NonNullable<BatchHead["voids"]>[number];

/** Takes the next block; stores: meta, leases, voids. Reports the leases of dead tabs along the way. */
export async function takeLease(transaction: Transaction, client: Client, nowMs: number): Promise<Lease> {
  for (const lease of await transaction.all<Lease>("leases")) {
    if (nowMs - lease.leasedAtMs <= DEAD_MS) continue;
    await reportVoid(transaction, lease.next, lease.to, "unused");
    await transaction.remove("leases", lease.id);
  }
  return putLease(transaction, client, BLOCK, nowMs);
}

/**
 * Sets numbers aside for a sender that is no page of this device; those unused are void when `lifetimeMs` are over.
 * @param client as the disk has it
 * @returns the first of them
 */
export async function reserveNumbers(transaction: Transaction, client: Client, nowMs: number, count: number, lifetimeMs: number): Promise<number> {
  return (await putLease(transaction, client, count, nowMs + lifetimeMs)).next;
}

async function putLease(transaction: Transaction, client: Client, size: number, leasedAtMs: number): Promise<Lease> {
  const lease = { id: createId(), next: client.nextSeq, to: client.nextSeq + size - 1, leasedAtMs };
  await transaction.put("leases", lease.id, lease);
  await transaction.put("meta", "client", { ...client, nextSeq: lease.to + 1 });
  return lease;
}

/** Gives back what a closing page has not used: to the counter where nobody has leased since, else as void. */
export async function returnLease(transaction: Transaction, lease: Lease): Promise<void> {
  if (!(await transaction.get<Lease>("leases", lease.id))) return;
  await transaction.remove("leases", lease.id);
  if (lease.next > lease.to) return;
  const client = await transaction.get<Client>("meta", "client");
  if (client?.nextSeq === lease.to + 1) await transaction.put("meta", "client", { ...client, nextSeq: lease.next });
  else await reportVoid(transaction, lease.next, lease.to, "unused");
}

/** Notes numbers that will never arrive; the next batch tells the edge. */
export async function reportVoid(transaction: Transaction, from: number, to: number, reason: VoidReason): Promise<void> {
  if (from <= to) await transaction.put("voids", from, { from, to, reason } satisfies Void);
}
