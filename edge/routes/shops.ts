/** Creating shops; reading and changing one's own record. */
import { CREATE_SHOP_SCHEMA, routes, type CreateShopResponse, type ShopResponse } from "../../core/api.ts";
import { UPDATE_SHOP_SCHEMA } from "../../core/merchant-api.ts";
import { merchantOnly, operatorOnly } from "../access.ts";
import type { App, Services } from "../app.ts";
import { readJson } from "../body.ts";
import { insertShop, updateShop, type Shop } from "../db/shops.ts";
import { createToken } from "../db/tokens.ts";
import { sha256Hex } from "../../core/ids.ts";
import { DEFAULT_PLACEMENTS } from "../default-placements.ts";
import { refuse } from "../refusal.ts";

export function shopRoutes(app: App, services: Services): void {
  app.post(routes.admin.shops, operatorOnly(), async (c) => {
    const parsed = await readJson(c.req.raw, CREATE_SHOP_SCHEMA, "shop");
    if (!parsed.ok) return parsed.refusal;
    const request = parsed.value;
    const { locale = "en", timeZone = "UTC", holdoutShare = 0.1, placements = DEFAULT_PLACEMENTS } = request;
    const fault = faultOf({ origins: request.origins, timeZone, locale, placements });
    if (fault !== null) return refuse(400, "invalid-shop", fault);
    const merchantToken = createToken();
    const writeKey = createToken();
    const created = await insertShop(c.env.DB, { ...request, locale, timeZone, holdoutShare, placements, writeKey, tokenSha256: await sha256Hex(merchantToken), nowMs: services.now() });
    if (!created) return refuse(409, "shop-exists", `There is a shop "${request.id}" already. Choose another id.`);
    services.shops.clear();
    return c.json({ shop: request.id, writeKey, merchantToken } satisfies CreateShopResponse, 201, { "cache-control": "no-store" });
  });

  const merchant = merchantOnly(services);
  app.get(routes.admin.shop(":shop"), merchant, (c) => c.json(shown(c.get("shop")), 200, { "cache-control": "no-store" }));

  app.patch(routes.admin.shop(":shop"), merchant, async (c) => {
    const parsed = await readJson(c.req.raw, UPDATE_SHOP_SCHEMA, "shop");
    if (!parsed.ok) return parsed.refusal;
    const changed = { ...c.get("shop"), ...parsed.value };
    const fault = faultOf(changed);
    if (fault !== null) return refuse(400, "invalid-shop", fault);
    await updateShop(c.env.DB, changed);
    services.shops.clear();
    return c.json(shown(changed), 200, { "cache-control": "no-store" });
  });
}

function shown({ id, name, currency, locale, timeZone, origins, signers, holdoutShare, placements, writeKey, retentionDays }: Shop): ShopResponse {
  return { shop: id, name, currency, locale, timeZone, origins, signers, holdoutShare, placements, writeKey, retentionDays };
}

/** What no schema can say of a shop's settings; null where all is right. */
function faultOf({ origins, timeZone, locale, placements }: Pick<Shop, "origins" | "timeZone" | "locale" | "placements">): string | null {
  const badOrigin = origins.find((origin) => !isOrigin(origin));
  if (badOrigin !== undefined) return `shop.origins: "${badOrigin}" is not an origin such as https://shop.example (no path, no final slash).`;
  if (!isTimeZone(timeZone)) return `shop.timeZone: "${timeZone}" is not an IANA time zone such as Europe/Berlin.`;
  if (!isLocale(locale)) return `shop.locale: "${locale}" is not a language tag such as en-GB.`;
  if (new Set(placements.map(({ id }) => id)).size < placements.length) return "shop.placements: two have the same id.";
  return null;
}

function isOrigin(text: string): boolean {
  try {
    const url = new URL(text);
    return url.origin === text && (url.protocol === "https:" || url.protocol === "http:");
  } catch {
    return false;
  }
}
function isTimeZone(text: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: text }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}
function isLocale(text: string): boolean {
  try {
    return Intl.getCanonicalLocales(text).length === 1;
  } catch {
    return false;
  }
}
