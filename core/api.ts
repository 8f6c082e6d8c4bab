/** The edge's routes and the shapes that cross them: what the tag, the trainer and the dashboard speak. */
import { HISTORY_KINDS } from "./history.ts";
import { PRODUCT_SCHEMA, type CatalogueSnapshot, type Product } from "./catalogue.ts";
import type { EventBatch, EventSource, VoidReason } from "./events.ts";
import type { Infer } from "./schema.ts";
import { FEED_FORMATS, type FeedFormat } from "./feeds/feed.ts";
import { ID_PATTERN, SHOP_ID_PATTERN } from "./ids.ts";
import { PLACEMENT_SCHEMA, type DrawnSlate, type Placement } from "./slate.ts";
import { HEAD_NAMES, type Evaluation, type HeadName, type Manifest, type SignedManifest } from "./weights/manifest.ts";

/** Paths, built in one place. Public ones take the shop's write key, which every visitor can see. */
export const routes = {
  health: "/health",
  tag: "/tag.js",
  events: "/v1/events",
  recommend: "/v1/recommend",
  config: (key: string) => `/v1/config/${key}`,
  erasure: "/v1/erasure",
  /** Immutable, by content: catalogue snapshots and weights. */
  file: (sha256: string) => `/v1/files/${sha256}`,
  related: (key: string, itemId: string) => `/v1/related/${key}/${encodeURIComponent(itemId)}`,
  popular: (key: string) => `/v1/popular/${key}`,
  login: "/v1/dashboard/login",
  logout: "/v1/dashboard/logout",
  session: "/v1/dashboard/session",
  admin: {
    shops: "/v1/admin/shops",
    shop: (shop: string) => `/v1/admin/shops/${shop}`,
    catalogue: (shop: string) => `/v1/admin/shops/${shop}/catalogue`,
    catalogueVersions: (shop: string) => `/v1/admin/shops/${shop}/catalogue/versions`,
    catalogueFeed: (shop: string) => `/v1/admin/shops/${shop}/catalogue/feed`,
    /** Fetches the feed now. */
    catalogueFetch: (shop: string) => `/v1/admin/shops/${shop}/catalogue/feed/fetch`,
    import: (shop: string) => `/v1/admin/shops/${shop}/import`,
    export: (shop: string) => `/v1/admin/shops/${shop}/export/events`,
    weights: (shop: string, sha256: string) => `/v1/admin/shops/${shop}/weights/${sha256}`,
    models: (shop: string) => `/v1/admin/shops/${shop}/models`,
    pause: (shop: string) => `/v1/admin/shops/${shop}/models/pause`,
    modelRequest: (shop: string) => `/v1/admin/shops/${shop}/models/request`,
    stats: (shop: string) => `/v1/admin/shops/${shop}/stats`,
    client: (shop: string, clientId: string) => `/v1/admin/shops/${shop}/clients/${clientId}`,
    /** By what `endcap.identify` sends: the hash, never the address itself. */
    person: (shop: string, userId: string) => `/v1/admin/shops/${shop}/people/${userId}`,
    /** For the operator. */
    shards: (shop: string) => `/v1/admin/shops/${shop}/shards`,
    loginLinks: (shop: string) => `/v1/admin/shops/${shop}/login-links`,
  },
} as const;

/** Of large shops' second stage; beside `routes`, which every page of every shop downloads. */
export const candidatePaths = {
  /** With a shopper's history. */
  personal: "/v1/candidates",
  /** Public: the same for whoever looks at a product, as long as the model's version serves. */
  ofItem: (key: string, version: number | string, head: HeadName | string, itemId: string) => `/v1/candidates/${key}/${version}/${head}/${encodeURIComponent(itemId)}`,
} as const;

/** Every refusal's body. The code is stable; the message is for a person; `retry` says whether the same request may succeed later. */
export interface ApiError {
  error: { code: string; message: string; retry: boolean };
}

/** `GET routes.config(key)`: the same for every visitor. */
export interface ShopConfig {
  shop: string;
  currency: string;
  /** BCP 47, for prices and words. */
  locale: string;
  placements: Placement[];
  /** Share of clients that see no carousels, for comparison; 0 to 1. */
  holdoutShare: number;
  catalogue: { sha256: string; bytes: number; products: number } | null;
  /** Absent before the first model, and while the merchant has paused it. */
  manifest: SignedManifest | null;
}

/** What a request for recommendations may name at most; a sender with more names its newest. */
export const MAX_CART_ITEMS_SENT = 100;
export const MAX_DISMISSED_SENT = 200;
export const MAX_SHOWN_SENT = 200;
export const MAX_HISTORY_SENT = 200;

/** `POST routes.recommend`: stateless; nothing of it is stored. */
export const RECOMMEND_SCHEMA = {
  type: "object",
  required: ["key", "placement"],
  properties: {
    key: { type: "string", maxLength: 80 },
    placement: { type: "string", maxLength: 120 },
    itemId: { type: "string", maxLength: 120 },
    cart: { type: "array", maxItems: MAX_CART_ITEMS_SENT, items: { type: "string", maxLength: 120 } },
    dismissed: { type: "array", maxItems: MAX_DISMISSED_SENT, items: { type: "string", maxLength: 120 } },
    shown: { type: "array", maxItems: MAX_SHOWN_SENT, items: { type: "string", maxLength: 120 } },
    history: {
      type: "array",
      maxItems: MAX_HISTORY_SENT,
      items: {
        type: "object",
        required: ["item_id", "kind", "ageMs"],
        properties: { item_id: { type: "string", maxLength: 120 }, kind: { type: "string", enum: HISTORY_KINDS }, ageMs: { type: "integer", minimum: 0 } },
      },
    },
  },
} as const;
export type RecommendRequest = Infer<typeof RECOMMEND_SCHEMA>;
export type RecommendResponse = DrawnSlate;

/** `POST candidatePaths.personal`: stateless as well. What a shopper did, for the items of the tail that go with it. */
export const CANDIDATES_REQUEST_SCHEMA = {
  type: "object",
  required: ["key", "model_version", "head"],
  properties: {
    key: { type: "string", maxLength: 80 },
    model_version: { type: "integer", minimum: 1, description: "the device's; candidates of another model would not join it" },
    head: { type: "string", enum: HEAD_NAMES, description: "what the device holds already" },
    itemId: RECOMMEND_SCHEMA.properties.itemId,
    cart: RECOMMEND_SCHEMA.properties.cart,
    history: RECOMMEND_SCHEMA.properties.history,
  },
} as const;
export type CandidatesRequest = Infer<typeof CANDIDATES_REQUEST_SCHEMA>;

/** Room for the candidates of a history, a product and a cart, and for these themselves. */
const MAX_CANDIDATES = 3 * 100 + MAX_HISTORY_SENT + MAX_CART_ITEMS_SENT;
const itemId = { type: "string", maxLength: 120 } as const;

/**
 * Items of a large shop's long tail with all that a device needs to rank them beside the head that it holds. Numbers
 * travel as their bytes, little-endian, in base64url: a device computes with exactly what the edge has.
 */
export const CANDIDATES_SCHEMA = {
  type: "object",
  required: ["model_version", "ids", "rows", "scales", "popularity", "visits", "cards"],
  properties: {
    model_version: { type: "integer", minimum: 1 },
    ids: { type: "array", maxItems: MAX_CANDIDATES, items: itemId },
    rows: { type: "string", description: "int8, [n, D]" },
    scales: { type: "string", description: "f32, [n]" },
    popularity: { type: "string", description: "f32, [n]" },
    visits: {
      type: "array",
      maxItems: MAX_CANDIDATES,
      description: "whole co-visitation rows of the items that the question named",
      items: {
        type: "object",
        required: ["id", "ids", "weights"],
        properties: { id: itemId, ids: { type: "array", maxItems: 100, items: itemId }, weights: { type: "string", description: "u8, one for each of the ids" } },
      },
    },
    cards: { type: "array", maxItems: MAX_CANDIDATES, items: PRODUCT_SCHEMA },
  },
} as const;
export type Candidates = Infer<typeof CANDIDATES_SCHEMA>;

/** `POST routes.erasure`, as `text/plain` like events: the shopper's own wish, authorised by the secret that only the device knows. */
export const ERASURE_SCHEMA = {
  type: "object",
  required: ["key", "clientId", "secret"],
  properties: {
    key: { type: "string", maxLength: 80 },
    clientId: { type: "string", pattern: ID_PATTERN },
    secret: { type: "string", maxLength: 64, description: "the edge holds its SHA-256 since the first batch" },
  },
} as const;
export type ErasureRequest = Infer<typeof ERASURE_SCHEMA>;
/** The code of the one refusal of an erasure that is final: nothing shows that the wish is the device's own. */
export const WRONG_SECRET = "wrong-secret";
/** What the edge attests once nothing of the client is left; asked again, it answers the same. */
export interface ErasureReceipt {
  receipt: {
    shop: string;
    /** SHA-256 of the client's id, in hex: the receipt itself names nobody. */
    clientSha256: string;
    erasedAtMs: number;
    /** Events that were deleted. */
    events: number;
  };
  /** Ed25519 over the canonical JSON of `receipt`, base64url. */
  signature: string;
  /** The edge's own receipt key, base64url; not a key that models are signed with. */
  publicKey: string;
}

/** `DELETE routes.admin.client(shop, clientId)` answers with one receipt, `DELETE routes.admin.person(shop, userId)` with one for every client that the person was known on. */
export interface PersonErasure {
  receipts: ErasureReceipt[];
}

/** `POST routes.admin.shops`, with the operator's token. */
export const CREATE_SHOP_SCHEMA = {
  type: "object",
  required: ["id", "name", "currency", "origins", "signers"],
  properties: {
    id: { type: "string", pattern: SHOP_ID_PATTERN },
    name: { type: "string", minLength: 1, maxLength: 120 },
    currency: { type: "string", pattern: "^[A-Z]{3}$" },
    locale: { type: "string", maxLength: 35 },
    timeZone: { type: "string", maxLength: 60, description: "IANA; days of the stats begin and end by it" },
    origins: { type: "array", minItems: 1, maxItems: 20, items: { type: "string", maxLength: 200 }, description: "origins whose pages may send events, e.g. https://shop.example" },
    signers: { type: "array", minItems: 1, maxItems: 2, items: { type: "string", pattern: "^[0-9a-f]{32}$" }, description: "fingerprints of the keys whose manifests the edge takes" },
    holdoutShare: { type: "number", minimum: 0, maximum: 0.5 },
    placements: { type: "array", maxItems: 20, items: PLACEMENT_SCHEMA },
  },
} as const;
export type CreateShopRequest = Infer<typeof CREATE_SHOP_SCHEMA>;
export interface CreateShopResponse {
  shop: string;
  /** Public; goes into the tag. */
  writeKey: string;
  /** Secret; shown once. For the trainer, imports and login links. */
  merchantToken: string;
}

/** `GET routes.admin.shop(shop)`: the shop as its owner may see it; nothing secret. */
export interface ShopResponse {
  shop: string;
  name: string;
  currency: string;
  locale: string;
  timeZone: string;
  writeKey: string;
  origins: string[];
  signers: string[];
  holdoutShare: number;
  placements: Placement[];
  /** How long it keeps what tells of single shoppers; null: until they are erased. */
  retentionDays: number | null;
}

/** `PUT routes.admin.shards(shop)`, with the operator's token: over how many Durable Objects the shop's ledger is spread. */
export const SHARDS_SCHEMA = { type: "object", required: ["shards"], properties: { shards: { type: "integer", minimum: 1, maximum: 64 } } } as const;
export type ShardsRequest = Infer<typeof SHARDS_SCHEMA>;
/** Answered to that, and to `GET`: clients move while traffic runs, until `settled`. */
export interface ShardsResponse {
  shards: number;
  settled: boolean;
}

/** `PUT routes.admin.catalogue(shop)?format=&graceDays=`: a feed in; the whole catalogue is replaced, or nothing is. */
export interface CatalogueReport {
  imported: number;
  rejected: number;
  /** The first 100 of them. Lines and columns count from 1. */
  errors: { line: number; column: number; path: string; message: string }[];
  /** Of the public snapshot. */
  sha256: string;
  /** Left out where nothing has changed. */
  version?: number;
  /** What differs from the version before; the first 100 ids of each. */
  added: CatalogueChange;
  changed: CatalogueChange;
  removed: CatalogueChange;
  /** No longer in the feed, and kept out of stock until the grace is over. */
  leaving: CatalogueChange;
}
export interface CatalogueChange {
  count: number;
  ids: string[];
}
/** `GET routes.admin.catalogueVersions(shop)`: the newest first. */
export interface CatalogueVersion {
  version: number;
  source: "upload" | "feed";
  createdAtMs: number;
  report: CatalogueReport;
}
export interface CatalogueVersionsResponse {
  versions: CatalogueVersion[];
}
/** `PUT routes.admin.catalogueFeed(shop)`: where the catalogue is fetched from, and how often. */
export const CATALOGUE_FEED_SCHEMA = {
  type: "object",
  required: ["url"],
  properties: {
    url: { type: "string", maxLength: 2000, description: "a Merchant Center feed, a WooCommerce export, JSON lines, or a Shopify shop's /products.json, which is read page by page" },
    format: { type: "string", enum: FEED_FORMATS, description: "left out: told by its first characters" },
    everyMinutes: { type: "integer", minimum: 15, maximum: 10_080 },
    graceDays: { type: "integer", minimum: 0, maximum: 90, description: "how long products stay, out of stock, that the feed no longer has" },
  },
} as const;
/** Answered to that, and to `GET`: with how the last fetch went. */
export interface CatalogueFeed {
  url: string;
  format: FeedFormat | null;
  everyMinutes: number;
  graceDays: number;
  nextAtMs: number;
  lastAtMs: number | null;
  /** `imported`, `not-modified`, or a code that says why not. */
  lastOutcome: string | null;
  lastMessage: string | null;
  /** In a row. */
  failures: number;
}
/** `GET routes.admin.catalogue(shop)`. */
export type CatalogueExport = { currency: string; products: Product[] };
export type { CatalogueSnapshot };

/** `POST routes.admin.import(shop)`: NDJSON, one batch a line (no write key), the same counting as `events`. */
export type ImportLine = Omit<EventBatch, "key">;
export interface ImportReport {
  accepted: number;
  duplicate: number;
  conflicts: number;
  rejected: number;
  /** The first 100. */
  errors: { line: number; seq: number | null; code: string; message: string }[];
}

/**
 * One line of `GET routes.admin.export(shop)?cursor=`: the events of one batch, in the order they were counted. A `login`
 * names a person by a key that only this shop's ledger can make. Blank lines stand where something was erased.
 */
export interface ExportLine {
  clientId: string;
  receivedAtMs: number;
  events: EventBatch["events"];
}
/** Another line of an export: nothing of this client is in it any more, and who keeps a copy deletes what came before. */
export interface ExportErasure {
  /** SHA-256 of the client's id, in hex. */
  erased: string;
  receivedAtMs: number;
}
/** Header of an export page: where the next one begins; the same value again when there is nothing newer yet. */
export const EXPORT_CURSOR_HEADER = "x-endcap-next-cursor";
/** `1` when there is a next page already, `0` when there is nothing newer yet. */
export const EXPORT_MORE_HEADER = "x-endcap-more";

export interface ModelRecord {
  version: number;
  createdAtMs: number;
  publishedAtMs: number;
  sha256: string;
  bytes: number;
  items: number;
  evaluation: Evaluation;
  /** What it takes to sign the same weights anew; older edges lack it. */
  training?: Manifest["training"];
  current: boolean;
}
export interface ModelsResponse {
  paused: boolean;
  /** What the merchant wants served instead, until the trainer has signed it. */
  requested?: ModelRequest & { requestedAtMs: number };
  models: ModelRecord[];
}

/**
 * `POST routes.admin.modelRequest(shop)`: asks for an earlier model's weights to be served again, under a new version; null takes
 * the wish back. The edge cannot sign, so it stays a wish until the trainer publishes those weights (`--watch`, or `rollback`).
 */
export const MODEL_REQUEST_SCHEMA = { type: "object", properties: { version: { type: "integer", minimum: 1, description: "left out: the wish is taken back" } } } as const;
export interface ModelRequest {
  version: number;
}

/** `POST routes.admin.pause(shop)`: takes the model out of service, or puts it back. */
export const PAUSE_SCHEMA = { type: "object", required: ["paused"], properties: { paused: { type: "boolean" } } } as const;
export type PauseRequest = Infer<typeof PAUSE_SCHEMA>;

/** Counts that add up over time; money in major units of the shop's currency. */
export const STAT_SUMS = [
  "events", "page_view", "view_item", "search", "add_to_cart", "begin_checkout", "purchase", "revenue",
  "rec_render", "rec_view", "rec_click", "rec_add_to_cart", "rec_dismiss", "attributed_orders", "attributed_revenue",
] as const;
export type StatSum = (typeof STAT_SUMS)[number];
export type StatSums = { [S in StatSum]: number };
/** Sums with the distinct people behind them, which do not add up. */
export type StatTotals = StatSums & { shoppers: number; buyers: number };

export const STAT_BUCKETS = ["hour", "day"] as const;
export type StatBucket = (typeof STAT_BUCKETS)[number];

/** `GET routes.admin.stats(shop)?fromMs=&toMs=&bucket=` — a half-open range; buckets are hours or the shop's own days. */
export interface StatsResponse {
  shop: string;
  name: string;
  currency: string;
  timeZone: string;
  fromMs: number;
  toMs: number;
  totals: StatTotals;
  /** Every bucket of the range, oldest first, also where nothing happened; the first begins with the range. */
  series: ({ startMs: number; shoppers: number } & StatSums)[];
  placements: ({ placement: string } & Pick<StatSums, "rec_render" | "rec_view" | "rec_click" | "rec_add_to_cart" | "rec_dismiss" | "attributed_orders" | "attributed_revenue">)[];
  /** Distinct shoppers who got this far in the range. */
  funnel: { viewed: number; carted: number; checkout: number; purchased: number };
  /** Clients with an event in the last five minutes. */
  liveShoppers: number;
  newestEventAtMs: number | null;
  /** Everything that was not counted, by reason: void numbers and refusals. */
  dropped: { reason: VoidReason | string; count: number }[];
  /** Events by where they were learned of, most trusted first; sources that told of none are left out. */
  sources: { source: EventSource; events: number }[];
  /** Product views whose page told of a product in ways that disagree. */
  conflicts: number;
  /** Searches that found nothing. */
  emptySearches: number;
  /** Orders as the shop's own server knows them, and their value; nothing where it tells of none. */
  confirmed: { orders: number; revenue: number };
  /** Shoppers whose data were erased, at their own wish or by the shop. */
  erasures: number;
}

/** `POST routes.admin.loginLinks(shop)`. */
export interface LoginLinkResponse {
  /** Opens the dashboard once, within 15 minutes; the token is in the fragment. */
  url: string;
  expiresAtMs: number;
}
/** `POST routes.login`: the token of a login link; the answer is a SessionResponse and the session cookie. */
export const LOGIN_SCHEMA = { type: "object", required: ["token"], properties: { token: { type: "string", maxLength: 100 } } } as const;
export type LoginRequest = Infer<typeof LOGIN_SCHEMA>;
export interface SessionResponse {
  shop: string;
  name: string;
}

