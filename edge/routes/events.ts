/** `POST /v1/events`: what tags send. */
import { isbot } from "isbot";
import { routes } from "../../core/api.ts";
import { BATCH_SCHEMA, MAX_BATCH_BYTES, MAX_EVENTS_PER_BATCH, type BatchHead, type BatchReceipt } from "../../core/events.ts";
import type { App, Services } from "../app.ts";
import { judgeBatch } from "../batch.ts";
import { numberVariable } from "../env.ts";
import { publicPost } from "../public-post.ts";
import { refuse } from "../refusal.ts";
import { shardsOf } from "../shards.ts";

export function eventRoutes(app: App, services: Services): void {
  const { now, refusals } = services;
  const batches = publicPost(app, services, {
    path: routes.events,
    noun: "batch",
    schema: BATCH_SCHEMA,
    maxBytes: MAX_BATCH_BYTES,
    shorten: "Send fewer events at once.",
    whenLimited: "Wait, then send the same batch again.",
    fromSandbox: ({ via }) => via === "shopify-pixel",
  });

  app.post(routes.events, async (c) => {
    const receivedAtMs = now();
    /** Tells the merchant of events that will not be counted; never more than a batch may hold, whatever the sender claims. */
    const drop = (shop: string, reason: string, batch: unknown) => {
      const events = eventsOf(batch);
      if (Array.isArray(events)) refusals.add({ env: c.env, waitUntil: (promise) => c.executionCtx.waitUntil(promise) }, shop, reason, (batch as BatchHead).clientId, events.slice(0, MAX_EVENTS_PER_BATCH));
    };

    const received = await batches.receive(c);
    if (!received.ok) {
      if (received.foreign) drop(received.foreign.shop.id, "foreign-origin", received.foreign.json);
      return received.refusal;
    }
    const { shop, value: head } = received;
    const events = eventsOf(received.json);
    if (!Array.isArray(events)) return refuse(400, "invalid-batch", "batch.events must be a list.");
    if (isbot(c.req.header("user-agent"))) {
      drop(shop.id, "bot", received.json);
      return refuse(403, "bot", "Events of crawlers are not counted.");
    }
    if (events.length > MAX_EVENTS_PER_BATCH) return refuse(413, "too-many-events", `A batch may hold ${MAX_EVENTS_PER_BATCH} events, this one has ${events.length}.`);
    // Not dropped: the tag keeps them and comes back.
    const limited = batches.limit([
      { name: `client ${shop.id} ${head.clientId}`, perMinute: numberVariable(c.env, "RATE_LIMIT_PER_CLIENT") },
      { name: `key ${shop.id}`, perMinute: numberVariable(c.env, "RATE_LIMIT_PER_KEY") },
    ]);
    if (limited) return limited;

    const judged = judgeBatch(head, events);
    const [receipt] = await shardsOf(c.env, shop, services.sleep).count({
      shop: { id: shop.id, currency: shop.currency }, receivedAtMs, imported: false, dailyEventsPerClient: numberVariable(c.env, "DAILY_EVENTS_PER_CLIENT"), batches: [judged.batch],
    });
    // Not dropped either: their sender wished them gone.
    if (!receipt) return refuse(410, "client-erased", "This client's data have been erased. Forget the client and its events; a new one may begin.");
    const answer: BatchReceipt = { ...receipt, rejected: [...judged.rejected, ...receipt.rejected] };
    return c.json(answer, 200, { "cache-control": "no-store" });
  });
}

/** A batch's events, of which the schema says nothing: each is judged by itself. */
function eventsOf(batch: unknown): unknown {
  return (batch as { events?: unknown }).events;
}
