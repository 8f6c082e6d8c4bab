/**
 * The events that the tag records, the edge counts and the trainer learns from.
 *
 * Names and item fields are Google Analytics 4's e-commerce names, verbatim; ours are prefixed `rec_`.
 * @see https://developers.google.com/analytics/devguides/collection/ga4/reference/events
 */
import { DAY_MS } from "./calendar.ts";
import { ID_PATTERN } from "./ids.ts";
import { parse, type Infer, type ObjectSchema, type Parsed } from "./schema.ts";

/** What one POST may hold. The bytes leave room under `fetch(keepalive)`'s 64 KiB. */
export const MAX_EVENTS_PER_BATCH = 50;
export const MAX_BATCH_BYTES = 48 * 1024;
/** An event unsent for this long is dropped, counted and reported; the edge refuses older ones. */
export const OUTBOX_LIFETIME_MS = 7 * DAY_MS;
/** A session ends after this much inactivity (GA4's default). */
export const SESSION_TIMEOUT_MS = 30 * 60 * 1000;
/** A click earns an order of the same item for this long. */
export const ATTRIBUTION_WINDOW_MS = 7 * DAY_MS;

export const PAGE_TYPES = ["home", "category", "product", "search", "cart", "checkout", "thank_you", "account", "not_found", "other"] as const;
export type PageType = (typeof PAGE_TYPES)[number];

export const ARMS = ["treatment", "holdout"] as const;
/** Which side of the shop's experiment a client is on: sees carousels, or is the comparison. */
export type Arm = (typeof ARMS)[number];

const text = { type: "string", maxLength: 500 } as const;
const shortText = { type: "string", maxLength: 120 } as const;
const itemId = { type: "string", minLength: 1, maxLength: 120, description: "the product's id in the shop's catalogue" } as const;
const money = { type: "number", minimum: -1e9, maximum: 1e9, description: "major units of `currency`" } as const;

/** One product in an event: GA4's item parameters. */
export const ITEM_SCHEMA = {
  type: "object",
  required: ["item_id"],
  properties: {
    item_id: itemId,
    item_name: text,
    item_brand: shortText,
    item_category: shortText,
    item_category2: shortText,
    item_category3: shortText,
    item_category4: shortText,
    item_category5: shortText,
    item_variant: shortText,
    item_list_id: shortText,
    item_list_name: shortText,
    index: { type: "integer", minimum: 0, maximum: 100000 },
    price: money,
    quantity: { type: "number", minimum: 0, maximum: 1e6 },
  },
} as const;
export type EventItem = Infer<typeof ITEM_SCHEMA>;

const items = { type: "array", items: ITEM_SCHEMA, minItems: 1, maxItems: 200 } as const;
const ecommerce = { currency: { type: "string", pattern: "^[A-Z]{3}$" }, value: money, items } as const;
const list = { ...ecommerce, item_list_id: shortText, item_list_name: shortText } as const;
/** Which slate an interaction came from; absent when no carousel caused it. */
const cause = { slate_id: { type: "string", pattern: ID_PATTERN }, placement: shortText } as const;

const slate = {
  slate_id: { type: "string", pattern: ID_PATTERN },
  placement: shortText,
  strategy: shortText,
  model_version: { type: "integer", minimum: 0, description: "0: no model, popularity served" },
  arm: { type: "string", enum: ARMS },
  items: {
    type: "array",
    maxItems: 100,
    items: {
      type: "object",
      required: ["item_id", "position"],
      properties: {
        item_id: itemId,
        position: { type: "integer", minimum: 0, maximum: 1000, description: "from 0" },
        propensity: { type: "number", minimum: 0, maximum: 1, description: "probability that the policy showed this item here" },
      },
    },
  },
} as const;
const slateRequired = ["slate_id", "placement", "strategy", "model_version", "arm", "items"] as const;

/** Fields in which a page's sources disagreed; the most trusted one was believed. */
const conflicts = { type: "array", maxItems: 12, items: { type: "string", maxLength: 40 } } as const;

/** The parameters of the events that shops tell of, by their names. */
export const SHOP_EVENT_SCHEMAS = {
  page_view: { type: "object", properties: { page_title: text, page_referrer: { type: "string", maxLength: 200, description: "origin only" } } },
  view_item: { type: "object", required: ["items"], properties: { ...ecommerce, ...cause, conflicts } },
  view_item_list: { type: "object", required: ["items"], properties: list },
  select_item: { type: "object", required: ["items"], properties: list },
  add_to_cart: { type: "object", required: ["items"], properties: { ...ecommerce, ...cause } },
  remove_from_cart: { type: "object", required: ["items"], properties: ecommerce },
  add_to_wishlist: { type: "object", required: ["items"], properties: ecommerce },
  view_cart: { type: "object", properties: ecommerce },
  begin_checkout: { type: "object", properties: ecommerce },
  add_shipping_info: { type: "object", properties: { ...ecommerce, shipping_tier: shortText } },
  add_payment_info: { type: "object", properties: { ...ecommerce, payment_type: shortText } },
  purchase: { type: "object", required: ["transaction_id", "items"], properties: { ...ecommerce, transaction_id: shortText, tax: money, shipping: money, coupon: shortText } },
  refund: { type: "object", required: ["transaction_id"], properties: { ...ecommerce, transaction_id: shortText } },
  search: { type: "object", required: ["search_term"], properties: { search_term: shortText } },
  view_search_results: { type: "object", required: ["search_term"], properties: { search_term: shortText, results: { type: "integer", minimum: 0, maximum: 1e7 } } },
  login: { type: "object", properties: { method: shortText, user_id: { type: "string", pattern: "^[0-9a-f]{64}$", description: "hashed on the device; the edge re-keys it before it is stored" } } },
} as const satisfies { [name: string]: ObjectSchema };

const milliseconds = { type: "number", minimum: 0, maximum: 86_400_000 } as const;
const element = { type: "string", maxLength: 200, description: "a CSS-like path; names and roles only, never what a shopper typed" } as const;

/** The parameters of what the tag itself sees on a page: attention, and what goes wrong. */
export const PAGE_EVENT_SCHEMAS = {
  user_engagement: {
    type: "object",
    required: ["engagement_time_msec"],
    properties: { engagement_time_msec: { ...milliseconds, description: "in view and in focus since the last one" }, percent_scrolled: { type: "integer", minimum: 0, maximum: 100 }, items },
  },
  web_vitals: { type: "object", properties: { lcp: milliseconds, inp: milliseconds, fcp: milliseconds, ttfb: milliseconds, cls: { type: "number", minimum: 0, maximum: 1000 } } },
  rage_click: { type: "object", required: ["element", "clicks"], properties: { element, clicks: { type: "integer", minimum: 1, maximum: 1000 } } },
  dead_click: { type: "object", required: ["element"], properties: { element } },
  script_error: { type: "object", required: ["message"], properties: { message: text, source: { type: "string", maxLength: 200, description: "origin and path" }, line: { type: "integer", minimum: 0, maximum: 1e7 } } },
  form_abandon: {
    type: "object",
    required: ["form", "field"],
    properties: { form: element, field: { ...shortText, description: "the last one touched" }, fields: { type: "array", maxItems: 50, items: shortText, description: "the names of those touched; values never" } },
  },
} as const satisfies { [name: string]: ObjectSchema };

/** The parameters of every event, by its name; those prefixed `rec_` are recorded by carousels. */
export const EVENT_SCHEMAS = {
  ...SHOP_EVENT_SCHEMAS,
  ...PAGE_EVENT_SCHEMAS,
  rec_render: { type: "object", required: slateRequired, properties: slate },
  rec_view: { type: "object", required: slateRequired, properties: slate },
  rec_click: { type: "object", required: slateRequired, properties: slate },
  rec_add_to_cart: { type: "object", required: slateRequired, properties: slate },
  rec_dismiss: { type: "object", required: slateRequired, properties: slate },
} as const satisfies { [name: string]: ObjectSchema };

export type EventName = keyof typeof EVENT_SCHEMAS;
export type ShopEventName = keyof typeof SHOP_EVENT_SCHEMAS;
export const EVENT_NAMES = /* @__PURE__ */ Object.keys(EVENT_SCHEMAS) as EventName[];
export type EventParams<N extends EventName> = Infer<(typeof EVENT_SCHEMAS)[N]>;
/** The five events about a slate share one shape. */
export type SlateParams = EventParams<"rec_render">;

/** Where an event was learned of, most trusted first; carousels' own and what the tag sees itself have none. */
export const EVENT_SOURCES = ["api", "shopify", "data-layer", "segment", "woocommerce", "json-ld", "microdata", "open-graph", "page"] as const;
export type EventSource = (typeof EVENT_SOURCES)[number];

const ENVELOPE_SCHEMA = {
  type: "object",
  required: ["seq", "name", "occurredAtMs", "sessionId"],
  properties: {
    seq: { type: "integer", minimum: 1, description: "the client's own number for this event, never used twice" },
    name: shortText,
    occurredAtMs: { type: "integer", minimum: 0, description: "the client's clock, milliseconds since 1970" },
    sessionId: { type: "string", pattern: ID_PATTERN },
    source: { type: "string", enum: EVENT_SOURCES },
    page: {
      type: "object",
      required: ["type"],
      properties: {
        type: { type: "string", enum: PAGE_TYPES },
        path: { type: "string", maxLength: 300, description: "path only: no query, no fragment" },
      },
    },
  },
} as const;

type Envelope = Infer<typeof ENVELOPE_SCHEMA>;
/** One event as recorded, sent, stored and exported. */
export type ShopEvent = { [N in EventName]: Omit<Envelope, "name"> & { name: N; params: EventParams<N> } }[EventName];
export type EventOf<N extends EventName> = Extract<ShopEvent, { name: N }>;

/** Why sequence numbers will never arrive. Each is counted and shown to the merchant. */
export const VOID_REASONS = ["unused", "expired", "over-quota", "rejected", "storage-failed"] as const;
export type VoidReason = (typeof VOID_REASONS)[number];

/** What one POST to the edge holds, apart from its events, which are judged one by one. */
export const BATCH_SCHEMA = {
  type: "object",
  required: ["key", "clientId", "sentAtMs"],
  properties: {
    key: { type: "string", maxLength: 80, description: "the shop's public write key" },
    clientId: { type: "string", pattern: ID_PATTERN },
    sentAtMs: { type: "integer", minimum: 0, description: "the client's clock when it sent this" },
    secretHash: { type: "string", pattern: "^[0-9a-f]{64}$", description: "SHA-256 of the device secret that authorises erasure" },
    via: { type: "string", enum: ["shopify-pixel"], description: "sent from a sandbox, which has no origin" },
    voids: {
      type: "array",
      maxItems: 50,
      items: {
        type: "object",
        required: ["from", "to", "reason"],
        properties: { from: { type: "integer", minimum: 1 }, to: { type: "integer", minimum: 1, description: "inclusive" }, reason: { type: "string", enum: VOID_REASONS } },
      },
    },
  },
} as const;
export type BatchHead = Infer<typeof BATCH_SCHEMA>;
export type EventBatch = BatchHead & { events: ShopEvent[] };

/** The edge's answer to a batch. Every event sent is in exactly one of these, or the whole batch was refused. */
export interface BatchReceipt {
  /** Numbers counted by this request. */
  accepted: number;
  /** Numbers already counted before; same content. */
  duplicate: number;
  /** Numbers already used by other content: the first stays, this one is dropped. */
  conflicts: number[];
  /** Events that can never be counted; the sender must not send them again. */
  rejected: { seq: number | null; code: string; message: string }[];
  /** Every number up to this one has been received or reported void. */
  watermark: number;
}

/**
 * Checks one event of unknown origin.
 * @returns a clean copy, or the place of the first fault; an unknown name has the path `name`
 */
export function parseEvent(value: unknown, path = "event"): Parsed<ShopEvent> {
  const envelope = parse(ENVELOPE_SCHEMA, value, path);
  if (!envelope.ok) return envelope;
  const name = envelope.value.name;
  if (!Object.hasOwn(EVENT_SCHEMAS, name)) return { ok: false, path: `${path}.name`, message: `"${name}" is not an event that Endcap knows` };
  const params = parse(EVENT_SCHEMAS[name as EventName] as ObjectSchema, (value as { params?: unknown }).params ?? {}, `${path}.params`);
  if (!params.ok) return params;
  return { ok: true, value: { ...envelope.value, params: params.value } as ShopEvent };
}
