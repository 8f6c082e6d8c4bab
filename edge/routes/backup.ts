/**
 * A shop as a whole, out and in again: its records, its ledger's shards and its objects, a JSON value a line.
 *
 * While the ledger is read, it counts nothing: batches are asked to come again, so that what is written down is one moment.
 * A restored shop is the same to its devices, its owner and its trainer: keys, tokens, cursors, receipts and figures.
 */
import { merchantPaths } from "../../core/merchant-api.ts";
import { fromBase64Url, SHOP_ID_PATTERN, toBase64Url } from "../../core/ids.ts";
import { operatorOnly } from "../access.ts";
import type { App, Services } from "../app.ts";
import { BodyTooLargeError, parseJson, readLines } from "../body.ts";
import { objectPrefixes } from "../db/models.ts";
import { shopById } from "../db/shops.ts";
import { ledgerOf } from "../ledger-stub.ts";
import type { DumpCursor } from "../ledger/dump.ts";
import { refuse } from "../refusal.ts";
import { streamText } from "../stream.ts";

const FORMAT = "endcap-backup-1";
/** Records of a shop in D1, by table; sessions and login links end with the account they were made on. */
export const RECORDS = ["shop", "merchant_token", "snapshot", "model", "model_head", "model_request", "catalogue_version", "catalogue_feed"] as const;
const OBJECT_PART_BYTES = 768 * 1024;
const LIMITS = { maxLineChars: 4 * 1024 * 1024, maxBytes: 100 * 1024 * 1024 * 1024 };

type Value = string | number | null;
type Line =
  | { format: string; shop: string; shards: number }
  | { record: (typeof RECORDS)[number]; row: { [column: string]: Value } }
  | { shard: number; table: string; rows: { [column: string]: Value }[] }
  | { object: string; bytes: string; last: boolean }
  | { end: true; lines: number };

export function backupRoutes(app: App, services: Services): void {
  app.get(merchantPaths.backup(":shop"), operatorOnly(), async (c) => {
    const shop = await shopById(c.env.DB, c.req.param("shop") ?? "");
    if (!shop) return refuse(404, "unknown-shop", "There is no shop of this name here.");
    const { id, layout } = shop;
    if (layout.shards !== layout.before) return refuse(409, "moving", "Clients of this shop are moving between shards. Ask again when they have arrived.", { retry: true });
    async function* lines(): AsyncGenerator<Line> {
      yield { format: FORMAT, shop: id, shards: layout.ever };
      const shards = Array.from({ length: layout.ever }, (_, shard) => ledgerOf(c.env, id, shard));
      const holds = await Promise.all(shards.map((shard) => shard.freeze()));
      try {
        for (const table of RECORDS) {
          const { results } = await c.env.DB.prepare(`SELECT * FROM ${table} WHERE ${table === "shop" ? "id" : "shop"} = ?1`).bind(id).all<{ [column: string]: Value }>();
          for (const row of results) yield { record: table, row };
        }
        for (const [shard, ledger] of shards.entries()) {
          let cursor: DumpCursor = null;
          do {
            const page = (await ledger.dump(holds[shard]!, cursor)) as { table: string; rows: { [column: string]: Value }[]; next: DumpCursor };
            yield { shard, table: page.table, rows: page.rows };
            cursor = page.next;
          } while (cursor !== null);
        }
        for (const prefix of objectPrefixes(id)) {
          for (let listed = await c.env.FILES.list({ prefix }); ; listed = await c.env.FILES.list({ prefix, cursor: listed.cursor })) {
            for (const { key } of listed.objects) {
              const object = await c.env.FILES.get(key);
              if (object) yield* parts(key, object.body);
            }
            if (!listed.truncated) break;
          }
        }
      } finally {
        await Promise.all(shards.map((shard, index) => shard.thaw(holds[index]!)));
      }
    }
    async function* text(): AsyncGenerator<string> {
      let count = 0;
      for await (const line of lines()) {
        count += 1;
        yield `${JSON.stringify(line)}\n`;
      }
      yield `${JSON.stringify({ end: true, lines: count } satisfies Line)}\n`;
    }
    return new Response(streamText(text()), { headers: { "content-type": "application/x-ndjson", "cache-control": "no-store" } });
  });

  app.post(merchantPaths.restore, operatorOnly(), async (c) => {
    const records: Extract<Line, { record: string }>[] = [];
    let head: Extract<Line, { format: string }> | undefined;
    let ended = false;
    let count = 0;
    let rows = 0;
    let objects = 0;
    let pieces: Uint8Array[] = [];
    const broken = (message: string) => refuse(422, "backup-broken", `${message} No shop was made of it.`);
    try {
      for await (const { line, text } of readLines(c.req.raw.body, LIMITS)) {
        const json = parseJson(text);
        if (!json.ok || typeof json.value !== "object" || json.value === null) return broken(`Line ${line} is no part of a backup.`);
        const value = json.value as Line;
        if (head === undefined) {
          if (!("format" in value) || value.format !== FORMAT || !new RegExp(SHOP_ID_PATTERN).test(value.shop) || !(value.shards >= 1 && value.shards <= 64)) return broken(`The file does not begin as a backup does (${FORMAT}).`);
          if (await shopById(c.env.DB, value.shop)) return refuse(409, "shop-exists", `There is a shop "${value.shop}" here already.`);
          head = value;
          for (let shard = 0; shard < head.shards; shard += 1) await ledgerOf(c.env, head.shop, shard).beginRestore();
        } else if ("record" in value) {
          if (!RECORDS.includes(value.record)) return broken(`Line ${line} is of a table that this edge does not have.`);
          records.push(value);
        } else if ("table" in value) {
          if (!(value.shard >= 0 && value.shard < head.shards)) return broken(`Line ${line} is of a shard that the backup does not have.`);
          rows += await ledgerOf(c.env, head.shop, value.shard).restore(value.table, value.rows);
        } else if ("object" in value) {
          if (!objectPrefixes(head.shop).some((prefix) => value.object.startsWith(prefix))) return broken(`Line ${line} is an object of another shop.`);
          pieces.push(fromBase64Url(value.bytes));
          if (value.last) {
            await c.env.FILES.put(value.object, await new Blob(pieces as Uint8Array<ArrayBuffer>[]).arrayBuffer());
            objects += 1;
            pieces = [];
          }
        } else if ("end" in value) {
          ended = value.lines === count;
        }
        count += 1;
      }
    } catch (error) {
      if (!(error instanceof BodyTooLargeError)) throw error;
      return broken(error.message);
    }
    if (head === undefined || !ended) return broken("The backup was cut off.");
    for (let shard = 0; shard < head.shards; shard += 1) await ledgerOf(c.env, head.shop, shard).endRestore(services.now());
    // Last, so that nobody sees half a shop.
    await c.env.DB.batch(records.map(({ record, row }) => c.env.DB
      .prepare(`INSERT INTO ${record} (${Object.keys(row).map(columnName).join(", ")}) VALUES (${Object.keys(row).map((_, index) => `?${index + 1}`).join(", ")})`).bind(...Object.values(row))));
    services.shops.clear();
    return c.json({ shop: head.shop, rows, objects }, 201);
  });
}

/** @throws Error for what is no column's name: it stands in a statement */
function columnName(name: string): string {
  if (!/^[a-z0-9_]+$/.test(name)) throw new Error("a record of the backup has a column of no possible name");
  return name;
}

async function* parts(object: string, body: ReadableStream<Uint8Array>): AsyncGenerator<Line> {
  let held: Uint8Array[] = [];
  let bytes = 0;
  const joined = () => {
    const whole = new Uint8Array(bytes);
    let at = 0;
    for (const piece of held) {
      whole.set(piece, at);
      at += piece.byteLength;
    }
    [held, bytes] = [[], 0];
    return toBase64Url(whole);
  };
  for await (const chunk of body) {
    if (bytes >= OBJECT_PART_BYTES) yield { object, bytes: joined(), last: false };
    held.push(chunk);
    bytes += chunk.byteLength;
  }
  yield { object, bytes: joined(), last: true };
}
