/** `POST /v1/events`: what tags send. */
import { isbot } from "isbot";
import { routes } from "../../core/api.ts";
import { BATCH_SCHEMA, MAX_BATCH_BYTES, MAX_EVENTS_PER_BATCH, type BatchReceipt } from "../../core/events.ts";
import { parse } from "../../core/schema.ts";
import type { App, Services } from "../app.ts";
import { judgeBatch } from "../batch.ts";
import { parseJson, readBounded } from "../body.ts";
import { preflight, shopOriginHeaders } from "../cors.ts";
import { numberVariable } from "../env.ts";
import { ledgerOf } from "../ledger-stub.ts";
import { createRateLimiter, networkOf } from "../rate-limit.ts";
import { refuse } from "../refusal.ts";

export function eventRoutes(app: App, { now, shops, refusals }: Services): void {
  const limiter = createRateLimiter(now);

  app.options(routes.events, async (c) => {
    const origin = c.req.header("origin");
    if (origin === undefined || !(await shops.isShopOrigin(c.env.DB, origin))) return refuse(403, "foreign-origin", "No shop here allows this origin.");
    return preflight(origin);
  });

  app.post(routes.events, async (c) => {
    const receivedAtMs = now();
    const body = await readBounded(c.req.raw, MAX_BATCH_BYTES);
    if (!body.ok) return refuse(413, "batch-too-large", `A batch may hold ${MAX_BATCH_BYTES} bytes. Send fewer events at once.`);
    const json = parseJson(body.bytes);
    if (!json.ok) return refuse(400, "invalid-json", "The body is not JSON in UTF-8.");
    const head = parse(BATCH_SCHEMA, json.value, "batch");
    if (!head.ok) return refuse(400, "invalid-batch", `${head.path} ${head.message}.`);
    const { events } = json.value as { events?: unknown };
    if (!Array.isArray(events)) return refuse(400, "invalid-batch", "batch.events must be a list.");

    const shop = await shops.byWriteKey(c.env.DB, head.value.key);
    if (!shop) return refuse(401, "unknown-key", "This write key belongs to no shop here. Copy the tag again from the dashboard.");
    const dropAll = (reason: string) => refusals.add({ env: c.env, waitUntil: (promise) => c.executionCtx.waitUntil(promise) }, shop.id, reason, events.length);

    const origin = c.req.header("origin");
    if (origin === undefined || !shop.origins.includes(origin)) {
      dropAll("foreign-origin");
      return refuse(403, "foreign-origin", `The shop does not allow events from ${origin ?? "a request without an Origin"}. Add the origin to the shop.`);
    }
    const headers = shopOriginHeaders(origin);
    if (isbot(c.req.header("user-agent"))) {
      dropAll("bot");
      return refuse(403, "bot", "Events of crawlers are not counted.", { headers });
    }
    if (events.length > MAX_EVENTS_PER_BATCH) return refuse(413, "too-many-events", `A batch may hold ${MAX_EVENTS_PER_BATCH} events, this one has ${events.length}.`, { headers });
    const waitMs = limiter.take([
      { name: `network ${networkOf(c.req.header("cf-connecting-ip") ?? "unknown")}`, perMinute: numberVariable(c.env, "RATE_LIMIT_PER_NETWORK") },
      { name: `client ${shop.id} ${head.value.clientId}`, perMinute: numberVariable(c.env, "RATE_LIMIT_PER_CLIENT") },
      { name: `key ${shop.id}`, perMinute: numberVariable(c.env, "RATE_LIMIT_PER_KEY") },
    ]);
    if (waitMs > 0) {
      // Not lost yet: the tag keeps them and comes back.
      dropAll("rate-limited");
      return refuse(429, "rate-limited", "Too many requests in this minute. Wait, then send the same batch again.", { retry: true, retryAfterSeconds: waitMs / 1000, headers });
    }

    const judged = judgeBatch(head.value, events);
    const [receipt] = await ledgerOf(c.env, shop.id).count({
      shop: { id: shop.id, currency: shop.currency }, receivedAtMs, imported: false, batches: [judged.batch], dropped: { rejected: judged.unnumbered },
    });
    const answer: BatchReceipt = { ...receipt!, rejected: [...judged.rejected, ...receipt!.rejected] };
    return c.json(answer, 200, { ...headers, "cache-control": "no-store" });
  });
}
