/** What the Worker asks of a shop's ledger, and what it answers. */
import type { BatchReceipt, ShopEvent, VoidReason } from "../../core/events.ts";
import type { ErasureReceipt, StatsResponse } from "../../core/api.ts";

/** What of the shop's record the counting depends on. */
export interface LedgerShop {
  id: string;
  /** Revenue in another currency is not added up. */
  currency: string;
}

/** A batch whose events have been checked and redacted one by one. */
export interface LedgerBatch {
  clientId: string;
  sentAtMs: number;
  /** SHA-256 of the device secret that authorises erasure. */
  secretHash?: string;
  events: ShopEvent[];
  voids: { from: number; to: number; reason: VoidReason }[];
  /** Numbers of events that were refused; they are void, so that the watermark passes them. */
  refusedSeqs: number[];
  /** Hashes of refused events that had no number: sent again, they are known by these. */
  refusedHashes: number[];
}

export interface CountRequest {
  shop: LedgerShop;
  receivedAtMs: number;
  /** Imports state facts of the past: their times are neither corrected nor clamped. */
  imported: boolean;
  batches: LedgerBatch[];
}

/** A page of the journal or the place of an archived segment. */
export type ExportPage =
  | { kind: "segment"; object: string; /** Lines at its beginning that the reader has already. */ skipLines: number; nextCursor: number; more: boolean }
  | { kind: "lines"; text: string; nextCursor: number; more: boolean };

/** A half-open range, its ends on quarter-hours, cut into buckets. */
export interface StatsRequest {
  currency: string;
  fromMs: number;
  toMs: number;
  /** Ascending; the first is `fromMs`. */
  bucketStartsMs: number[];
  nowMs: number;
}
export type LedgerStats = Pick<StatsResponse, "totals" | "series" | "placements" | "funnel" | "liveShoppers" | "newestEventAtMs" | "dropped" | "sources" | "conflicts" | "emptySearches" | "erasures">;
/** Null where the client has been erased: nothing of the batch was taken, or counted as dropped. */
export type LedgerReceipt = BatchReceipt | null;

export interface ErasureOrder {
  shop: string;
  clientId: string;
  /** SHA-256 of the secret that authorises the shopper's own wish; null for the shop's. */
  secretSha256: string | null;
  nowMs: number;
}
/** `pending`: it has begun and goes on by itself; asked again later, there is a receipt. */
export type ErasureAnswer = { state: "done"; receipt: ErasureReceipt } | { state: "wrong-secret" | "pending" };
export type PersonErasureAnswer = { state: "done"; receipts: ErasureReceipt[] } | { state: "pending" };

/** The name of the object that holds a shop's ledger. */
export function ledgerName(shop: string): string {
  return `ledger:${shop}:0`;
}
