/**
 * Re-sharding, led by a ledger's first shard: buckets move to where a new number of shards puts them, while traffic runs.
 *
 * Every step is written down before the next begins, and may be done twice: whatever interrupts one, the alarm goes on from
 * there. A move copies (the old shard has let the buckets go), then drops (all of it is safe at the new shard), then takes
 * in. In between nobody counts these buckets' clients; their batches are asked to come again.
 */
import { movesBetween } from "./layout.ts";
import type { MovingPage } from "./move.ts";

/** A shard as the one that leads speaks to it. */
export interface ShardInMove {
  join(facts: { [name: string]: string }): Promise<void>;
  /** @returns false while an erasure must end first */
  letGo(buckets: number[]): Promise<boolean>;
  moving(buckets: number[], from: MovingPage["next"]): Promise<MovingPage>;
  stage(page: number, moving: MovingPage): Promise<void>;
  dropMoved(buckets: number[]): Promise<void>;
  takeIn(buckets: number[], nowMs: number): Promise<void>;
}

/** Buckets that move at once: their clients wait for as long as that takes. */
const BUCKETS_PER_MOVE = 16;

type Step = "copy" | "drop" | "take" | "settle";
interface Move {
  move: number;
  from_shard: number;
  to_shard: number;
  buckets: string;
  step: Step;
}

/** Writes down what has to move. Part of a transaction of the caller, which has no other moves under way. */
export function planMoves(sql: SqlStorage, before: number, shards: number): void {
  for (const { from, to, buckets } of movesBetween(before, shards)) {
    for (let at = 0; at < buckets.length; at += BUCKETS_PER_MOVE) {
      sql.exec(`INSERT INTO bucket_move (from_shard, to_shard, buckets, step) VALUES (?1, ?2, ?3, 'copy')`, from, to, JSON.stringify(buckets.slice(at, at + BUCKETS_PER_MOVE)));
    }
  }
  sql.exec(`INSERT INTO bucket_move (from_shard, to_shard, buckets, step) VALUES (0, 0, '[]', 'settle')`);
}

export function hasMoves(sql: SqlStorage): boolean {
  return nextMove(sql) !== null;
}

/**
 * Does every move that is left.
 * @param settle says that every client is where it belongs
 * @returns false when an erasure has to end before the next may begin
 * @throws whatever a shard throws: what is done by then stays done
 */
export async function goOnMoving(sql: SqlStorage, shard: (index: number) => ShardInMove, settle: () => Promise<void>, now: () => number): Promise<boolean> {
  for (let move = nextMove(sql); move !== null; move = nextMove(sql)) {
    const buckets = JSON.parse(move.buckets) as number[];
    const [from, to] = [shard(move.from_shard), shard(move.to_shard)];
    const done = (step: Step) => sql.exec(`UPDATE bucket_move SET step = ?2 WHERE move = ?1`, move!.move, step);
    if (move.step === "copy") {
      if (!(await from.letGo(buckets))) return false;
      let page = 0;
      let next: MovingPage["next"] = null;
      do {
        const moving: MovingPage = await from.moving(buckets, next);
        await to.stage(page, moving);
        page += 1;
        next = moving.next;
      } while (next !== null);
      done("drop");
    } else if (move.step === "drop") {
      await from.dropMoved(buckets);
      done("take");
    } else {
      if (move.step === "take") await to.takeIn(buckets, now());
      else await settle();
      sql.exec(`DELETE FROM bucket_move WHERE move = ?1`, move.move);
    }
  }
  return true;
}

function nextMove(sql: SqlStorage): Move | null {
  return (sql.exec(`SELECT move, from_shard, to_shard, buckets, step FROM bucket_move ORDER BY move LIMIT 1`).toArray()[0] as unknown as Move | undefined) ?? null;
}
