/** What one would write first: Hono, D1, one row an event. It dedupes by primary key, and validates, sums and archives nothing. */
import { Hono } from "hono";

/** The part of D1 that this needs; the benchmarks are checked without Workers' types. */
interface Database {
  prepare(sql: string): { bind(...values: unknown[]): { run(): Promise<unknown> } };
}

const app = new Hono<{ Bindings: { DB: Database } }>();
app.get("/health", (c) => c.json({ ok: true }));
app.post("/v1/events", async (c) => {
  const { clientId, events } = await c.req.json<{ clientId: string; events: { seq: number; name: string; occurredAtMs: number; params: object }[] }>();
  await c.env.DB
    .prepare(`INSERT OR IGNORE INTO event (client_id, seq, name, occurred_at_ms, params) SELECT ?1, value ->> 'seq', value ->> 'name', value ->> 'occurredAtMs', value ->> 'params' FROM json_each(?2)`)
    .bind(clientId, JSON.stringify(events))
    .run();
  return c.json({ accepted: events.length });
});
export default app;
