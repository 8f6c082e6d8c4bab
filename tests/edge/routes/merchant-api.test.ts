import { beforeAll, describe, expect, it } from "vitest";
import { routes, type ShopConfig, type ShopResponse, type StatsResponse } from "../../../core/api.ts";
import { sha256Hex } from "../../../core/ids.ts";
import { merchantPaths, OPERATIONS, operationOf, SCOPES, type Operation, type TokenRecord, type TokenResponse } from "../../../core/merchant-api.ts";
import { openApi } from "../../../core/openapi.ts";
import { parse } from "../../../core/schema.ts";
import { createApp } from "../../../edge/app.ts";
import { archiveOnce } from "../../../edge/ledger/archive.ts";
import { runInDurableObject } from "cloudflare:test";
import { click, codeOf, createShop, env, event, NOON, ORIGIN, pageViews, startEdge, type TestEdge, type TestShop } from "../edge.ts";

const edge: TestEdge = startEdge(NOON, { METRICS_TOKEN: "metrics-secret" });
let shop: TestShop;
beforeAll(async () => {
  shop = await createShop(edge);
});
const json = (method: string, value: unknown): RequestInit => ({ method, body: JSON.stringify(value) });
const make = async (of: TestShop, request: object): Promise<TokenResponse> => (await of.admin(merchantPaths.tokens(of.id), json("POST", request))).json();
const using = (token: string, path: string, init: RequestInit = {}) => edge.fetch(path, { ...init, headers: { authorization: `Bearer ${token}` } });

describe("the API's description", () => {
  it("names every route that the edge serves, and none that it does not", () => {
    const app = createApp({ now: () => NOON, sleep: async () => undefined, fetch });
    const served = app.routes.filter(({ method, path }) => method !== "ALL" && method !== "OPTIONS" && path !== "/" && path !== "/*").map(({ method, path }) => `${method} ${path}`);
    expect([...new Set(served)].sort()).toEqual(OPERATIONS.map(({ method, path }) => `${method} ${path}`).sort());
  });

  it("is served, with a name of its own for each operation and a body or none as the table says", async () => {
    const answer = await edge.fetch(merchantPaths.openapi);
    expect(answer.headers.get("access-control-allow-origin")).toBe("*");
    const document = await answer.json<{ openapi: string; paths: { [path: string]: { [method: string]: { operationId: string; parameters?: { name: string; in: string }[]; requestBody?: object; responses: object } } } }>();
    expect(document).toEqual(openApi(ORIGIN));
    expect(document.openapi).toBe("3.1.0");
    const operations = Object.entries(document.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ path, method, ...operation })));
    expect(operations).toHaveLength(OPERATIONS.length);
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
    for (const { path, parameters = [] } of operations) expect(parameters.filter((parameter) => parameter.in === "path").map(({ name }) => `{${name}}`)).toEqual(path.match(/\{\w+\}/g) ?? []);
  });

  it("says of each answer what it holds", async () => {
    await shop.send("client-0001", [...pageViews(1), event(2, "purchase", { transaction_id: "T", items: [{ item_id: "a", price: 2 }] })]);
    const product = JSON.stringify({ id: "a", title: "A", link: "/a", price: 1 });
    const token = await make(shop, { name: "for this test" });
    const rotated = await make(shop, { name: "to be replaced" });
    const samples: [method: Operation["method"], path: string, template: string, init?: RequestInit][] = [
      ["GET", routes.admin.shop(shop.id), routes.admin.shop(":shop")],
      ["PATCH", routes.admin.shop(shop.id), routes.admin.shop(":shop"), json("PATCH", { name: "Renamed" })],
      ["GET", merchantPaths.tokens(shop.id), merchantPaths.tokens(":shop")],
      ["POST", merchantPaths.tokens(shop.id), merchantPaths.tokens(":shop"), json("POST", { name: "another" })],
      ["POST", merchantPaths.rotateToken(shop.id, rotated.id), merchantPaths.rotateToken(":shop", ":id"), { method: "POST" }],
      ["DELETE", merchantPaths.token(shop.id, token.id), merchantPaths.token(":shop", ":id"), { method: "DELETE" }],
      ["POST", routes.admin.loginLinks(shop.id), routes.admin.loginLinks(":shop"), { method: "POST" }],
      ["PUT", routes.admin.catalogue(shop.id), routes.admin.catalogue(":shop"), { method: "PUT", body: product }],
      ["GET", routes.admin.catalogue(shop.id), routes.admin.catalogue(":shop")],
      ["GET", routes.admin.catalogueVersions(shop.id), routes.admin.catalogueVersions(":shop")],
      ["PUT", routes.admin.catalogueFeed(shop.id), routes.admin.catalogueFeed(":shop"), json("PUT", { url: "https://shop.example/feed" })],
      ["GET", routes.admin.catalogueFeed(shop.id), routes.admin.catalogueFeed(":shop")],
      ["POST", routes.admin.catalogueFetch(shop.id), routes.admin.catalogueFetch(":shop"), { method: "POST" }],
      ["DELETE", routes.admin.catalogueFeed(shop.id), routes.admin.catalogueFeed(":shop"), { method: "DELETE" }],
      ["POST", routes.admin.import(shop.id), routes.admin.import(":shop"), { method: "POST", body: "" }],
      ["POST", merchantPaths.orders(shop.id), merchantPaths.orders(":shop"), json("POST", { orders: [{ transaction_id: "T", value: 2, currency: "EUR", atMs: NOON - 1 }] })],
      ["PUT", merchantPaths.webhooks(shop.id), merchantPaths.webhooks(":shop"), json("PUT", { shopifySecret: "x".repeat(32) })],
      ["GET", routes.admin.export(shop.id), routes.admin.export(":shop")],
      ["GET", routes.admin.stats(shop.id), routes.admin.stats(":shop")],
      ["GET", routes.admin.client(shop.id, "client-0001"), routes.admin.client(":shop", ":clientId")],
      ["DELETE", routes.admin.client(shop.id, "client-0001"), routes.admin.client(":shop", ":clientId"), { method: "DELETE" }],
      ["DELETE", routes.admin.person(shop.id, "0".repeat(64)), routes.admin.person(":shop", ":userId"), { method: "DELETE" }],
      ["GET", routes.admin.models(shop.id), routes.admin.models(":shop")],
      ["PUT", routes.admin.weights(shop.id, await sha256Hex("x")), routes.admin.weights(":shop", ":sha256"), { method: "PUT", body: "x" }],
      ["POST", routes.admin.modelRequest(shop.id), routes.admin.modelRequest(":shop"), json("POST", {})],
      ["POST", routes.admin.pause(shop.id), routes.admin.pause(":shop"), json("POST", { paused: false })],
    ];
    // Publishing a model has its own tests; it is all that is left out here.
    const merchants = OPERATIONS.filter(({ access, path }) => (SCOPES as readonly string[]).includes(access) && !(path.endsWith("/models") && operationOf("POST", path).access === "publish"));
    for (const { method, path } of merchants) expect(samples.map(([given, , template]) => `${given} ${template}`)).toContain(`${method} ${path}`);
    for (const [method, path, template, init] of samples) {
      const { status, response } = operationOf(method, template);
      const answer = await shop.admin(path, init);
      const text = await answer.text();
      expect([method, template, answer.status, text.slice(0, status === answer.status ? 0 : 300)]).toEqual([method, template, status, ""]);
      if (response === null) expect(text).toBe("");
      else if (typeof response === "string") expect(answer.headers.get("content-type")).toBe(response);
      else expect([template, parse(response, JSON.parse(text))]).toMatchObject([template, { ok: true }]);
    }
  });
});

describe("a merchant's token", () => {
  it("may do what its scopes say and nothing else, on every route", async () => {
    for (const scope of SCOPES) {
      const { token } = await make(shop, { name: scope, scopes: [scope] });
      for (const { method, path, access } of OPERATIONS) {
        if (!(SCOPES as readonly string[]).includes(access) || access === scope) continue;
        const answer = await using(token, path.replace(":shop", shop.id), { method, ...(method === "GET" ? {} : { body: "{}" }) });
        expect([scope, method, path, answer.status, await codeOf(answer)]).toEqual([scope, method, path, 403, "scope-missing"]);
      }
    }
  });
  it("makes none that may do more than itself", async () => {
    const { token } = await make(shop, { name: "manager", scopes: ["manage"] });
    const answer = await using(token, merchantPaths.tokens(shop.id), json("POST", { name: "more" }));
    expect([answer.status, await codeOf(answer)]).toEqual([403, "scope-missing"]);
    const all = await make(shop, { name: "all of it" });
    expect(await codeOf(await using(token, merchantPaths.rotateToken(shop.id, all.id), { method: "POST" }))).toBe("scope-missing");
  });
  it("ends when it is revoked, when its time is up, and some hours after it was replaced", async () => {
    const own = await createShop(startEdge());
    const read = (token: string) => own.edge.fetch(routes.admin.shop(own.id), { headers: { authorization: `Bearer ${token}` } });
    const [revoked, passing, replaced] = [await make(own, { name: "a" }), await make(own, { name: "b", expiresInDays: 1 }), await make(own, { name: "c" })];
    await own.admin(merchantPaths.token(own.id, revoked.id), { method: "DELETE" });
    expect((await read(revoked.token)).status).toBe(401);
    const next = await (await own.admin(merchantPaths.rotateToken(own.id, replaced.id), json("POST", { graceHours: 2 }))).json<TokenResponse>();
    own.edge.nowMs += 2 * 36e5 - 1;
    expect((await read(replaced.token)).status).toBe(200);
    own.edge.nowMs += 1;
    expect([(await read(replaced.token)).status, (await read(next.token)).status, (await read(passing.token)).status]).toEqual([401, 200, 200]);
    own.edge.nowMs += 22 * 36e5;
    expect((await read(passing.token)).status).toBe(401);
    const { tokens } = await (await own.admin(merchantPaths.tokens(own.id))).json<{ tokens: TokenRecord[] }>();
    expect(tokens.map(({ name }) => name).sort()).toEqual(["c", "first token"]);
    expect(JSON.stringify(tokens)).not.toContain(next.token);
  });
  it("of another shop ends none here", async () => {
    const other = await createShop(edge);
    const { id, token } = await make(shop, { name: "kept" });
    expect(await codeOf(await other.admin(merchantPaths.token(other.id, id), { method: "DELETE" }))).toBe("unknown-token");
    expect((await using(token, routes.admin.shop(shop.id))).status).toBe(200);
  });
});

describe("a shop's settings", () => {
  it("change for every device when the owner changes them, and only those that were named", async () => {
    const own = await createShop(startEdge());
    const before = await (await own.admin(routes.admin.shop(own.id))).json<ShopResponse>();
    const placements = [{ ...before.placements[0]!, title: "For you" }];
    const after = await (await own.admin(routes.admin.shop(own.id), json("PATCH", { origins: ["https://new.example"], placements, retentionDays: 60 }))).json<ShopResponse>();
    expect(after).toEqual({ ...before, origins: ["https://new.example"], placements, retentionDays: 60 });
    expect(await (await own.edge.fetch(routes.config(own.writeKey))).json<ShopConfig>()).toMatchObject({ placements });
    expect((await own.post({ key: own.writeKey, clientId: "client-0001", sentAtMs: NOON, events: pageViews(1) })).status).toBe(403);
    expect((await own.post({ key: own.writeKey, clientId: "client-0001", sentAtMs: NOON, events: pageViews(1) }, { origin: "https://new.example" })).status).toBe(200);
  });
  it.each([["an origin with a path", { origins: ["https://a.example/b"] }], ["two placements of one name", { placements: [1, 2].map(() => ({ id: "x", page: "home", selector: "#a", insert: "append", title: "A", strategy: "popular", k: 4 })) }], ["a holdout of all", { holdoutShare: 1 }], ["a time that is none", { retentionDays: 1 }]])("stay as they were when %s is asked for", async (_, change) => {
    const before = await (await shop.admin(routes.admin.shop(shop.id))).json();
    const answer = await shop.admin(routes.admin.shop(shop.id), json("PATCH", change));
    expect([answer.status, await codeOf(answer)]).toEqual([400, "invalid-shop"]);
    expect(await (await shop.admin(routes.admin.shop(shop.id))).json()).toEqual(before);
  });
});

describe("orders that the shop's own server confirms", () => {
  const confirmed = async (of: TestShop): Promise<StatsResponse["confirmed"]> => (await of.stats()).confirmed;
  const order = (transaction_id: string, value: number, more: object = {}) => ({ transaction_id, value, currency: "EUR", atMs: NOON - 1000, ...more });

  it("count once each, as they were told last, and not at all once they are cancelled", async () => {
    const own = await createShop(startEdge());
    const confirm = async (...orders: object[]) => (await own.admin(merchantPaths.orders(own.id), json("POST", { orders }))).json();
    expect(await confirm(order("T1", 10.1), order("T2", 20.2))).toEqual({ confirmed: 2, unchanged: 0 });
    expect(await confirm(order("T1", 10.1))).toEqual({ confirmed: 0, unchanged: 1 });
    expect(await confirmed(own)).toEqual({ orders: 2, revenue: 30.3 });
    await confirm(order("T1", 5), order("T2", 20.2, { cancelled: true }));
    expect(await confirmed(own)).toEqual({ orders: 1, revenue: 5 });
    expect(await codeOf(await own.admin(merchantPaths.orders(own.id), json("POST", { orders: [order("T3", 1), order("T4", 1, { currency: "USD" })] })))).toBe("foreign-currency");
    expect(await confirmed(own)).toEqual({ orders: 1, revenue: 5 });
  });

  it("may come from Shopify, signed; anybody else is refused, whatever they sign with", async () => {
    const own = await createShop(startEdge());
    const secret = "shpss_0123456789abcdef";
    const body = JSON.stringify({ id: 1, order_number: 1001, currency: "EUR", subtotal_price: "19.90", created_at: new Date(NOON - 5000).toISOString(), cancelled_at: null, financial_status: "paid", email: "a@b.example" });
    const sign = async (with_: string, text: string) => {
      const key = await crypto.subtle.importKey("raw", new TextEncoder().encode(with_), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
      return btoa(String.fromCharCode(...new Uint8Array(await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(text)))));
    };
    const send = (text: string, signature: string, to = own.id, topic = "orders/paid") => own.edge.fetch(merchantPaths.shopifyOrders(to), { method: "POST", headers: { "x-shopify-hmac-sha256": signature, "x-shopify-topic": topic }, body: text });
    expect((await send(body, await sign(secret, body))).status).toBe(401);
    await own.admin(merchantPaths.webhooks(own.id), json("PUT", { shopifySecret: secret }));
    for (const [text, signature, to] of [[body, await sign("another-secret-of-length", body), own.id], [`${body} `, await sign(secret, body), own.id], [body, "%%%", own.id], [body, "", own.id], [body, await sign(secret, body), "no-such-shop"]] as const) {
      const answer = await send(text, signature, to);
      expect([answer.status, await codeOf(answer)]).toEqual([401, "wrong-signature"]);
    }
    expect(await (await send(body, await sign(secret, body))).json()).toEqual({ confirmed: 1, unchanged: 0 });
    expect(await confirmed(own)).toEqual({ orders: 1, revenue: 19.9 });
    await send(body, await sign(secret, body), own.id, "orders/cancelled");
    expect(await confirmed(own)).toEqual({ orders: 0, revenue: 0 });
    for (const text of ["{", "null", "[]", '{"order_number":{}}']) expect([text, (await send(text, await sign(secret, text))).status]).toEqual([text, 200]);
  });
});

describe("what is kept of one client", () => {
  it("is all told, archived or not, and nothing of anybody else", async () => {
    const own = await createShop(startEdge());
    const secretHash = await sha256Hex("secret");
    await own.send("client-0001", [click(1, "a", "home-for-you"), event(2, "purchase", { transaction_id: "T1", items: [{ item_id: "a", price: 3 }] })], { secretHash });
    await own.send("client-0002", pageViews(1, 2));
    await runInDurableObject(own.ledger(), (_, { storage }) => archiveOnce(storage, env.FILES, { shop: own.id, shard: 0, minBytes: 1, maxAgeMs: 0, nowMs: NOON }));
    await own.send("client-0001", pageViews(3));
    const text = await (await own.admin(routes.admin.client(own.id, "client-0001"))).text();
    const lines = text.trim().split("\n").map((line) => JSON.parse(line) as { [table: string]: unknown } & { events?: { seq: number }[] });
    expect(lines.flatMap(({ events = [] }) => events.map(({ seq }) => seq))).toEqual([1, 2, 3]);
    expect(lines.map((line) => Object.keys(line)[0])).toEqual(["client", "client_day", "purchase_order", "clientId", "clientId"]);
    expect(text).not.toContain("client-0002");
    expect(text).not.toContain(secretHash);
    expect(await codeOf(await own.admin(routes.admin.client(own.id, "client-0009")))).toBe("unknown-client");
  });
});
