/** `POST …/import`: a shop's past, counted by the ledger as everything else is. */
import { routes, type ImportReport } from "../../core/api.ts";
import { BATCH_SCHEMA, type BatchHead, type ShopEvent } from "../../core/events.ts";
import { parse, type ObjectSchema, type Parsed } from "../../core/schema.ts";
import { merchantOnly } from "../access.ts";
import type { App, Services } from "../app.ts";
import { judgeBatch } from "../batch.ts";
import { BodyTooLargeError, parseJson, readLines } from "../body.ts";
import type { LedgerBatch } from "../ledger/contract.ts";
import { DAY_MS } from "../ledger/clock.ts";
import { refuse } from "../refusal.ts";
import { createRepublisher } from "../republish.ts";
import { shardsOf } from "../shards.ts";

const MAX_IMPORT_BYTES = 64 * 1024 * 1024;
/** A line becomes one row of the journal, and a row may hold 2 MB. */
const MAX_LINE_CHARS = 512 * 1024;
/** Events that one call to the ledger counts, in one transaction. */
const EVENTS_PER_CALL = 2_000;
const MAX_ERRORS_REPORTED = 100;

const { key: _key, ...headProperties } = BATCH_SCHEMA.properties;
const LINE_SCHEMA = { type: "object", required: ["clientId", "sentAtMs"], properties: headProperties } as const satisfies ObjectSchema;

export function importRoutes(app: App, services: Services): void {
  const republish = createRepublisher(services);

  app.post(routes.admin.import(":shop"), merchantOnly(services), async (c) => {
    const shop = c.get("shop");
    const receivedAtMs = services.now();
    const report: ImportReport = { accepted: 0, duplicate: 0, conflicts: 0, rejected: 0, errors: [] };
    const note = (line: number, seq: number | null, code: string, message: string) => {
      report.rejected += 1;
      if (report.errors.length < MAX_ERRORS_REPORTED) report.errors.push({ line, seq, code, message });
    };
    const tooNew = ({ occurredAtMs }: ShopEvent) => (occurredAtMs > receivedAtMs + DAY_MS ? { code: "in-the-future", message: `occurredAtMs ${occurredAtMs} is more than a day ahead` } : null);

    let batches: { line: number; batch: LedgerBatch }[] = [];
    let events = 0;
    const flush = async () => {
      if (batches.length === 0) return;
      const receipts = await shardsOf(c.env, shop, services.sleep).count({
        shop: { id: shop.id, currency: shop.currency }, receivedAtMs, imported: true, dailyEventsPerClient: Infinity, batches: batches.map(({ batch }) => batch),
      });
      receipts.forEach((receipt, index) => {
        if (!receipt) {
          const { line, batch } = batches[index]!;
          for (const { seq } of batch.events) note(line, seq, "client-erased", "this client's data have been erased, and stay so for a week");
          return;
        }
        report.accepted += receipt.accepted;
        report.duplicate += receipt.duplicate;
        report.conflicts += receipt.conflicts.length;
        for (const { seq, code, message } of receipt.rejected) note(batches[index]!.line, seq, code, message);
      });
      batches = [];
      events = 0;
    };

    try {
      for await (const { line, text } of readLines(c.req.raw.body, { maxLineChars: MAX_LINE_CHARS, maxBytes: MAX_IMPORT_BYTES })) {
        const json = parseJson(text);
        if (!json.ok) {
          note(line, null, "invalid-json", "is not JSON");
          continue;
        }
        const head = parse(LINE_SCHEMA, json.value, "batch") as Parsed<Omit<BatchHead, "key">>;
        if (!head.ok) {
          note(line, null, "invalid-batch", `${head.path} ${head.message}`);
          continue;
        }
        const given = (json.value as { events?: unknown }).events;
        if (!Array.isArray(given)) {
          note(line, null, "invalid-batch", "batch.events must be a list");
          continue;
        }
        const judged = judgeBatch(head.value, given, tooNew);
        for (const { seq, code, message } of judged.rejected) note(line, seq, code, message);
        batches.push({ line, batch: judged.batch });
        events += given.length;
        if (events >= EVENTS_PER_CALL) await flush();
      }
    } catch (error) {
      if (!(error instanceof BodyTooLargeError)) throw error;
      await flush();
      return refuse(413, "import-too-large", `${error.message} What came before it was counted; send the rest in smaller pieces. Counting is by number, so sending all again does no harm.`);
    }
    await flush();
    republish.soon(c.env, (promise) => c.executionCtx.waitUntil(promise), shop.id);
    return c.json(report);
  });
}
