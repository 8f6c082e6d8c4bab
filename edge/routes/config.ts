/** `GET /v1/config/:key`: what every tag of a shop starts from. */
import { routes, type ShopConfig } from "../../core/api.ts";
import { sha256Hex } from "../../core/ids.ts";
import type { App, Services } from "../app.ts";
import { ANY_ORIGIN } from "../cors.ts";
import { currentManifest } from "../db/models.ts";
import { shopByWriteKey } from "../db/shops.ts";
import { refuse } from "../refusal.ts";
import { CONFIG_TTL_MS } from "../shop-cache.ts";

export function configRoutes(app: App, _services: Services): void {
  app.get(routes.config(":key"), async (c) => {
    const shop = await shopByWriteKey(c.env.DB, c.req.param("key") ?? "");
    if (!shop) return refuse(404, "unknown-key", "This write key belongs to no shop here. Copy the tag again from the dashboard.", { headers: ANY_ORIGIN });
    const config: ShopConfig = {
      shop: shop.id,
      currency: shop.currency,
      locale: shop.locale,
      placements: shop.placements,
      holdoutShare: shop.holdoutShare,
      catalogue: shop.snapshot,
      manifest: shop.modelsPaused ? null : await currentManifest(c.env.DB, shop.id),
    };
    const body = JSON.stringify(config);
    const etag = `"${(await sha256Hex(body)).slice(0, 32)}"`;
    const headers = { ...ANY_ORIGIN, etag, "cache-control": `public, max-age=${CONFIG_TTL_MS / 1000}` };
    if (c.req.header("if-none-match") === etag) return new Response(null, { status: 304, headers });
    return new Response(body, { headers: { ...headers, "content-type": "application/json" } });
  });
}
