/** `GET …/export/events?cursor=`: everything counted, in the order it was counted, page by page. */
import { EXPORT_CURSOR_HEADER, EXPORT_MORE_HEADER, routes } from "../../core/api.ts";
import { merchantOnly } from "../access.ts";
import type { App, Services } from "../app.ts";
import { refuse } from "../refusal.ts";
import { shardsOf } from "../shards.ts";
import { MissingObjectError } from "../catalogue/store.ts";

export function exportRoutes(app: App, services: Services): void {
  app.get(routes.admin.export(":shop"), merchantOnly(services), async (c) => {
    const given = c.req.query("cursor") || "0";
    const cursor = given.split(".").map(Number);
    if (!CURSOR.test(given)) return refuse(400, "invalid-cursor", `A cursor is what the header ${EXPORT_CURSOR_HEADER} of the page before said; leave it out to begin.`);
    const ledger = shardsOf(c.env, c.get("shop"), services.sleep);
    let page = await ledger.exportPage(cursor);
    let object = page.kind === "segment" ? await c.env.FILES.get(page.object) : null;
    if (page.kind === "segment" && !object) {
      // An erasure has put another object in its place since.
      page = await ledger.exportPage(cursor);
      object = page.kind === "segment" ? await c.env.FILES.get(page.object) : null;
    }
    let body: string | ReadableStream;
    if (page.kind === "lines") {
      body = page.text;
    } else {
      if (!object) throw new MissingObjectError(`the segment ${page.object} is not in R2`);
      body = object.body.pipeThrough(new DecompressionStream("gzip")).pipeThrough(skipLines(page.skipLines));
    }
    return new Response(body, {
      headers: { "content-type": "application/x-ndjson", "cache-control": "no-store", [EXPORT_CURSOR_HEADER]: page.cursor.join("."), [EXPORT_MORE_HEADER]: page.more ? "1" : "0" },
    });
  });
}

/** A row of each shard, from the first on. */
const CURSOR = /^\d{1,15}(\.\d{1,15})*$/;

/** Leaves out the first lines of a stream. */
function skipLines(count: number): TransformStream<Uint8Array, Uint8Array> {
  let left = count;
  return new TransformStream({
    transform(chunk, controller) {
      let from = 0;
      while (left > 0 && from < chunk.length) {
        const end = chunk.indexOf(NEWLINE, from);
        if (end < 0) return;
        left -= 1;
        from = end + 1;
      }
      if (from < chunk.length) controller.enqueue(chunk.subarray(from));
    },
  });
}
const NEWLINE = 0x0a;
