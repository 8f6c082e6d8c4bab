/** Everything that the device keeps for the tag: one document, read and written in one transaction. */
import type { BatchHead } from "../../core/events.ts";
import type { Client, Lease } from "./sequence.ts";
import type { Shopper } from "./shopper.ts";

export type Void = NonNullable<BatchHead["voids"]>[number];

/** A line of the ledger of bytes sent, answered or not. */
export interface SentLine {
  atMs: number;
  bytes: number;
  events: number;
  /** What was sent, one event a line; its beginning, and of the newest messages only. */
  content?: string;
}

/** Names are on shoppers' disks: one that changes its meaning changes its name. */
export interface State {
  client?: Client;
  /** Of the pages that are open, by their ids. */
  leases: { [id: string]: Lease };
  /**
   * By number, each event as it is sent, byte for byte: of those on disk as many as fit a batch, the oldest. To delete
   * another one does nothing, to add it again changes nothing.
   */
  outbox: { [seq: string]: string };
  /** Length of all events on disk together; exact where they fit a batch. */
  outboxChars: number;
  /** Numbers that will never arrive, until the edge knows. */
  voids: Void[];
  /** Over the device's life, by reason. */
  dropped: { [reason: string]: number };
  sentEvents: number;
  batches: number;
  sentBytes: number;
  /** The newest lines. */
  sent: SentLine[];
  rows: Partial<Shopper>;
  /** What a shop system's adapter keeps for itself. */
  cart?: unknown;
  /** Closed pages whose last words are in here already. */
  heard: string[];
  /** In a row, over all pages. */
  failures: number;
  /** Before this the edge is not asked again. */
  retryAtMs: number;
}

export function newState(): State {
  return { leases: {}, outbox: {}, outboxChars: 0, voids: [], dropped: {}, sentEvents: 0, batches: 0, sentBytes: 0, sent: [], rows: {}, heard: [], failures: 0, retryAtMs: 0 };
}
