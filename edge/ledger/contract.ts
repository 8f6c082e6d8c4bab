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
  /** Orders among its purchases that belong to another client; left out where the shop has one shard, which sees that itself. */
  foreignOrders?: string[];
}

export interface CountRequest {
  shop: LedgerShop;
  receivedAtMs: number;
  /** Imports state facts of the past: their times are neither corrected nor clamped. */
  imported: boolean;
  /** Events of one client on one day that are counted; imports have no such cap. */
  dailyEventsPerClient: number;
  batches: LedgerBatch[];
}

/** A page of the journal or the place of an archived segment. */
export type ExportPage =
  | { kind: "segment"; object: string; /** Lines at its beginning that the reader has already. */ skipLines: number; nextCursor: number; more: boolean }
  | { kind: "lines"; text: string; nextCursor: number; more: boolean };

/** A half-open range, its ends on quarter-hours, cut into buckets. */
export interface StatsRequest {
  fromMs: number;
  toMs: number;
  /** Ascending; the first is `fromMs`. */
  bucketStartsMs: number[];
  nowMs: number;
}
/** One shard's part of the statistics, its money in minor units. `held`: the buckets whose clients it counts as people; null for all. */
export type ShardStats = LedgerStats & { held: number[] | null };
export type LedgerStats = Pick<StatsResponse, "totals" | "series" | "placements" | "funnel" | "liveShoppers" | "newestEventAtMs" | "dropped" | "sources" | "conflicts" | "emptySearches" | "erasures" | "confirmed">;
/** What a shard's items are worth, most first, as of its newest day (since 1970); -Infinity without any. */
export interface ItemScores {
  newestDay: number;
  scores: { itemId: string; score: number }[];
}

/** Null where the client has been erased: nothing of the batch was taken, or counted as dropped. */
export type LedgerReceipt = BatchReceipt | null;
/** The answer of a shard that does not hold what it is asked about: another does, or will in a moment. */
export const ELSEWHERE = "elsewhere";
export type Elsewhere = typeof ELSEWHERE;

/** How a shard is. */
export interface LedgerHealth {
  events: number;
  dropped: { reason: string; count: number }[];
  clients: number;
  journalRows: number;
  journalBytes: number;
  oldestJournalMs: number | null;
  segments: number;
  storageBytes: number;
  erasing: boolean;
  moving: boolean;
  /** In a row; 0 where the last attempt went well. */
  failures: { archive: number; erasure: number; move: number };
}

export interface ErasureOrder {
  shop: string;
  clientId: string;
  /** SHA-256 of the secret that authorises the shopper's own wish; null for the shop's. */
  secretSha256: string | null;
  nowMs: number;
  /** Events deleted on other shards; null where another shard answers for the client. */
  elsewhere: number | null;
}
/** `pending`: it has begun and goes on by itself; asked again later, there is a receipt. */
export type ErasureAnswer = { state: "done"; receipt: ErasureReceipt } | { state: "wrong-secret" | "pending" };
export type PersonErasureAnswer = { state: "done"; receipts: ErasureReceipt[] } | { state: "pending" };

export interface PersonErasureOrder {
  shop: string;
  /** As devices name the person. */
  userId: string;
  nowMs: number;
  /** Events deleted on other shards, by client. */
  elsewhere: { [clientId: string]: number };
}

/** The name of the object that holds a shard of a shop's ledger. */
export function ledgerName(shop: string, shard: number): string {
  return `ledger:${shop}:${shard}`;
}
