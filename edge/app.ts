/** The edge's wiring: every route, and the one place where errors end. */
import { Hono } from "hono";
import { matchedRoutes } from "hono/route";
import type { Scope } from "../core/merchant-api.ts";
import type { Fetch } from "./catalogue/fetch-feed.ts";
import type { Env } from "./env.ts";
import type { Shop } from "./db/shops.ts";
import { createShopCache, type ShopCache } from "./shop-cache.ts";
import { createRefusalTally, type RefusalTally } from "./refusal-tally.ts";
import { createShelfCache, type ShelfCache } from "./shelf.ts";
import { log } from "./log.ts";
import { platformTrouble } from "./platform-errors.ts";
import { refuse } from "./refusal.ts";
import { assetRoutes } from "./routes/assets.ts";
import { candidateRoutes } from "./routes/candidates.ts";
import { catalogueRoutes } from "./routes/catalogue.ts";
import { configRoutes } from "./routes/config.ts";
import { erasureRoutes } from "./routes/erasure.ts";
import { eventRoutes } from "./routes/events.ts";
import { exportRoutes } from "./routes/export.ts";
import { fileRoutes } from "./routes/files.ts";
import { importRoutes } from "./routes/import.ts";
import { loginRoutes } from "./routes/login.ts";
import { modelRoutes } from "./routes/models.ts";
import { backupRoutes } from "./routes/backup.ts";
import { operationRoutes } from "./routes/operations.ts";
import { openApiRoutes } from "./routes/openapi.ts";
import { orderRoutes } from "./routes/orders.ts";
import { recommendRoutes } from "./routes/recommend.ts";
import { shardRoutes } from "./routes/shards.ts";
import { shopRoutes } from "./routes/shops.ts";
import { statsRoutes } from "./routes/stats.ts";
import { subjectRoutes } from "./routes/subject.ts";
import { tokenRoutes } from "./routes/tokens.ts";

/** When a ledger that is busy, or has no room, may be asked again. */
const RETRY_AFTER_SECONDS = { busy: 10, full: 300 };

/** What no browser may guess, and nobody may read on the way. */
const EVERY_ANSWER = { "x-content-type-options": "nosniff", "strict-transport-security": "max-age=31536000" } as const;

export interface AppOptions {
  now: () => number;
  sleep: (ms: number) => Promise<unknown>;
  /** For feeds of catalogues. */
  fetch: Fetch;
}

/** What an isolate keeps between requests, and the clock. */
export interface Services extends AppOptions {
  shops: ShopCache;
  shelves: ShelfCache;
  refusals: RefusalTally;
}

export type AppEnv = { Bindings: Env; Variables: { /** Set on merchant routes: the shop that the caller may act for, */ shop: Shop; /** and how far. */ scopes: readonly Scope[] } };
export type App = Hono<AppEnv>;

export function createApp({ now, sleep, fetch }: AppOptions): App {
  const services: Services = { now, sleep, fetch, shops: createShopCache(now), shelves: createShelfCache(), refusals: createRefusalTally(now, sleep) };
  const app: App = new Hono<AppEnv>();
  app.use(async (c, next) => {
    await next();
    for (const [name, value] of Object.entries(EVERY_ANSWER)) c.res.headers.set(name, value);
  });
  for (const add of [eventRoutes, erasureRoutes, configRoutes, fileRoutes, recommendRoutes, candidateRoutes, shopRoutes, tokenRoutes, orderRoutes, subjectRoutes, openApiRoutes, operationRoutes, backupRoutes, shardRoutes, catalogueRoutes, importRoutes, exportRoutes, modelRoutes, statsRoutes, loginRoutes, assetRoutes]) add(app, services);
  app.notFound((c) => refuse(404, "unknown-route", `Nothing answers ${c.req.method} ${new URL(c.req.url).pathname}.`));
  app.onError((error, c) => {
    const trouble = platformTrouble(error);
    log(trouble === null ? "error" : "warn", "request-failed", { route: `${c.req.method} ${matchedRoutes(c).findLast(({ path }) => !path.includes("*"))?.path ?? "/*"}`, code: trouble ?? "internal", error });
    if (trouble === "busy") return refuse(503, "overloaded", "The shop's ledger cannot answer right now. Send the same again later.", { retry: true, retryAfterSeconds: RETRY_AFTER_SECONDS.busy });
    if (trouble === "full") return refuse(503, "storage-full", "The shop's ledger has no room left. Nothing of this was counted; send the same again later.", { retry: true, retryAfterSeconds: RETRY_AFTER_SECONDS.full });
    return refuse(500, "internal", "The edge failed at this request. It is not the request's fault; try again.", { retry: true });
  });
  return app;
}
