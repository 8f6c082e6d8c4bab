/** Keeps e-mail addresses, phone numbers and card numbers out of storage, whatever the tag let pass. */
import { EVENT_SCHEMAS, PAGE_EVENT_SCHEMAS, type EventItem, type EventName, type ShopEvent } from "../core/events.ts";
import { hasCheckDigit, redactPath, redactText } from "../core/redact.ts";
import type { ObjectSchema, Schema } from "../core/schema.ts";

/** In paths a bare run of digits is mostly an article number: cards are 15 digits or more with the right check digit … */
const CARD = /(?<!\d)\d(?:[ -]?\d){14,18}(?!\d)/g;
/** … and phone numbers begin with a country code. */
const PHONE = /(?<![\w+])(?:\+|%2B)\d(?:[ ().-]?\d){6,}/gi;
/** Query and fragment of a web address, which may hold anything. */
const QUERY = /([a-z][a-z0-9+.-]*:\/\/[^\s?#]*)[?#]\S*/gi;
const MAX_PATH_CHARS = 300;

/** What of an event's parameters may hold what a shopper typed, or a page wrote about one. Ids are never touched. */
const REDACTED: { readonly [N in EventName]?: { readonly [param: string]: (text: string) => string } } = {
  page_view: { page_title: redactText, page_referrer: redactPath },
  view_item: { conflicts: redactText },
  // Lists are named by what was searched for.
  view_item_list: { item_list_name: redactText },
  select_item: { item_list_name: redactText },
  add_shipping_info: { shipping_tier: redactText },
  add_payment_info: { payment_type: redactText },
  search: { search_term: redactText },
  view_search_results: { search_term: redactText },
  login: { method: redactText },
  rage_click: { element: redactText },
  dead_click: { element: redactText },
  script_error: { message: (text) => redactText(text.replace(QUERY, "$1")), source: (text) => withoutNumbers(redactPath(text.replace(/[?#].*/s, ""))) },
  form_abandon: { form: redactText, field: redactText, fields: redactText },
};
/** What carousels record and the tag sees by itself nobody told it of. */
const UNTOLD: ReadonlySet<string> = new Set([...Object.keys(PAGE_EVENT_SCHEMAS), ...Object.keys(EVENT_SCHEMAS).filter((name) => name.startsWith("rec_"))]);

/** Redacts, in place, what a shopper or a page may have put a person's data into, and drops a source that cannot be. */
export function redactEvent(event: ShopEvent): ShopEvent {
  if (event.page?.path !== undefined) event.page.path = withoutNumbers(redactPath(event.page.path)).slice(0, MAX_PATH_CHARS);
  if (UNTOLD.has(event.name)) delete event.source;
  const params = event.params as { [param: string]: unknown };
  for (const [param, redact] of Object.entries(REDACTED[event.name] ?? {})) {
    if (params[param] !== undefined) params[param] = redacted(params[param] as string | string[], redact, (EVENT_SCHEMAS[event.name] as ObjectSchema).properties[param]!);
  }
  for (const item of (params["items"] as EventItem[] | undefined) ?? []) if (item.item_list_name !== undefined) item.item_list_name = redactText(item.item_list_name);
  return event;
}

/** No longer than its schema lets it be: what stands for a number may be longer than the number was. */
function redacted(value: string | string[], redact: (text: string) => string, schema: Schema): string | string[] {
  if (typeof value !== "string") return value.map((text) => redacted(text, redact, (schema as { items: Schema }).items) as string);
  return redact(value).slice(0, (schema as { maxLength?: number }).maxLength);
}

function withoutNumbers(path: string): string {
  return path.replace(CARD, (run) => (hasCheckDigit(run.replace(/\D/g, ""), 2) ? "[number]" : run)).replace(PHONE, "[number]");
}
