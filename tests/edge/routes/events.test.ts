import { describe, expect, it } from "vitest";
import { MAX_BATCH_BYTES, MAX_EVENTS_PER_BATCH, OUTBOX_LIFETIME_MS, type EventSource } from "../../../core/events.ts";
import type { ApiError } from "../../../core/api.ts";
import { MAX_DAILY_TROUBLES } from "../../../edge/ledger/count.ts";
import { createShop, codeOf, event, NOON, pageViews, startEdge } from "../edge.ts";

const CLIENT = "client-0001";

describe("counting", () => {
  it("counts a redelivered batch once", async () => {
    const shop = await createShop(startEdge());
    expect(await shop.send(CLIENT, pageViews(1, 2, 3))).toEqual({ accepted: 3, duplicate: 0, conflicts: [], rejected: [], watermark: 3 });
    expect(await shop.send(CLIENT, pageViews(1, 2, 3))).toEqual({ accepted: 0, duplicate: 3, conflicts: [], rejected: [], watermark: 3 });
    expect((await shop.stats()).totals.events).toBe(3);
  });

  it("counts a redelivered batch once when it comes later, with another sending time", async () => {
    const edge = startEdge();
    const shop = await createShop(edge);
    await shop.send(CLIENT, pageViews(1, 2));
    edge.nowMs += 3_600_000;
    expect(await shop.send(CLIENT, pageViews(1, 2))).toMatchObject({ accepted: 0, duplicate: 2, conflicts: [] });
  });

  it("counts batches that arrive out of order, and moves the watermark when the gap closes", async () => {
    const shop = await createShop(startEdge());
    expect(await shop.send(CLIENT, pageViews(7, 8))).toMatchObject({ accepted: 2, watermark: 0 });
    expect(await shop.send(CLIENT, pageViews(4, 5))).toMatchObject({ accepted: 2, watermark: 0 });
    expect(await shop.send(CLIENT, pageViews(1, 2, 3))).toMatchObject({ accepted: 3, watermark: 5 });
    expect(await shop.send(CLIENT, pageViews(5, 6, 7))).toMatchObject({ accepted: 1, duplicate: 2, watermark: 8 });
    expect((await shop.stats()).totals.events).toBe(8);
  });

  it("reports a number reused with other content as a conflict, and keeps the first", async () => {
    const shop = await createShop(startEdge());
    await shop.send(CLIENT, [event(1, "search", { search_term: "lamp" }), ...pageViews(2)]);
    expect(await shop.send(CLIENT, [event(1, "search", { search_term: "chair" }), ...pageViews(2)])).toMatchObject({ accepted: 0, duplicate: 1, conflicts: [1] });
    const { lines } = await shop.export();
    expect(lines.flatMap(({ events }) => events)[0]!.params).toEqual({ search_term: "lamp" });
    expect((await shop.stats()).dropped).toEqual([{ reason: "conflict", count: 1 }]);
  });

  it("judges a number used twice within one batch", async () => {
    const shop = await createShop(startEdge());
    const receipt = await shop.send(CLIENT, [...pageViews(1, 1), event(1, "login", {})]);
    expect(receipt).toMatchObject({ accepted: 1, duplicate: 1, conflicts: [1] });
  });

  it("keeps the good events of a batch that holds bad ones, and passes the watermark over the bad", async () => {
    const shop = await createShop(startEdge());
    const events = [...pageViews(1), { ...event(2, "page_view", {}), name: "teleport" }, { seq: 3, name: "page_view" }, "nonsense", ...pageViews(4)];
    const answer = await shop.post({ key: shop.writeKey, clientId: CLIENT, sentAtMs: NOON, events });
    expect(await answer.json()).toMatchObject({
      accepted: 2, watermark: 4,
      rejected: [{ seq: 2, code: "unknown-event" }, { seq: 3, code: "invalid-event" }, { seq: null, code: "invalid-event" }],
    });
    const stats = await shop.stats();
    expect(stats.totals.events).toBe(2);
    expect(stats.dropped).toEqual([{ reason: "rejected", count: 3 }]);
  });

  it("counts void numbers once, by reason, and lets the watermark pass them", async () => {
    const shop = await createShop(startEdge());
    const voids = [{ from: 2, to: 4, reason: "unused" as const }, { from: 5, to: 5, reason: "expired" as const }];
    expect(await shop.send(CLIENT, pageViews(1, 6), { voids })).toMatchObject({ accepted: 2, watermark: 6 });
    await shop.send(CLIENT, [], { voids });
    expect((await shop.stats()).dropped).toEqual([{ reason: "unused", count: 3 }, { reason: "expired", count: 1 }]);
  });

  it("gives up the lowest gaps of a client that leaves more than it may, and says how many numbers that cost", async () => {
    const edge = startEdge();
    const shop = await createShop(edge);
    const even = Array.from({ length: 66 }, (_, i) => 2 * (i + 1));
    await shop.send(CLIENT, pageViews(...even.slice(0, 50)));
    const receipt = await shop.send(CLIENT, pageViews(...even.slice(50)));
    expect(receipt).toMatchObject({ accepted: 16, watermark: 4 });
    expect((await shop.stats()).dropped).toEqual([{ reason: "gap-closed", count: 2 }]);
  });

  it("refuses a number absurdly far ahead, and counts the rest", async () => {
    const shop = await createShop(startEdge());
    expect(await shop.send(CLIENT, pageViews(1, 9_000_000_000))).toMatchObject({ accepted: 1, watermark: 1, rejected: [{ seq: 9_000_000_000, code: "seq-too-far" }] });
  });

  it("counts a broken event as dropped however far ahead its number is", async () => {
    const shop = await createShop(startEdge());
    await shop.post({ key: shop.writeKey, clientId: CLIENT, sentAtMs: NOON, events: [{ seq: 9_000_000_000, name: "teleport" }] });
    expect((await shop.stats()).dropped).toEqual([{ reason: "rejected", count: 1 }]);
  });

  it("counts what was refused once, also when its answer was lost and it comes again, with or without a number", async () => {
    const shop = await createShop(startEdge());
    await shop.send(CLIENT, [event(1, "search", { search_term: "lamp" })]);
    const events = [event(1, "search", { search_term: "chair" }), "nonsense", "nonsense", { name: "teleport" }, { seq: 9_000_000_000, name: "teleport" }, event(9_000_000_001, "page_view", {}), { seq: 2, name: "teleport" }];
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      const answer = await shop.post({ key: shop.writeKey, clientId: CLIENT, sentAtMs: NOON + attempt, events });
      expect(await answer.json()).toMatchObject({ accepted: 0, conflicts: [1], watermark: 2 });
      expect((await shop.stats()).dropped).toEqual([{ reason: "rejected", count: 6 }, { reason: "conflict", count: 1 }]);
    }
    // What differs in a word is another one.
    await shop.post({ key: shop.writeKey, clientId: CLIENT, sentAtMs: NOON, events: ["nonsense", "more nonsense"] });
    expect((await shop.stats()).dropped[0]).toEqual({ reason: "rejected", count: 7 });
  });

  it("counts what a foreign page sends once, however often it tries", async () => {
    const shop = await createShop(startEdge());
    for (let attempt = 1; attempt <= 4; attempt += 1) await shop.post({ key: shop.writeKey, clientId: CLIENT, sentAtMs: NOON, events: pageViews(1, 2, attempt > 2 ? 3 : 2) }, { origin: "https://elsewhere.example" });
    expect((await shop.stats()).dropped).toEqual([{ reason: "foreign-origin", count: 3 }]);
  });

  it("keeps clients apart", async () => {
    const shop = await createShop(startEdge());
    await shop.send("client-000A", pageViews(1, 2));
    expect(await shop.send("client-000B", pageViews(1, 2))).toMatchObject({ accepted: 2, duplicate: 0 });
    expect((await shop.stats()).totals).toMatchObject({ events: 4, shoppers: 2 });
  });
});

describe("event time", () => {
  it("sets a client's wrong clock right by the batch's own delay", async () => {
    const shop = await createShop(startEdge());
    const clientNow = NOON - 400 * 864e5;
    await shop.send(CLIENT, [event(1, "page_view", {}, clientNow - 5_000)], { sentAtMs: clientNow });
    expect((await shop.export()).lines[0]!.events[0]!.occurredAtMs).toBe(NOON - 5_000);
  });

  it("lets no event be older than outboxes keep them, or later than now", async () => {
    const shop = await createShop(startEdge());
    await shop.send(CLIENT, [event(1, "page_view", {}, 1000), event(2, "page_view", {}, NOON + 864e5)]);
    expect((await shop.export()).lines[0]!.events.map(({ occurredAtMs }) => occurredAtMs)).toEqual([NOON - OUTBOX_LIFETIME_MS, NOON]);
  });
});

describe("refusals", () => {
  it("refuses a batch over the size limit before reading it, and takes one at the limit", async () => {
    const shop = await createShop(startEdge());
    const batch = { key: shop.writeKey, clientId: CLIENT, sentAtMs: NOON, events: pageViews(1), pad: "" };
    batch.pad = "x".repeat(MAX_BATCH_BYTES - JSON.stringify(batch).length);
    expect((await shop.post(batch)).status).toBe(200);
    const refused = await shop.post({ ...batch, pad: `${batch.pad}x` });
    expect(refused.status).toBe(413);
    expect(await codeOf(refused)).toBe("batch-too-large");
  });

  it("refuses more events than a batch may hold", async () => {
    const shop = await createShop(startEdge());
    const answer = await shop.post({ key: shop.writeKey, clientId: CLIENT, sentAtMs: NOON, events: pageViews(...Array.from({ length: 51 }, (_, i) => i + 1)) });
    expect(answer.status).toBe(413);
    expect(await codeOf(answer)).toBe("too-many-events");
    expect((await shop.export()).lines).toEqual([]);
  });

  it("takes what a pixel sends from a sandbox without an origin, and nothing else from there", async () => {
    const shop = await createShop(startEdge());
    const batch = { key: shop.writeKey, clientId: "client-0001", sentAtMs: NOON, events: pageViews(1) };
    expect((await shop.post({ ...batch, via: "shopify-pixel" }, { origin: "null" })).status).toBe(200);
    expect((await shop.post({ ...batch, events: pageViews(2) }, { origin: "null" })).status).toBe(403);
    expect((await shop.post({ ...batch, events: pageViews(2), via: "shopify-pixel" }, { origin: "https://elsewhere.example" })).status).toBe(403);
    expect((await shop.stats()).totals.events).toBe(1);
  });

  it("refuses a foreign origin, and tells the merchant", async () => {
    const shop = await createShop(startEdge());
    const answer = await shop.post({ key: shop.writeKey, clientId: CLIENT, sentAtMs: NOON, events: pageViews(1, 2) }, { origin: "https://elsewhere.example" });
    expect(answer.status).toBe(403);
    expect(await codeOf(answer)).toBe("foreign-origin");
    expect((await shop.stats()).dropped).toEqual([{ reason: "foreign-origin", count: 2 }]);
  });

  it("believes no sender that it dropped more events than one batch may hold, nor more batches than its network may send", async () => {
    const shop = await createShop(startEdge(NOON, { RATE_LIMIT_PER_NETWORK: "3" }));
    const post = () => shop.post({ key: shop.writeKey, clientId: CLIENT, sentAtMs: NOON, events: new Array(20_000).fill(1) }, { origin: "https://elsewhere.example" });
    const statuses: number[] = [];
    for (let i = 0; i < 5; i += 1) statuses.push((await post()).status);
    expect(statuses).toEqual([403, 403, 403, 429, 429]);
    expect((await shop.stats()).dropped).toEqual([{ reason: "foreign-origin", count: 3 * MAX_EVENTS_PER_BATCH }]);
  });

  it("refuses an unknown write key", async () => {
    const shop = await createShop(startEdge());
    const answer = await shop.post({ key: "made-up", clientId: CLIENT, sentAtMs: NOON, events: pageViews(1) });
    expect(answer.status).toBe(401);
    expect(await codeOf(answer)).toBe("unknown-key");
  });

  it("does not count crawlers, and says how many of their events it left out", async () => {
    const shop = await createShop(startEdge());
    const answer = await shop.post({ key: shop.writeKey, clientId: CLIENT, sentAtMs: NOON, events: pageViews(1, 2, 3) }, { "user-agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)" });
    expect(await codeOf(answer)).toBe("bot");
    expect(await shop.stats()).toMatchObject({ totals: { events: 0 }, dropped: [{ reason: "bot", count: 3 }] });
  });

  it("answers 429 with Retry-After past the limit, takes the batch a minute later, and calls nothing of it dropped", async () => {
    const edge = startEdge();
    const shop = await createShop(edge);
    for (let seq = 1; seq <= 50; seq += 1) await shop.send(CLIENT, pageViews(seq));
    const batch = { key: shop.writeKey, clientId: CLIENT, sentAtMs: NOON, events: pageViews(51) };
    const answer = await shop.post(batch);
    expect(answer.status).toBe(429);
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await answer.json<ApiError>()).toMatchObject({ error: { code: "rate-limited", retry: true } });
    await shop.send("client-0002", pageViews(1));
    edge.nowMs += 60_000;
    expect((await shop.post(batch)).status).toBe(200);
    expect(await shop.stats()).toMatchObject({ totals: { events: 52 }, dropped: [] });
  });
});

describe("personal data", () => {
  it("keeps addresses and numbers out of storage, and leaves ids alone", async () => {
    const shop = await createShop(startEdge());
    await shop.send(CLIENT, [
      { ...event(1, "search", { search_term: "gift for ann.lee@mail.example" }), page: { type: "search", path: "/find/ann.lee%40mail.example" } },
      { ...event(2, "view_item", { items: [{ item_id: "4111111111111111" }] }), page: { type: "product", path: "/p/4006381333931" } },
      { ...event(3, "page_view", {}), page: { type: "account", path: "/cards/4111-1111-1111-1111/+49 170 1234567" } },
    ]);
    const text = JSON.stringify((await shop.export()).lines);
    expect(text).not.toMatch(/ann\.lee|4111-1111|170 1234567/);
    expect(text).toContain('"item_id":"4111111111111111"');
    expect(text).toContain("/p/4006381333931");
  });

  it("stay out of every text that a page may have written them into", async () => {
    const shop = await createShop(startEdge());
    const [mail, card] = ["ann.lee@mail.example", "4111 1111 1111 1111"];
    const both = `${mail} ${card}`;
    const list = { item_list_id: "list-1", item_list_name: both, items: [{ item_id: "p1", item_list_name: both }] };
    await shop.send(CLIENT, [
      event(1, "script_error", { message: `cannot greet ${both} at https://shop.example/account?token=s3cret&mail=x`, source: `https://shop.example/u/${mail}/app.js?token=s3cret`, line: 12 }),
      event(2, "form_abandon", { form: `form#${mail}`, field: both, fields: ["email", both] }),
      event(3, "rage_click", { element: `button[aria-label="${both}"]`, clicks: 4 }),
      event(4, "dead_click", { element: `a.${mail}` }),
      event(5, "view_item", { items: [{ item_id: "p1" }], conflicts: ["price", mail] }),
      event(6, "view_item_list", list), event(7, "select_item", list),
      event(8, "add_payment_info", { payment_type: both }), event(9, "add_shipping_info", { shipping_tier: both }), event(10, "login", { method: both }),
      event(11, "page_view", { page_title: both, page_referrer: `https://shop.example/${mail}` }), event(12, "view_search_results", { search_term: both, results: 0 }),
    ]);
    const { lines } = await shop.export();
    const text = JSON.stringify(lines);
    expect(lines[0]!.events).toHaveLength(12);
    expect(text).not.toMatch(/ann\.lee|4111|s3cret/);
    expect(text).toContain("cannot greet [email] [number] at https://shop.example/account");
    expect(text).toContain('"fields":["email","[email] [number]"]');
  });

  it("make no event too long to be exported as one", async () => {
    const shop = await createShop(startEdge());
    const message = "a@b.cd ".repeat(71);
    await shop.send(CLIENT, [event(1, "script_error", { message: message.slice(0, 500) })]);
    const [stored] = (await shop.export()).lines[0]!.events;
    expect((stored!.params as { message: string }).message).toHaveLength(500);
  });
});

describe("what the tag sees by itself", () => {
  it("is stored, without a source that it cannot have", async () => {
    const shop = await createShop(startEdge());
    const events = [
      event(1, "user_engagement", { engagement_time_msec: 5_000, percent_scrolled: 80 }), event(2, "web_vitals", { ttfb: 100, fcp: 100.6, lcp: 100, cls: 0.1 }),
      event(3, "script_error", { message: "x is not defined" }), event(4, "page_view", {}),
    ];
    await shop.send(CLIENT, events.map((one) => ({ ...one, source: "data-layer" as const })));
    expect((await shop.export()).lines[0]!.events.map(({ name, source }) => [name, source])).toEqual([["user_engagement", undefined], ["web_vitals", undefined], ["script_error", undefined], ["page_view", "data-layer"]]);
  });

  it("is refused where it cannot have happened", async () => {
    const shop = await createShop(startEdge());
    const receipt = await shop.send(CLIENT, [event(1, "web_vitals", { ttfb: 302, fcp: 300 }), event(2, "web_vitals", { ttfb: 301, fcp: 300, lcp: 250 }), event(3, "web_vitals", {}), event(4, "web_vitals", { fcp: 300 })]);
    expect(receipt).toMatchObject({ accepted: 3, watermark: 4, rejected: [{ seq: 1, code: "impossible-order" }] });
  });

  it("is kept of one browser only up to a daily limit, whatever a broken page repeats; nothing else is touched by that", async () => {
    const edge = startEdge();
    const shop = await createShop(edge);
    const errors = (from: number, count: number) => Array.from({ length: count }, (_, i) => event(from + i, "script_error", { message: "again" }));
    for (let from = 1; from < MAX_DAILY_TROUBLES; from += 50) await shop.send(CLIENT, errors(from, 50));
    const over = [...errors(MAX_DAILY_TROUBLES + 1, 1), event(MAX_DAILY_TROUBLES + 2, "rage_click", { element: "a", clicks: 5 }), ...pageViews(MAX_DAILY_TROUBLES + 3)];
    expect(await shop.send(CLIENT, over)).toMatchObject({ accepted: 1, watermark: MAX_DAILY_TROUBLES + 3, rejected: [{ code: "flood" }, { code: "flood" }] });
    // The answer was lost, and it comes again.
    expect(await shop.send(CLIENT, over)).toMatchObject({ accepted: 0, duplicate: 3, rejected: [] });
    expect(await shop.send("client-0002", errors(1, 1))).toMatchObject({ accepted: 1 });
    expect(await shop.stats()).toMatchObject({ totals: { events: MAX_DAILY_TROUBLES + 2 }, dropped: [{ reason: "flood", count: 2 }] });
    edge.nowMs += 864e5;
    expect(await shop.send(CLIENT, [event(MAX_DAILY_TROUBLES + 4, "script_error", { message: "again" }, edge.nowMs)])).toMatchObject({ accepted: 1 });
  });

  it("and how well the pages were read is told by source, without a row more than the batch costs anyway", async () => {
    const shop = await createShop(startEdge());
    const view = (seq: number, source: EventSource, conflicts?: string[]) => ({ ...event(seq, "view_item", { items: [{ item_id: "p1" }], ...(conflicts && { conflicts }) }), source });
    await shop.send(CLIENT, [view(1, "json-ld", ["price"]), view(2, "json-ld"), view(3, "data-layer", ["price", "brand"]), event(4, "view_search_results", { search_term: "lamp", results: 0 }), event(5, "view_search_results", { search_term: "lamp", results: 3 }), ...pageViews(6)]);
    expect(await shop.stats()).toMatchObject({ sources: [{ source: "data-layer", events: 1 }, { source: "json-ld", events: 2 }], conflicts: 2, emptySearches: 1 });
  });
});
