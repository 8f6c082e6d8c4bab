import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { isbot } from "isbot";
import { afterEach, describe, expect, it } from "vitest";
import { BATCH_SCHEMA, MAX_BATCH_BYTES, MAX_EVENTS_PER_BATCH, parseEvent, type EventBatch } from "../../core/events.ts";
import { parse } from "../../core/schema.ts";
import type { ImportLine } from "../../core/api.ts";
import { SendError, sendLastDay } from "../../demo/shoppers/send.ts";

let server: Server | undefined;
afterEach(() => new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve())));

interface Received {
  headers: IncomingHttpHeaders;
  bytes: number;
  batch: EventBatch;
}

/** An edge that answers each POST as told: with a status and headers, or by counting the batch. */
async function listen(refuse: (n: number) => { status: number; headers?: Record<string, string> } | undefined): Promise<{ edge: string; received: Received[] }> {
  const received: Received[] = [];
  let n = 0;
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk)).on("end", () => {
      n += 1;
      const refusal = refuse(n);
      if (refusal) {
        response.writeHead(refusal.status, refusal.headers).end(JSON.stringify({ error: { code: "told-so", message: "No.", retry: refusal.status === 429 } }));
        return;
      }
      const body = Buffer.concat(chunks);
      const batch = JSON.parse(body.toString()) as EventBatch;
      received.push({ headers: request.headers, bytes: body.length, batch });
      response.end(JSON.stringify({ accepted: batch.events.length, duplicate: 0, conflicts: [], rejected: [], watermark: batch.events.at(-1)!.seq }));
    });
  });
  await new Promise<void>((resolve) => server!.listen(0, "127.0.0.1", resolve));
  return { edge: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received };
}

const line = (clientId: string, from: number, count: number, padding = 0): ImportLine => ({
  clientId, sentAtMs: 1,
  events: Array.from({ length: count }, (_, i) => ({ seq: from + i, name: "search", occurredAtMs: 1_000 + from + i, sessionId: "session-1", params: { search_term: "x".repeat(padding) } }) as ImportLine["events"][number]),
});
const common = { writeKey: "key-of-the-shop", origin: "http://shop.example", now: () => 5_000, wait: async () => undefined, random: () => 0.5 };

describe("sending a day as browsers do", () => {
  it("keeps to the limits of a POST and to each shopper's order", async () => {
    const { edge, received } = await listen(() => undefined);
    const lines = [line("client-one", 1, 50, 115), line("client-two", 1, 3), line("client-one", 51, 50, 115), line("client-three", 7, 120)];
    const progress: number[] = [];
    const report = await sendLastDay({ ...common, edge, lines, onProgress: (events) => progress.push(events) });
    expect(report).toMatchObject({ accepted: 223, duplicate: 0, conflicts: 0, rejected: [], retried: 0, batches: received.length });
    expect(progress.reduce((sum, n) => sum + n, 0)).toBe(223);
    const seen = new Map<string, number[]>();
    for (const { headers, bytes, batch } of received) {
      expect(bytes).toBeLessThanOrEqual(MAX_BATCH_BYTES);
      expect(batch.events.length).toBeLessThanOrEqual(MAX_EVENTS_PER_BATCH);
      expect(parse(BATCH_SCHEMA, batch).ok).toBe(true);
      expect(batch).toMatchObject({ key: "key-of-the-shop", sentAtMs: 5_000 });
      for (const event of batch.events) expect(parseEvent(event).ok).toBe(true);
      expect(headers.origin).toBe("http://shop.example");
      expect(headers["content-type"]).toContain("text/plain");
      expect(isbot(headers["user-agent"])).toBe(false);
      seen.set(batch.clientId, [...(seen.get(batch.clientId) ?? []), ...batch.events.map(({ seq }) => seq)]);
    }
    expect(seen.get("client-one")).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
    expect(seen.get("client-three")).toEqual(Array.from({ length: 120 }, (_, i) => i + 7));
  });

  it("cuts by bytes where events are long", async () => {
    const { edge, received } = await listen(() => undefined);
    const long = line("client-long", 1, 50);
    for (const event of long.events) Object.assign(event, { name: "view_item", params: { items: Array.from({ length: 30 }, (_, i) => ({ item_id: `item-${i}`, item_name: "ä".repeat(60) })) } });
    await sendLastDay({ ...common, edge, lines: [long] });
    expect(received.length).toBeGreaterThan(1);
    for (const { bytes } of received) expect(bytes).toBeLessThanOrEqual(MAX_BATCH_BYTES);
  });

  it("waits as long as it is asked to, then sends the same batch again", async () => {
    const { edge, received } = await listen((n) => (n === 1 ? { status: 429, headers: { "retry-after": "7" } } : n === 2 ? { status: 503 } : undefined));
    const waits: number[] = [];
    const report = await sendLastDay({ ...common, edge, lines: [line("client-one", 1, 3)], wait: async (ms) => void waits.push(ms) });
    expect(report).toMatchObject({ accepted: 3, retried: 2, batches: 1 });
    expect(received[0]!.batch.events.map(({ seq }) => seq)).toEqual([1, 2, 3]);
    expect(waits[0]).toBe(7_000);
    expect(waits[1]).toBeLessThan(1_000);
  });

  it("stops with the edge's own words when it is refused for good", async () => {
    const { edge } = await listen(() => ({ status: 403 }));
    await expect(sendLastDay({ ...common, edge, lines: [line("client-one", 1, 3)] })).rejects.toThrow(new SendError("The edge refused a batch: No. (told-so, 403)"));
  });
});
