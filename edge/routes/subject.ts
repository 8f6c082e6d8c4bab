/** `GET …/clients/:clientId`: all that is kept of one client, for the person who asks the shop for it. */
import { ID_PATTERN } from "../../core/ids.ts";
import { routes } from "../../core/api.ts";
import { merchantOnly } from "../access.ts";
import type { App, Services } from "../app.ts";
import { readLines } from "../body.ts";
import { ledgerOf } from "../ledger-stub.ts";
import { lineStart } from "../ledger/archive.ts";
import { MissingObjectError } from "../catalogue/store.ts";
import { refuse } from "../refusal.ts";
import { streamText } from "../stream.ts";

const CLIENT_ID = new RegExp(ID_PATTERN);
const LIMITS = { maxLineChars: 16 * 1024 * 1024, maxBytes: 1024 * 1024 * 1024 };

export function subjectRoutes(app: App, services: Services): void {
  app.get(routes.admin.client(":shop", ":clientId"), merchantOnly(services), async (c) => {
    const clientId = c.req.param("clientId") ?? "";
    if (!CLIENT_ID.test(clientId)) return refuse(400, "invalid-client", "A client's id is 8 to 64 letters, digits, - and _, as exports name it.");
    const { id, layout } = c.get("shop");
    const parts = await Promise.all(Array.from({ length: layout.ever }, (_, shard) => ledgerOf(c.env, id, shard).subject(clientId)));
    if (parts.every(({ rows, lines, objects }) => rows.length + lines.length + objects.length === 0)) return refuse(404, "unknown-client", "Nothing is kept of this client.");
    const start = lineStart(clientId);
    async function* text(): AsyncGenerator<string> {
      for (const { rows } of parts) for (const { table, row } of rows) yield `${JSON.stringify({ [table]: row })}\n`;
      for (const { objects, lines } of parts) {
        for (const name of objects) {
          const object = await c.env.FILES.get(name);
          if (!object) throw new MissingObjectError(`the segment ${name} is not in R2`);
          const unpacked = object.body.pipeThrough(new DecompressionStream("gzip") as unknown as ReadableWritablePair<Uint8Array, Uint8Array>);
          for await (const line of readLines(unpacked, LIMITS)) if (line.text.startsWith(start)) yield `${line.text}\n`;
        }
        for (const line of lines) yield `${line}\n`;
      }
    }
    return new Response(streamText(text()), { headers: { "content-type": "application/x-ndjson", "cache-control": "no-store" } });
  });
}
