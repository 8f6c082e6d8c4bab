/** Recommendations from the edge: for devices that can't compute them, and before the engine is up. Nothing is stored. */
import { RECOMMEND_SCHEMA, routes, type RecommendResponse } from "../../core/api.ts";
import { parse } from "../../core/schema.ts";
import { recommend } from "../../core/ranking/recommend.ts";
import type { Placement } from "../../core/slate.ts";
import type { App, Services } from "../app.ts";
import { parseJson, readBounded } from "../body.ts";
import { ANY_ORIGIN, preflight, shopOriginHeaders } from "../cors.ts";
import { numberVariable, type Env } from "../env.ts";
import { createRateLimiter, networkOf } from "../rate-limit.ts";
import { refuse } from "../refusal.ts";

const MAX_REQUEST_BYTES = 64 * 1024;
/** Items of the answers that are the same for everybody. */
const PUBLIC_ITEMS = 12;
const PUBLIC_CACHE = "public, max-age=300";

export function recommendRoutes(app: App, { now, shops, shelves }: Services): void {
  const limiter = createRateLimiter(now);

  app.options(routes.recommend, async (c) => {
    const origin = c.req.header("origin");
    if (origin === undefined || !(await shops.isShopOrigin(c.env.DB, origin))) return refuse(403, "foreign-origin", "No shop here allows this origin.");
    return preflight(origin);
  });

  app.post(routes.recommend, async (c) => {
    const body = await readBounded(c.req.raw, MAX_REQUEST_BYTES);
    if (!body.ok) return refuse(413, "request-too-large", `A request may hold ${MAX_REQUEST_BYTES} bytes. Send a shorter history.`);
    const json = parseJson(body.bytes);
    if (!json.ok) return refuse(400, "invalid-json", "The body is not JSON in UTF-8.");
    const parsed = parse(RECOMMEND_SCHEMA, json.value, "request");
    if (!parsed.ok) return refuse(400, "invalid-request", `${parsed.path} ${parsed.message}.`);
    const request = parsed.value;
    const shop = await shops.byWriteKey(c.env.DB, request.key);
    if (!shop) return refuse(401, "unknown-key", "This write key belongs to no shop here. Copy the tag again from the dashboard.");
    const origin = c.req.header("origin");
    if (origin === undefined || !shop.origins.includes(origin)) return refuse(403, "foreign-origin", `The shop does not allow requests from ${origin ?? "a request without an Origin"}. Add the origin to the shop.`);
    const headers = shopOriginHeaders(origin);
    const waitMs = limiter.take([
      { name: `network ${networkOf(c.req.header("cf-connecting-ip") ?? "unknown")}`, perMinute: numberVariable(c.env, "RATE_LIMIT_PER_NETWORK") },
      { name: `key ${shop.id}`, perMinute: numberVariable(c.env, "RATE_LIMIT_PER_KEY") },
    ]);
    if (waitMs > 0) return refuse(429, "rate-limited", "Too many requests in this minute. Wait, or show popular products.", { retry: true, retryAfterSeconds: waitMs / 1000, headers });
    const placement = shop.placements.find(({ id }) => id === request.placement);
    if (!placement) return refuse(404, "unknown-placement", `The shop has no placement "${request.placement}".`, { headers });
    const shelf = await shelves.of(c.env, shop);
    if (!shelf) return refuse(404, "no-catalogue", "The shop has no catalogue yet. Import one.", { retry: true, headers });

    const nowMs = now();
    const history = (request.history ?? []).map(({ item_id, kind, ageMs }) => ({ item_id, kind, atMs: nowMs - ageMs })).sort((a, b) => a.atMs - b.atMs);
    const context = { cart: request.cart ?? [], dismissed: request.dismissed ?? [], shown: request.shown ?? [], history, nowMs, ...(request.itemId === undefined ? {} : { itemId: request.itemId }) };
    const answer: RecommendResponse = await recommend(shelf, placement, context, "treatment");
    return c.json(answer, 200, { ...headers, "cache-control": "no-store" });
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
