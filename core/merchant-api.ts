/** What merchants' and operators' programs may ask of the edge: one table of operations, which access is checked by and the API's description is made of. */
import { CATALOGUE_FEED_SCHEMA, candidatePaths, CANDIDATES_REQUEST_SCHEMA, CREATE_SHOP_SCHEMA, ERASURE_SCHEMA, EXPORT_CURSOR_HEADER, EXPORT_MORE_HEADER, LOGIN_SCHEMA, MODEL_REQUEST_SCHEMA, PAUSE_SCHEMA, RECOMMEND_SCHEMA, routes, SHARDS_SCHEMA, STAT_BUCKETS } from "./api.ts";
import { BATCH_SCHEMA } from "./events.ts";
import { FEED_FORMATS } from "./feeds/feed.ts";
import type { Infer, Schema } from "./schema.ts";
import { PLACEMENT_SCHEMA } from "./slate.ts";

/** What a merchant's token may do; one without scopes of its own may do all of it. */
export const SCOPES = ["read", "import", "publish", "manage"] as const;
export type Scope = (typeof SCOPES)[number];

/** Paths beside those of `routes`; each takes the shop's id. */
export const merchantPaths = {
  tokens: (shop: string) => `/v1/admin/shops/${shop}/tokens`,
  token: (shop: string, id: string) => `/v1/admin/shops/${shop}/tokens/${id}`,
  rotateToken: (shop: string, id: string) => `/v1/admin/shops/${shop}/tokens/${id}/rotate`,
  orders: (shop: string) => `/v1/admin/shops/${shop}/orders`,
  webhooks: (shop: string) => `/v1/admin/shops/${shop}/webhooks`,
  /** For Shopify's servers, which sign what they send. */
  shopifyOrders: (shop: string) => `/v1/webhooks/shopify/${shop}`,
  backup: (shop: string) => `/v1/admin/shops/${shop}/backup`,
  restore: "/v1/admin/restore",
  metrics: "/metrics",
  openapi: "/v1/openapi.json",
} as const;

const id = { type: "string" } as const;
const timeMs = { type: "integer", description: "milliseconds since 1970" } as const;

export const CREATE_TOKEN_SCHEMA = {
  type: "object",
  required: ["name"],
  properties: {
    name: { type: "string", minLength: 1, maxLength: 120, description: "for people: what it is for" },
    scopes: { type: "array", minItems: 1, maxItems: 4, items: { type: "string", enum: SCOPES }, description: "left out: all" },
    expiresInDays: { type: "integer", minimum: 1, maximum: 3_650 },
  },
} as const;
export type CreateTokenRequest = Infer<typeof CREATE_TOKEN_SCHEMA>;
export const ROTATE_TOKEN_SCHEMA = { type: "object", properties: { graceHours: { type: "integer", minimum: 0, maximum: 168, description: "how long the old one still works" } } } as const;

const TOKEN_PROPERTIES = { id, name: { type: "string" }, scopes: { type: "array", items: { type: "string", enum: SCOPES } }, createdAtMs: timeMs } as const;
/** A token as it may be listed; the token itself is shown once, when it is made. */
export interface TokenRecord {
  id: string;
  name: string;
  scopes: Scope[];
  createdAtMs: number;
  expiresAtMs: number | null;
}
export interface TokenResponse extends TokenRecord {
  token: string;
}
const TOKEN_SCHEMA = { type: "object", required: ["id", "name", "scopes", "createdAtMs"], properties: { ...TOKEN_PROPERTIES, expiresAtMs: timeMs } } as const;
const NEW_TOKEN_SCHEMA = { type: "object", required: ["token", ...TOKEN_SCHEMA.required], properties: { token: { type: "string", description: "secret; shown this once" }, ...TOKEN_SCHEMA.properties } } as const;

/** What of a shop its owner may change; whatever is left out stays. */
export const UPDATE_SHOP_SCHEMA = {
  type: "object",
  properties: {
    name: CREATE_SHOP_SCHEMA.properties.name,
    locale: CREATE_SHOP_SCHEMA.properties.locale,
    timeZone: CREATE_SHOP_SCHEMA.properties.timeZone,
    origins: CREATE_SHOP_SCHEMA.properties.origins,
    signers: CREATE_SHOP_SCHEMA.properties.signers,
    holdoutShare: CREATE_SHOP_SCHEMA.properties.holdoutShare,
    placements: { type: "array", maxItems: 20, items: PLACEMENT_SCHEMA },
    retentionDays: { type: "integer", minimum: 30, maximum: 3_650, description: "events, shoppers' days and orders older than this are forgotten; sums stay" },
  },
} as const;
export type UpdateShopRequest = Infer<typeof UPDATE_SHOP_SCHEMA>;

const CONFIRMED_ORDER_SCHEMA = {
  type: "object",
  required: ["transaction_id", "value", "currency", "atMs"],
  properties: {
    transaction_id: { type: "string", minLength: 1, maxLength: 120 },
    value: { type: "number", minimum: 0, maximum: 1e9, description: "what was paid for goods, in major units" },
    currency: { type: "string", pattern: "^[A-Z]{3}$" },
    atMs: { type: "integer", minimum: 0, description: "milliseconds since 1970" },
    cancelled: { type: "boolean", description: "the order does not count any more" },
  },
} as const;
export const CONFIRM_ORDERS_SCHEMA = { type: "object", required: ["orders"], properties: { orders: { type: "array", minItems: 1, maxItems: 500, items: CONFIRMED_ORDER_SCHEMA } } } as const;
export type ConfirmedOrder = Infer<typeof CONFIRMED_ORDER_SCHEMA>;
export const WEBHOOKS_SCHEMA = { type: "object", required: ["shopifySecret"], properties: { shopifySecret: { type: "string", minLength: 16, maxLength: 200, description: "the secret that the shop's Shopify signs its webhooks with" } } } as const;

const SHOP_SCHEMA = {
  type: "object",
  required: ["shop", "name", "currency", "locale", "timeZone", "writeKey", "origins", "signers", "holdoutShare", "placements"],
  properties: { shop: id, writeKey: id, currency: { type: "string" }, ...UPDATE_SHOP_SCHEMA.properties },
} as const;
const RECEIPT_SCHEMA = {
  type: "object",
  required: ["receipt", "signature", "publicKey"],
  properties: {
    receipt: { type: "object", required: ["shop", "clientSha256", "erasedAtMs", "events"], properties: { shop: id, clientSha256: id, erasedAtMs: timeMs, events: { type: "integer" } } },
    signature: { type: "string", description: "Ed25519 over the canonical JSON of `receipt`, base64url" },
    publicKey: { type: "string", description: "the edge's own receipt key, base64url" },
  },
} as const;
const CHANGE_SCHEMA = { type: "object", required: ["count", "ids"], properties: { count: { type: "integer" }, ids: { type: "array", items: id } } } as const;
const CATALOGUE_REPORT_SCHEMA = {
  type: "object",
  required: ["imported", "rejected", "errors", "sha256", "added", "changed", "removed", "leaving"],
  properties: {
    imported: { type: "integer" }, rejected: { type: "integer" }, sha256: id, version: { type: "integer" },
    errors: { type: "array", items: { type: "object", required: ["line", "column", "path", "message"], properties: { line: { type: "integer" }, column: { type: "integer" }, path: { type: "string" }, message: { type: "string" } } } },
    added: CHANGE_SCHEMA, changed: CHANGE_SCHEMA, removed: CHANGE_SCHEMA, leaving: CHANGE_SCHEMA,
  },
} as const;
const FEED_RESPONSE_SCHEMA = {
  type: "object",
  required: ["url", "everyMinutes", "graceDays", "nextAtMs", "failures"],
  properties: { ...CATALOGUE_FEED_SCHEMA.properties, nextAtMs: timeMs, lastAtMs: timeMs, lastOutcome: { type: "string" }, lastMessage: { type: "string" }, failures: { type: "integer" } },
} as const;
const SHARDS_RESPONSE_SCHEMA = { type: "object", required: ["shards", "settled"], properties: { shards: { type: "integer" }, settled: { type: "boolean" } } } as const;
const SESSION_SCHEMA = { type: "object", required: ["shop", "name"], properties: { shop: id, name: { type: "string" } } } as const;
const MODEL_SCHEMA = { type: "object", required: ["version", "createdAtMs", "publishedAtMs", "sha256", "bytes", "items", "current"], properties: { version: { type: "integer" }, createdAtMs: timeMs, publishedAtMs: timeMs, sha256: id, bytes: { type: "integer" }, items: { type: "integer" }, current: { type: "boolean" } } } as const;
const IMPORT_REPORT_SCHEMA = { type: "object", required: ["accepted", "duplicate", "conflicts", "rejected", "errors"], properties: { accepted: { type: "integer" }, duplicate: { type: "integer" }, conflicts: { type: "integer" }, rejected: { type: "integer" }, errors: { type: "array", items: { type: "object", properties: { line: { type: "integer" }, code: { type: "string" }, message: { type: "string" } } } } } } as const;
const STATS_SCHEMA = { type: "object", required: ["shop", "currency", "fromMs", "toMs", "totals", "series", "placements", "funnel", "dropped"], properties: { shop: id, currency: id, fromMs: timeMs, toMs: timeMs, totals: { type: "object", properties: {} }, series: { type: "array", items: { type: "object", properties: {} } }, placements: { type: "array", items: { type: "object", properties: {} } }, funnel: { type: "object", properties: {} }, dropped: { type: "array", items: { type: "object", properties: { reason: { type: "string" }, count: { type: "integer" } } } } } } as const;

/** `public`: by the write key, or nothing; `webhook`: signed by the sender; `dashboard`: by its session cookie. */
export type Access = "public" | "operator" | "metrics" | "webhook" | "dashboard" | Scope;

export interface Operation {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** With `:names` of its parameters. */
  path: string;
  access: Access;
  summary: string;
  query?: { readonly [name: string]: Schema };
  /** JSON; a text is the media type of another body. */
  request?: Schema | string;
  status: number;
  /** JSON; a text is the media type of another answer; null: no body. */
  response: Schema | string | null;
  /** Headers of the answer, and what they say. */
  headers?: { readonly [name: string]: string };
}

const shop = ":shop";
const NDJSON = "application/x-ndjson";
const BYTES = "application/octet-stream";
const ANY = { type: "object", properties: {} } as const;

/** Every route of the API. */
export const OPERATIONS: readonly Operation[] = [
  { method: "GET", path: routes.health, access: "public", summary: "Whether the edge answers, and its database does", status: 200, response: { type: "object", required: ["ok"], properties: { ok: { type: "boolean" } } } },
  { method: "GET", path: merchantPaths.openapi, access: "public", summary: "This description", status: 200, response: ANY },
  { method: "GET", path: merchantPaths.metrics, access: "metrics", summary: "Counters and gauges, as Prometheus reads them", status: 200, response: "text/plain" },
  { method: "POST", path: routes.events, access: "public", summary: "Counts a batch of events, each number once", request: { ...BATCH_SCHEMA, properties: { ...BATCH_SCHEMA.properties, events: { type: "array", maxItems: 50, items: ANY } } }, status: 200, response: { type: "object", required: ["accepted", "duplicate", "watermark"], properties: { accepted: { type: "integer" }, duplicate: { type: "integer" }, watermark: { type: "integer" } } } },
  { method: "POST", path: routes.recommend, access: "public", summary: "Recommends for a history that comes with the request and is not stored", request: RECOMMEND_SCHEMA, status: 200, response: ANY },
  { method: "POST", path: candidatePaths.personal, access: "public", summary: "Items of a large shop's long tail, for a history that is not stored", request: CANDIDATES_REQUEST_SCHEMA, status: 200, response: BYTES },
  { method: "GET", path: decodeURIComponent(candidatePaths.ofItem(":key", ":version", ":head", ":itemId")), access: "public", summary: "Items of a large shop's long tail that go with one product", status: 200, response: BYTES },
  { method: "POST", path: routes.erasure, access: "public", summary: "Erases a shopper's data, by the secret of their device", request: ERASURE_SCHEMA, status: 200, response: RECEIPT_SCHEMA },
  { method: "GET", path: routes.config(":key"), access: "public", summary: "A shop's public settings", status: 200, response: ANY },
  { method: "GET", path: routes.file(":sha256"), access: "public", summary: "An immutable public file, by content", status: 200, response: BYTES },
  { method: "GET", path: decodeURIComponent(routes.related(":key", ":itemId")), access: "public", summary: "Products like one", status: 200, response: ANY },
  { method: "GET", path: routes.popular(":key"), access: "public", summary: "Popular products", status: 200, response: ANY },
  { method: "POST", path: routes.login, access: "public", summary: "Uses a login link up, and sets the session's cookie", request: LOGIN_SCHEMA, status: 200, response: SESSION_SCHEMA },
  { method: "GET", path: routes.session, access: "dashboard", summary: "Who is signed in", status: 200, response: SESSION_SCHEMA },
  { method: "POST", path: routes.logout, access: "public", summary: "Ends the session", status: 200, response: ANY },

  { method: "POST", path: routes.admin.shops, access: "operator", summary: "Creates a shop", request: CREATE_SHOP_SCHEMA, status: 201, response: { type: "object", required: ["shop", "writeKey", "merchantToken"], properties: { shop: id, writeKey: id, merchantToken: id } } },
  { method: "GET", path: routes.admin.shards(shop), access: "operator", summary: "Over how many Durable Objects a shop's ledger is spread", status: 200, response: SHARDS_RESPONSE_SCHEMA },
  { method: "PUT", path: routes.admin.shards(shop), access: "operator", summary: "Spreads it over more, or fewer, while traffic runs", request: SHARDS_SCHEMA, status: 202, response: SHARDS_RESPONSE_SCHEMA },
  { method: "GET", path: merchantPaths.backup(shop), access: "operator", summary: "All of a shop, to be restored elsewhere", status: 200, response: NDJSON },
  { method: "POST", path: merchantPaths.restore, access: "operator", summary: "Makes a shop of a backup, exactly", request: NDJSON, status: 201, response: { type: "object", required: ["shop", "rows", "objects"], properties: { shop: id, rows: { type: "integer" }, objects: { type: "integer" } } } },

  { method: "GET", path: routes.admin.shop(shop), access: "read", summary: "The shop's record", status: 200, response: SHOP_SCHEMA },
  { method: "PATCH", path: routes.admin.shop(shop), access: "manage", summary: "Changes origins, placements, signers and other settings", request: UPDATE_SHOP_SCHEMA, status: 200, response: SHOP_SCHEMA },
  { method: "GET", path: merchantPaths.tokens(shop), access: "manage", summary: "The shop's tokens, without what they are", status: 200, response: { type: "object", required: ["tokens"], properties: { tokens: { type: "array", items: TOKEN_SCHEMA } } } },
  { method: "POST", path: merchantPaths.tokens(shop), access: "manage", summary: "Makes a token with scopes", request: CREATE_TOKEN_SCHEMA, status: 201, response: NEW_TOKEN_SCHEMA },
  { method: "POST", path: merchantPaths.rotateToken(shop, ":id"), access: "manage", summary: "Replaces a token by a new one of the same scopes", request: ROTATE_TOKEN_SCHEMA, status: 201, response: NEW_TOKEN_SCHEMA },
  { method: "DELETE", path: merchantPaths.token(shop, ":id"), access: "manage", summary: "Revokes a token at once", status: 204, response: null },
  { method: "POST", path: routes.admin.loginLinks(shop), access: "manage", summary: "A link that opens the dashboard once", status: 201, response: { type: "object", required: ["url", "expiresAtMs"], properties: { url: id, expiresAtMs: timeMs } } },

  { method: "GET", path: routes.admin.catalogue(shop), access: "read", summary: "The whole catalogue", status: 200, response: { type: "object", required: ["currency", "products"], properties: { currency: id, products: { type: "array", items: ANY } } } },
  { method: "PUT", path: routes.admin.catalogue(shop), access: "import", summary: "Replaces the whole catalogue by a feed, or nothing of it", query: { format: { type: "string", enum: FEED_FORMATS }, graceDays: { type: "integer", minimum: 0, maximum: 90 }, guarded: { type: "boolean" } }, request: NDJSON, status: 200, response: CATALOGUE_REPORT_SCHEMA },
  { method: "GET", path: routes.admin.catalogueVersions(shop), access: "read", summary: "The catalogue's versions, and what each changed", status: 200, response: { type: "object", required: ["versions"], properties: { versions: { type: "array", items: { type: "object", required: ["version", "source", "createdAtMs", "report"], properties: { version: { type: "integer" }, source: id, createdAtMs: timeMs, report: CATALOGUE_REPORT_SCHEMA } } } } } },
  { method: "GET", path: routes.admin.catalogueFeed(shop), access: "read", summary: "Where the catalogue is fetched from, and how that went", status: 200, response: FEED_RESPONSE_SCHEMA },
  { method: "PUT", path: routes.admin.catalogueFeed(shop), access: "manage", summary: "Sets where the catalogue is fetched from", request: CATALOGUE_FEED_SCHEMA, status: 200, response: FEED_RESPONSE_SCHEMA },
  { method: "DELETE", path: routes.admin.catalogueFeed(shop), access: "manage", summary: "Fetches the catalogue no more", status: 204, response: null },
  { method: "POST", path: routes.admin.catalogueFetch(shop), access: "import", summary: "Fetches the catalogue now", status: 200, response: FEED_RESPONSE_SCHEMA },
  { method: "POST", path: routes.admin.import(shop), access: "import", summary: "Counts a shop's past, each number once", request: NDJSON, status: 200, response: IMPORT_REPORT_SCHEMA },
  { method: "POST", path: merchantPaths.orders(shop), access: "import", summary: "Confirms orders, or takes them back, as the shop's own server knows them", request: CONFIRM_ORDERS_SCHEMA, status: 200, response: { type: "object", required: ["confirmed", "unchanged"], properties: { confirmed: { type: "integer" }, unchanged: { type: "integer" } } } },
  { method: "PUT", path: merchantPaths.webhooks(shop), access: "manage", summary: "Sets the secret that webhooks are signed with", request: WEBHOOKS_SCHEMA, status: 204, response: null },
  { method: "POST", path: merchantPaths.shopifyOrders(shop), access: "webhook", summary: "Takes Shopify's orders/paid, orders/updated and orders/cancelled", request: ANY, status: 200, response: { type: "object", required: ["confirmed", "unchanged"], properties: { confirmed: { type: "integer" }, unchanged: { type: "integer" } } } },
  { method: "GET", path: routes.admin.export(shop), access: "read", summary: "Everything counted, page by page", query: { cursor: { type: "string", description: "what the page before said; left out to begin" } }, status: 200, response: NDJSON, headers: { [EXPORT_CURSOR_HEADER]: "where the next page begins", [EXPORT_MORE_HEADER]: "1 when there is a next page already" } },
  { method: "GET", path: routes.admin.stats(shop), access: "read", summary: "Exact statistics of a range", query: { fromMs: timeMs, toMs: timeMs, bucket: { type: "string", enum: STAT_BUCKETS } }, status: 200, response: STATS_SCHEMA },
  { method: "GET", path: routes.admin.client(shop, ":clientId"), access: "manage", summary: "All that is kept of one client, for the person it belongs to", status: 200, response: NDJSON },
  { method: "DELETE", path: routes.admin.client(shop, ":clientId"), access: "manage", summary: "Erases a client", status: 200, response: RECEIPT_SCHEMA },
  { method: "DELETE", path: routes.admin.person(shop, ":userId"), access: "manage", summary: "Erases all clients that a person was logged in on", status: 200, response: { type: "object", required: ["receipts"], properties: { receipts: { type: "array", items: RECEIPT_SCHEMA } } } },
  { method: "PUT", path: routes.admin.weights(shop, ":sha256"), access: "publish", summary: "Stores a model's weights", request: BYTES, status: 201, response: { type: "object", required: ["sha256", "bytes"], properties: { sha256: id, bytes: { type: "integer" } } } },
  { method: "GET", path: routes.admin.models(shop), access: "read", summary: "Every model that was ever current", status: 200, response: { type: "object", required: ["paused", "models"], properties: { paused: { type: "boolean" }, requested: { type: "object", required: ["version", "requestedAtMs"], properties: { version: { type: "integer" }, requestedAtMs: timeMs } }, models: { type: "array", items: MODEL_SCHEMA } } } },
  { method: "POST", path: routes.admin.models(shop), access: "publish", summary: "Publishes a signed model, if the gate lets it pass", request: { type: "object", required: ["payload", "signature", "publicKey"], properties: { payload: { type: "string" }, signature: { type: "string" }, publicKey: { type: "string" } } }, status: 201, response: MODEL_SCHEMA },
  { method: "POST", path: routes.admin.modelRequest(shop), access: "publish", summary: "Asks the trainer to serve an earlier model again", request: MODEL_REQUEST_SCHEMA, status: 200, response: MODEL_REQUEST_SCHEMA },
  { method: "POST", path: routes.admin.pause(shop), access: "publish", summary: "Takes the model out of service, or puts it back", request: PAUSE_SCHEMA, status: 200, response: PAUSE_SCHEMA },
];

/** The operation that a route serves. @throws Error for a route that the table lacks */
export function operationOf(method: string, path: string): Operation {
  const found = OPERATIONS.find((operation) => operation.method === method && operation.path === path);
  if (!found) throw new Error(`the table of operations lacks ${method} ${path}`);
  return found;
}
