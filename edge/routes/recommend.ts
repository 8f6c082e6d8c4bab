/** Recommendations from the edge: for devices that can't compute them, and before the engine is up. Nothing is stored. */
import { RECOMMEND_SCHEMA, routes, type RecommendRequest, type RecommendResponse } from "../../core/api.ts";
import type { HistoryEntry } from "../../core/history.ts";
import { recommend } from "../../core/ranking/recommend.ts";
import type { Placement } from "../../core/slate.ts";
import type { App, Services } from "../app.ts";
import { ANY_ORIGIN } from "../cors.ts";
import { numberVariable, type Env } from "../env.ts";
import { publicPost } from "../public-post.ts";
import { refuse } from "../refusal.ts";

/** Room for as many ids as the schema allows, each as long as it may be. */
export const MAX_REQUEST_BYTES = 128 * 1024;
/** Items of the answers that are the same for everybody. */
const PUBLIC_ITEMS = 12;
export const PUBLIC_CACHE = "public, max-age=300";

export function recommendRoutes(app: App, services: Services): void {
  const { now, shops, shelves } = services;
  const requests = publicPost(app, services, {
    path: routes.recommend,
    noun: "request",
    schema: RECOMMEND_SCHEMA,
    maxBytes: MAX_REQUEST_BYTES,
    shorten: "Send a shorter history.",
    whenLimited: "Wait, or show popular products.",
  });

  app.post(routes.recommend, async (c) => {
    const received = await requests.receive(c);
    if (!received.ok) return received.refusal;
    const { shop, value: request } = received;
    const limited = requests.limit([{ name: `key ${shop.id}`, perMinute: numberVariable(c.env, "RATE_LIMIT_PER_KEY") }]);
    if (limited) return limited;
    const placement = shop.placements.find(({ id }) => id === request.placement);
    if (!placement) return refuse(404, "unknown-placement", `The shop has no placement "${request.placement}".`);
    const shelf = await shelves.of(c.env, shop);
    if (!shelf) return refuse(404, "no-catalogue", "The shop has no catalogue yet. Import one.", { retry: true });

    const nowMs = now();
    const history = historySent(request.history ?? [], nowMs);
    const context = { cart: request.cart ?? [], dismissed: request.dismissed ?? [], shown: request.shown ?? [], history, nowMs, ...(request.itemId === undefined ? {} : { itemId: request.itemId }) };
    const answer: RecommendResponse = await recommend(shelf, placement, context, "treatment", undefined, { because: true });
    return c.json(answer, 200, { "cache-control": "no-store" });
  });

  const publicSlate = async (env: Env, key: string, placement: Pick<Placement, "id" | "strategy" | "k">, itemId?: string): Promise<Response> => {
    const shop = await shops.byWriteKey(env.DB, key);
    if (!shop) return refuse(404, "unknown-key", "This write key belongs to no shop here. Copy the tag again from the dashboard.", { headers: ANY_ORIGIN });
    const shelf = await shelves.of(env, shop);
    if (!shelf) return refuse(404, "no-catalogue", "The shop has no catalogue yet. Import one.", { retry: true, headers: ANY_ORIGIN });
    // A large shop's tail has no cards here, but the model knows it.
    const known = itemId === undefined || shelf.cardOf(itemId) !== undefined || shelf.model?.model.indexOf.has(itemId) === true;
    if (!known) return refuse(404, "unknown-item", `Neither the shop's cards nor its model have a product "${itemId}".`, { headers: ANY_ORIGIN });
    const context = { cart: [], dismissed: [], shown: [], history: [], nowMs: now(), ...(itemId === undefined ? {} : { itemId }) };
    return Response.json(await recommend(shelf, placement, context, "treatment"), { headers: { ...ANY_ORIGIN, "cache-control": PUBLIC_CACHE } });
  };
  app.get(routes.popular(":key"), (c) => publicSlate(c.env, c.req.param("key") ?? "", { id: "popular", strategy: "popular", k: PUBLIC_ITEMS }));
  app.get(decodeURIComponent(routes.related(":key", ":itemId")), (c) => publicSlate(c.env, c.req.param("key") ?? "", { id: "related", strategy: "similar", k: PUBLIC_ITEMS }, c.req.param("itemId")));
}

/** A history as a device sends it, by the edge's clock, oldest first. */
export function historySent(history: NonNullable<RecommendRequest["history"]>, nowMs: number): HistoryEntry[] {
  return history.map(({ item_id, kind, ageMs }) => ({ item_id, kind, atMs: nowMs - ageMs })).sort((a, b) => a.atMs - b.atMs);
}
