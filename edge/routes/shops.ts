/** Creating shops, and reading one's own record. */
import { CREATE_SHOP_SCHEMA, routes, type CreateShopResponse, type ShopResponse } from "../../core/api.ts";
import { parse } from "../../core/schema.ts";
import { merchantOnly, operatorOnly } from "../access.ts";
import type { App, Services } from "../app.ts";
import { parseJson, readBounded } from "../body.ts";
import { insertShop } from "../db/shops.ts";
import { createToken } from "../db/tokens.ts";
import { sha256Hex } from "../../core/ids.ts";
import { DEFAULT_PLACEMENTS } from "../default-placements.ts";
import { refuse } from "../refusal.ts";

const MAX_REQUEST_BYTES = 64 * 1024;

export function shopRoutes(app: App, services: Services): void {
  app.post(routes.admin.shops, operatorOnly(), async (c) => {
    const body = await readBounded(c.req.raw, MAX_REQUEST_BYTES);
    if (!body.ok) return refuse(413, "request-too-large", `A shop's record may hold ${MAX_REQUEST_BYTES} bytes.`);
    const json = parseJson(body.bytes);
    if (!json.ok) return refuse(400, "invalid-json", "The body is not JSON in UTF-8.");
    const parsed = parse(CREATE_SHOP_SCHEMA, json.value, "shop");
    if (!parsed.ok) return refuse(400, "invalid-shop", `${parsed.path} ${parsed.message}.`);
    const request = parsed.value;
    const { locale = "en", timeZone = "UTC", holdoutShare = 0.1, placements = DEFAULT_PLACEMENTS } = request;
    const badOrigin = request.origins.find((origin) => !isOrigin(origin));
    if (badOrigin !== undefined) return refuse(400, "invalid-shop", `shop.origins: "${badOrigin}" is not an origin such as https://shop.example (no path, no final slash).`);
    if (!isTimeZone(timeZone)) return refuse(400, "invalid-shop", `shop.timeZone: "${timeZone}" is not an IANA time zone such as Europe/Berlin.`);
    if (!isLocale(locale)) return refuse(400, "invalid-shop", `shop.locale: "${locale}" is not a language tag such as en-GB.`);
    if (new Set(placements.map(({ id }) => id)).size < placements.length) return refuse(400, "invalid-shop", "shop.placements: two have the same id.");
    const merchantToken = createToken();
    const writeKey = createToken();
    const created = await insertShop(c.env.DB, { ...request, locale, timeZone, holdoutShare, placements, writeKey, tokenSha256: await sha256Hex(merchantToken), nowMs: services.now() });
    if (!created) return refuse(409, "shop-exists", `There is a shop "${request.id}" already. Choose another id.`);
    services.shops.clear();
    return c.json({ shop: request.id, writeKey, merchantToken } satisfies CreateShopResponse, 201, { "cache-control": "no-store" });
  });

  app.get(routes.admin.shop(":shop"), merchantOnly(services), (c) => {
    const { id, name, currency, locale, timeZone, origins, signers, holdoutShare, placements, writeKey } = c.get("shop");
    return c.json({ shop: id, name, currency, locale, timeZone, origins, signers, holdoutShare, placements, writeKey } satisfies ShopResponse, 200, { "cache-control": "no-store" });
  });
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
