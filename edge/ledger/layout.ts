/**
 * Which shard of a shop's ledger keeps a client: clients fall into buckets by a hash of their id, buckets belong to shards.
 *
 * A shop begins with one shard. To give it more (or fewer), buckets move (see move.ts); until the last has moved, each is
 * either where it belongs already or where it belonged before.
 */
import { hash32 } from "../../core/ids.ts";

/** Far more than shards, so that these are equally full. */
export const BUCKETS = 256;
export interface Layout {
  /** Shards that clients belong to, */
  shards: number;
  /** and belonged to before; the same once every bucket has moved. */
  before: number;
  /** Shards that have ever kept anything: readers ask all of them. */
  ever: number;
}

export const ONE_SHARD: Layout = { shards: 1, before: 1, ever: 1 };

/** @param id of a client, or of an order for its claim */
export function bucketOf(id: string): number {
  return hash32(id) % BUCKETS;
}

/** Doubling the shards moves half of the buckets, and each to one place only. */
export function shardOfBucket(bucket: number, shards: number): number {
  return bucket % shards;
}

/** Where a bucket may be found, likeliest first. */
export function shardsThatMayHold(bucket: number, { shards, before }: Layout): number[] {
  return [...new Set([shardOfBucket(bucket, shards), shardOfBucket(bucket, before)])];
}

/** The buckets that change their shard, by from and to. */
export function movesBetween(before: number, shards: number): { from: number; to: number; buckets: number[] }[] {
  const moves = new Map<string, { from: number; to: number; buckets: number[] }>();
  for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
    const [from, to] = [shardOfBucket(bucket, before), shardOfBucket(bucket, shards)];
    if (from === to) continue;
    const move = moves.get(`${from} ${to}`);
    if (move) move.buckets.push(bucket);
    else moves.set(`${from} ${to}`, { from, to, buckets: [bucket] });
  }
  return [...moves.values()];
}
