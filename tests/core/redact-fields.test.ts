/** What leaves a device, field by field, through the recorder that the tag ships: planted secrets don't, the shop's own numbers do. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { EventName, ShopEventName } from "../../core/events.ts";
import { kindOf, redactPath, redactText } from "../../core/redact.ts";
import { pagePath } from "../../widget/capture/page.ts";
import { createFaults } from "../../widget/faults.ts";
import * as redaction from "../../widget/redaction.ts";
import { createRecorder } from "../../widget/capture/recorder.ts";
import { toJson } from "../../widget/json.ts";
import type { Journal, RecordedEvent } from "../../widget/store/journal.ts";
import { newShopper } from "../../widget/store/shopper.ts";
import { createCorpus, type Secret } from "./redact-corpus.ts";

/** How a text gets into each field, as a shop tells of it or the tag sees it. */
const FIELDS: { [field: string]: (text: string) => [EventName, object] } = {
  search_term: (text) => ["search", { search_term: text }],
  "results of search_term": (text) => ["view_search_results", { search_term: text, results: 3 }],
  page_title: (text) => ["page_view", { page_title: text }],
  item_name: (text) => ["view_item", { items: [{ item_id: "a", item_name: text }] }],
  item_brand: (text) => ["view_item", { items: [{ item_id: "b", item_brand: text }] }],
  item_variant: (text) => ["add_to_cart", { items: [{ item_id: "c", item_variant: text }] }],
  item_category3: (text) => ["add_to_cart", { items: [{ item_id: "d", item_category3: text }] }],
  item_list_name: (text) => ["view_item_list", { item_list_name: text, items: [{ item_id: "e" }] }],
  shipping_tier: (text) => ["add_shipping_info", { shipping_tier: text, items: [{ item_id: "f" }] }],
  payment_type: (text) => ["add_payment_info", { payment_type: text, items: [{ item_id: "g" }] }],
  method: (text) => ["login", { method: text }],
  message: (text) => ["script_error", { message: text }],
  field: (text) => ["form_abandon", { form: "form", field: text }],
  fields: (text) => ["form_abandon", { form: "form", field: "a", fields: ["b", text] }],
  item_id: (text) => ["view_item", { items: [{ item_id: text }] }],
  item_list_id: (text) => ["select_item", { item_list_id: text, items: [{ item_id: "h" }] }],
  transaction_id: (text) => ["refund", { transaction_id: text }],
  coupon: (text) => ["purchase", { transaction_id: `T-${text.length}`, coupon: text, items: [{ item_id: "i" }] }],
  source: (text) => ["script_error", { message: "x", source: `https://shop.example/a/${encodeURIComponent(text)}/b.js` }],
  element: (text) => ["dead_click", { element: `form#x > a[href="/a/${text}"]` }],
  path: (text) => ["page_view", { page_title: text.length > 0 ? "t" : "u" }],
};
const SHOP_EVENTS = /^(?!script_|form_|dead_)/;

/** The event as it is sent, byte for byte. */
async function sent(field: string, text: string): Promise<string> {
  const events: RecordedEvent[] = [];
  const journal = {
    shopper: newShopper, isLoading: () => false, session: () => "session-0", ready: async () => {},
    record: async (event: RecordedEvent | null) => (event && events.push(event), { ok: true, seq: 1 }),
  } as unknown as Journal;
  const path = field === "path" ? pagePath({ pathname: new URL(`https://shop.example/u/${encodeURIComponent(text)}/x`).pathname }) : "/p";
  const recorder = createRecorder({ journal, page: () => ({ type: "other", path }), offLimits: () => false, loadRedaction: async () => redaction, faults: createFaults(), nowMs: () => 0 });
  const [name, params] = FIELDS[field]!(text);
  await (SHOP_EVENTS.test(name) ? recorder.track(name as ShopEventName, params) : recorder.record(name, params, []));
  expect(events, `${field}: ${text}`).toHaveLength(1);
  const { page, params: left } = events[0]!;
  return toJson({ page, params: left });
}

function decoded(text: string): string {
  const entities = text.replace(/&#(x?)([\da-f]+);/gi, (_, hex: string, digits: string) => String.fromCodePoint(parseInt(digits, hex ? 16 : 10))).replaceAll("&commat;", "@").replaceAll("&plus;", "+");
  try {
    const plain = decodeURIComponent(entities);
    return plain === text ? plain : decoded(plain);
  } catch {
    return entities;
  }
}

/** What of a secret would betray it, wherever it is found. */
function betrays(json: string, { kind, text }: Secret): boolean {
  const left = decoded(json).replaceAll(/\[(email|number|secret)\]/g, "·");
  if (kind === "email") return /[@＠]/.test(left);
  if (kind === "credentials") {
    const token = (text.match(/[\w-]{8,}(?=[^\w-]*$)/) ?? text.match(/[\w-]{16,}/))?.[0] ?? text;
    return left.includes(token) || /ann:/.test(left);
  }
  const digits = text.replace(/\D/g, "");
  const longest = left.match(/\d(?:[^\w·]{0,3}\d)*/g)?.map((run) => run.replace(/\D/g, "")).filter((run) => digits.includes(run)).reduce((most, { length }) => Math.max(most, length), 0) ?? 0;
  return longest > 5;
}

describe("of 14,000 seeded e-mail addresses, telephone, card and account numbers, tokens and query strings, encoded or not", () => {
  it("none leaves the device in any field", async () => {
    const corpus = createCorpus(20261124);
    const names = Object.keys(FIELDS);
    const leaks: string[] = [];
    const planted: { [kind: string]: number } = {};
    for (let i = 0; i < 14_000; i += 1) {
      const field = names[i % names.length]!;
      const strict = kindOf(field) === "text" && field !== "path";
      let secret = corpus.secret();
      // Digits that nothing marks as a telephone number are, in ids and paths, the shop's own.
      while (!strict && secret.inTextOnly) secret = corpus.secret();
      // An id is a name in one piece, without words around it.
      const text = strict ? corpus.around(corpus.encoded(secret.text)) : corpus.encoded(secret.text);
      // What is planted is cut to the field's length afterwards; long tokens in short fields are no test.
      const json = await sent(field, text);
      planted[secret.kind] = (planted[secret.kind] ?? 0) + 1;
      if (betrays(json, secret)) leaks.push(`${field} ${secret.kind}: ${text} → ${json}`);
    }
    expect(Math.min(...Object.values(planted))).toBeGreaterThan(1_000);
    expect(leaks).toEqual([]);
  });
});

/** Whether a field comes out as it went in. */
const altered = async (field: string, text: string) => !(await sent(field, text)).includes(JSON.stringify(text).slice(1, -1));
/** At most one in a thousand. */
const expectKept = async (texts: string[], changed: (text: string) => boolean | Promise<boolean>) => {
  const bad: string[] = [];
  for (const text of texts) if (await changed(text)) bad.push(text);
  expect(bad.length, bad.slice(0, 20).join("\n")).toBeLessThanOrEqual(texts.length / 1000);
};

describe("of 12,000 article numbers, GTINs, ISBNs, order numbers and searches, at most one in a thousand is altered", () => {
  const corpus = createCorpus(20261125);
  const many = (make: () => string) => Array.from({ length: 2_400 }, make);
  it.each([["item_id", "sku"], ["item_id", "gtin"], ["item_id", "isbn"], ["transaction_id", "order"], ["search_term", "term"]] as const)("in %s, each %s", (field, kind) => expectKept(many(corpus[kind]), (text) => altered(field, text)));
  it.each(["sku", "isbn"] as const)("typed into the search box, each %s", (kind) => expectKept(many(corpus[kind]), (text) => redactText(text) !== text));
  it("typed into the search box, GTINs but for those of twelve digits that begin with 0, which are telephone numbers too", async () => {
    const [doubtful, clear] = [true, false].map((zero) => many(corpus.gtin).filter((text) => /^0\d{11}$/.test(text) === zero));
    await expectKept(clear!, (text) => redactText(text) !== text);
    expect(doubtful!.every((text) => redactText(text) === "[number]" || text.startsWith("000"))).toBe(true);
  });
});

const given = process.env["ENDCAP_DATA"];
const shared = given && existsSync(join(given, "online-retail/online_retail.csv.gz")) ? given : undefined;
describe("on real shops' data", () => {
  it.skipIf(shared === undefined)(`at most one in a thousand article numbers, names and invoices is altered${shared === undefined ? " (skipped: ENDCAP_DATA names no folder with online-retail/online_retail.csv.gz)" : ""}`, async () => {
    const rows = gunzipSync(readFileSync(join(shared!, "online-retail/online_retail.csv.gz"))).toString("utf8").split("\n").slice(1);
    const [invoices, codes, names] = [new Set<string>(), new Set<string>(), new Set<string>()];
    for (const row of rows) {
      const [invoice, code, name] = row.split(",");
      if (!invoice || !code || !name) continue;
      invoices.add(invoice);
      codes.add(code);
      names.add(name.replaceAll('"', ""));
    }
    expect([invoices.size, codes.size, names.size].every((size) => size > 3_000)).toBe(true);
    for (const texts of [invoices, codes, names]) await expectKept([...texts], (text) => redactText(text) !== text);
    const truth = join(shared!, "pages/truth.json");
    if (!existsSync(truth)) return;
    const pages = Object.values(JSON.parse(readFileSync(truth, "utf8")) as { [page: string]: { sku?: string[]; mpn?: string[]; gtin?: string[]; url?: string } });
    await expectKept(pages.flatMap(({ sku = [], mpn = [], gtin = [] }) => [...sku, ...mpn, ...gtin]), (text) => altered("item_id", text.trim()));
    await expectKept(pages.flatMap(({ url }) => (url ? [new URL(url).pathname] : [])), (path) => redactPath(path) !== path);
  });
});
