/** What one would write first: Hono and D1. It dedupes by primary key, and validates, sums and archives nothing. */
import { Hono } from "hono";

/** The parts of the platform that this needs; the benchmarks are checked without Workers' types. */
interface Statement { bind(...values: unknown[]): Statement; run(): Promise<unknown> }
interface Bindings {
  DB: { prepare(sql: string): Statement };
  HITS?: { writeDataPoint(point: { indexes: string[]; blobs: string[]; doubles: number[] }): void };
}
interface Body { clientId: string; events: { seq: number; name: string; occurredAtMs: number; params: object }[] }

const app = new Hono<{ Bindings: Bindings }>();
app.get("/health", (c) => c.json({ ok: true }));

/** All of a batch in one statement. */
app.post("/v1/events", async (c) => {
  const { clientId, events } = await c.req.json<Body>();
  await c.env.DB
    .prepare(`INSERT OR IGNORE INTO event (client_id, seq, name, occurred_at_ms, params) SELECT ?1, value ->> 'seq', value ->> 'name', value ->> 'occurredAtMs', value ->> 'params' FROM json_each(?2)`)
    .bind(clientId, JSON.stringify(events))
    .run();
  return c.json({ accepted: events.length });
});

/** A statement an event. */
app.post("/v1/events/each", async (c) => {
  const { clientId, events } = await c.req.json<Body>();
  for (const { seq, name, occurredAtMs, params } of events) {
    await c.env.DB.prepare(`INSERT OR IGNORE INTO event (client_id, seq, name, occurred_at_ms, params) VALUES (?1, ?2, ?3, ?4, ?5)`).bind(clientId, seq, name, occurredAtMs, JSON.stringify(params)).run();
  }
  return c.json({ accepted: events.length });
});

/**
 * A hit of a page, as a collector on Analytics Engine takes it: a GET with everything in its query, a data point, a picture of
 * one pixel. On this machine a data point is thrown away.
 */
app.get("/collect", (c) => {
  const query = c.req.query();
  const agent = c.req.header("user-agent") ?? "";
  const [browser = ""] = /(?:Firefox|Edg|Chrome|Safari)\/\d+/.exec(agent) ?? [];
  const since = c.req.header("if-modified-since");
  const isNew = since === undefined || Date.now() - Date.parse(since) > 30 * 60_000 ? 1 : 0;
  c.env.HITS?.writeDataPoint({ indexes: [query["sid"] ?? ""], blobs: [query["h"] ?? "", agent, query["p"] ?? "", "", query["r"] ?? "", browser, "", query["sid"] ?? ""], doubles: [isNew, isNew, 0] });
  return c.body(PIXEL.buffer as ArrayBuffer, 200, { "content-type": "image/gif", "cache-control": "no-cache", expires: "Mon, 01 Jan 1990 00:00:00 GMT", "last-modified": new Date().toUTCString() });
});
const PIXEL = Uint8Array.from(atob("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"), (character) => character.charCodeAt(0));

export default app;
