import { beforeAll, expect, it } from "vitest";
import { routes, type ApiError } from "../../../core/api.ts";
import { seededRandom } from "../../../core/ids.ts";
import { BROWSER, createShop, event, NOON, SHOP_ORIGIN, startEdge, type TestEdge, type TestShop } from "../edge.ts";

const edge: TestEdge = startEdge();
let shop: TestShop;
beforeAll(async () => {
  shop = await createShop(edge);
});

const SCALARS: unknown[] = [null, true, "", "x".repeat(600), "\u0000", "\ud800", "__proto__", 0, -1, 1.5, 1e308, 9007199254740991, [], {}, [[]], { toString: 1 }, { constructor: { prototype: {} } }];

/** A copy with one or two places replaced by something else, or left out. */
function mutate(value: unknown, random: () => number): unknown {
  if (typeof value !== "object" || value === null || random() < 0.15) return SCALARS[Math.floor(random() * SCALARS.length)];
  const keys = Object.keys(value);
  const copy = (Array.isArray(value) ? [...value] : { ...value }) as Record<string, unknown>;
  const key = keys[Math.floor(random() * keys.length)];
  if (key === undefined) return SCALARS[Math.floor(random() * SCALARS.length)];
  if (random() < 0.1) delete copy[key];
  else copy[key] = mutate(copy[key], random);
  return random() < 0.3 ? mutate(copy, random) : copy;
}

it("answers whatever JSON it is sent with a receipt or a refusal, never with a failure", async () => {
  const slate = { slate_id: "slate-0001", placement: "p", strategy: "popular", model_version: 0, arm: "treatment" as const, items: [{ item_id: "a", position: 0, propensity: 1 }] };
  const random = seededRandom(11);
  const batch = () => ({
    key: shop.writeKey, clientId: `client-${1000 + Math.floor(random() * 200)}`, sentAtMs: NOON, voids: [{ from: 1, to: 2, reason: "unused" }],
    events: [event(3, "purchase", { transaction_id: "T", currency: "EUR", value: 3, items: [{ item_id: "a", price: 1, quantity: 2 }] }), event(4, "rec_click", slate), event(5, "search", { search_term: "x" }), event(6, "page_view", { page_title: "t" }),
      event(7, "script_error", { message: "m", source: "https://shop.example/a.js", line: 3 }), event(8, "form_abandon", { form: "form#f", field: "email", fields: ["email"] }), event(9, "web_vitals", { lcp: 3, cls: 0 }), event(10, "login", { user_id: "a".repeat(64) })],
  });
  const bearer = { authorization: `Bearer ${shop.merchantToken}` };
  const page = { origin: SHOP_ORIGIN, "user-agent": BROWSER };
  const targets: [method: string, path: string, body: () => unknown, headers: { [name: string]: string }][] = [
    ["POST", routes.events, batch, page],
    ["POST", routes.erasure, () => ({ key: shop.writeKey, clientId: `client-${1000 + Math.floor(random() * 200)}`, secret: "a-secret" }), page],
    ["POST", routes.admin.import(shop.id), batch, bearer],
    ["PUT", routes.admin.catalogue(shop.id), () => ({ id: "a", title: "A", link: "/a", price: 1, availability: "in_stock" }), bearer],
    ["POST", routes.recommend, () => ({ key: shop.writeKey, placement: "home-for-you", cart: ["a"], history: [{ item_id: "a", kind: "view", ageMs: 1 }] }), page],
    ["POST", routes.admin.models(shop.id), () => ({ payload: "{}", signature: "abc", publicKey: "abc" }), bearer],
    ["POST", routes.admin.pause(shop.id), () => ({ paused: true }), bearer],
    ["POST", routes.admin.shops, () => ({ id: "fuzzed-shop", name: "F", currency: "EUR", origins: ["https://f.example"], signers: ["0".repeat(32)], timeZone: "UTC", locale: "en" }), { authorization: "Bearer operator-secret" }],
    ["POST", routes.login, () => ({ token: "abc" }), { origin: "https://edge.example" }],
  ];
  for (let round = 0; round < 60; round += 1) {
    for (const [method, path, body, headers] of targets) {
      edge.nowMs += 2_000;
      const sent = JSON.stringify(mutate(body(), random)) ?? "";
      const answer = await edge.fetch(path, { method, headers, body: sent });
      if (answer.status >= 500) throw new Error(`${method} ${path} answered ${answer.status} to ${sent}`);
      if (answer.status >= 400) {
        const { error } = await answer.json<ApiError>();
        expect(error.code).toMatch(/^[a-z0-9-]+$/);
        expect(error.message.length).toBeGreaterThan(10);
        expect(typeof error.retry).toBe("boolean");
      }
    }
  }
});

it.each(["", "{", "null", "[]", "\u0000", "🛒"])("refuses a body that is no JSON object: %j", async (body) => {
  for (const path of [routes.events, routes.recommend]) {
    const answer = await edge.fetch(path, { method: "POST", headers: { origin: SHOP_ORIGIN, "user-agent": BROWSER }, body });
    expect(answer.status).toBe(400);
  }
});

it("refuses bytes that are not UTF-8", async () => {
  expect((await edge.fetch(routes.events, { method: "POST", headers: { origin: SHOP_ORIGIN }, body: new Uint8Array([0x7b, 0xff, 0x7d]) })).status).toBe(400);
});

it.each([["GET", "/v1/nothing"], ["DELETE", routes.events], ["GET", "/v1/config/%00"], ["GET", "/v1/config/%F0%9F"], ["GET", "/v1/files/%2e%2e"], ["POST", "/"]])("refuses %s %s as it refuses everything else", async (method, path) => {
  const answer = await edge.fetch(path, { method });
  expect(answer.status).toBe(404);
  expect((await answer.json<ApiError>()).error.retry).toBe(false);
});
