import { expect, test } from "vitest";
import { EVENT_NAMES, parseEvent } from "../../core/events.ts";

const SLATE = { slate_id: "slate-0001", placement: "home-for-you", strategy: "for_you", model_version: 3, arm: "treatment", items: [{ item_id: "A", position: 0, propensity: 1 }] };
const PARAMS: { [name: string]: object } = {
  view_item: { items: [{ item_id: "A" }] },
  view_item_list: { items: [{ item_id: "A", index: 0 }] },
  select_item: { items: [{ item_id: "A" }] },
  add_to_cart: { items: [{ item_id: "A", quantity: 1, price: 2.5 }], currency: "EUR", value: 2.5 },
  remove_from_cart: { items: [{ item_id: "A" }] },
  add_to_wishlist: { items: [{ item_id: "A" }] },
  purchase: { transaction_id: "T1", items: [{ item_id: "A", quantity: 2 }], value: 5, currency: "EUR" },
  refund: { transaction_id: "T1" },
  search: { search_term: "kettle" },
  view_search_results: { search_term: "kettle", results: 12 },
  user_engagement: { engagement_time_msec: 5200, percent_scrolled: 40, items: [{ item_id: "A" }] },
  rage_click: { element: "button.add", clicks: 4 },
  dead_click: { element: "img.hero" },
  script_error: { message: "x is not a function", source: "https://shop.example/app.js", line: 7 },
  form_abandon: { form: "form#address", field: "city", fields: ["name", "city"] },
  rec_render: SLATE, rec_view: SLATE, rec_click: SLATE, rec_add_to_cart: SLATE, rec_dismiss: SLATE,
};
const event = (name: string, change: object = {}) => ({ seq: 1, name, occurredAtMs: 1_700_000_000_000, sessionId: "session-1", params: PARAMS[name] ?? {}, ...change });
const refusal = (value: unknown) => {
  const parsed = parseEvent(value);
  return parsed.ok ? null : parsed.path;
};

test.each(EVENT_NAMES)("%s passes with what it needs, unchanged", (name) => {
  expect(parseEvent(event(name))).toEqual({ ok: true, value: event(name) });
});

test.each(Object.keys(PARAMS))("%s is refused without its parameters", (name) => {
  expect(refusal(event(name, { params: {} }))).toMatch(/^event\.params\./);
});

test("an unknown event is refused by name, also one that every object inherits", () => {
  expect(refusal(event("view_promotion"))).toBe("event.name");
  expect(refusal(event("toString"))).toBe("event.name");
  expect(refusal(event("__proto__"))).toBe("event.name");
});

test.each([
  ["a number of zero", { seq: 0 }, "event.seq"],
  ["half a number", { seq: 1.5 }, "event.seq"],
  ["no number", { seq: undefined }, "event.seq"],
  ["a time before 1970", { occurredAtMs: -1 }, "event.occurredAtMs"],
  ["a session id with spaces", { sessionId: "a session" }, "event.sessionId"],
  ["a session id of seven characters", { sessionId: "1234567" }, "event.sessionId"],
  ["a page of unknown type", { page: { type: "landing" } }, "event.page.type"],
  ["a path of 301 characters", { page: { type: "home", path: "/".repeat(301) } }, "event.page.path"],
  ["no items", { params: { items: [] } }, "event.params.items"],
  ["201 items", { params: { items: Array(201).fill({ item_id: "A" }) } }, "event.params.items"],
  ["an item without id", { params: { items: [{ item_name: "Kettle" }] } }, "event.params.items[0].item_id"],
  ["an item id of 121 characters", { params: { items: [{ item_id: "A".repeat(121) }] } }, "event.params.items[0].item_id"],
  ["a price that is text", { params: { items: [{ item_id: "A", price: "9.99" }] } }, "event.params.items[0].price"],
  ["a currency in lower case", { params: { items: [{ item_id: "A" }], currency: "eur" } }, "event.params.currency"],
  ["parameters that are a list", { params: [] }, "event.params"],
])("refuses %s, and says where", (_, change, path) => {
  expect(refusal(event("view_item", change))).toBe(path);
});

test.each([
  ["an arm that does not exist", { arm: "control" }, "arm"],
  ["a propensity above one", { items: [{ item_id: "A", position: 0, propensity: 1.01 }] }, "items[0].propensity"],
  ["an item without position", { items: [{ item_id: "A" }] }, "items[0].position"],
  ["a slate of 101 items", { items: Array(101).fill({ item_id: "A", position: 0 }) }, "items"],
])("refuses a slate with %s", (_, change, path) => {
  expect(refusal(event("rec_click", { params: { ...SLATE, ...change } }))).toBe(`event.params.${path}`);
});

test("what is no event at all is refused without a throw", () => {
  for (const value of [null, undefined, 3, "view_item", []]) expect(refusal(value)).toBe("event");
});
