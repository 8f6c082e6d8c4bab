/** Bodies, texts and addresses that break careless programs, on every operation that there is: a refusal or an answer, never a failure. */
import { beforeAll, describe, expect, it } from "vitest";
import { routes } from "../../../core/api.ts";
import { merchantPaths, OPERATIONS, SCOPES } from "../../../core/merchant-api.ts";
import { BROWSER, codeOf, createShop, event, NOON, ORIGIN, SHOP_ORIGIN, startEdge, type TestEdge, type TestShop } from "../edge.ts";

/** Kinds of JSON after Seriot's "Parsing JSON is a Minefield", and what is almost JSON. */
const DOCUMENTS = [
  "", " ", "[", "]", "{", "}", "[1,]", "[,1]", '{"a":1,}', '{"a" 1}', "{a:1}", "{'a':1}", '{"a":1}}', "[1]]", "nul", "truth", "NaN", "Infinity", "-", "+1", "01", "1.", ".5", "1e", "1e999", "-1e999", "0x10", '"', '"\\', '"\\u12"', '"\\x00"',
  '"\t"', '"\\ud800"', '"\\udc00\\ud800"', "\ufeff{}", "{}\u0000", '{"__proto__":{"admin":true}}', '{"constructor":{"prototype":{"admin":true}}}', '{"a":1,"a":2}', "[".repeat(5_000), `${"[".repeat(5_000)}${"]".repeat(5_000)}`, '{"a":'.repeat(5_000),
  "123456789012345678901234567890", "-0", "null", "true", "[]", "{}", '""', '[[[[]]]]', '{"":0}', "/*x*/{}", '{"a":\u2028}', "{}{}", "{}\n{}",
];
/** Texts after the Big List of Naughty Strings: other scripts, markup, paths, formats, numbers that are none. */
const TEXTS = [
  "undefined", "null", "NaN", "1/0", "0x0", "1e-324", "<script>alert(0)</script>", '"><img src=x onerror=alert(1)>', "'; DROP TABLE shop; --", "1 OR 1=1", "../../../../etc/passwd", "..%2f..%2f", "%s%s%n", "${7*7}", "{{7*7}}", "\u0000", "\r\nset-cookie: a=b", "\u202Eabc", "Z̮̞̠͙͔ͅḀ̗̞͈̻̗Ḷ͙͎̯̹̞͓G̻O̭̗̮", "田中さんにあげて", "👩‍👩‍👧‍👦", "\ud83d", "ﷺ".repeat(100), "a".repeat(10_000), "-1", "9223372036854775808", "toString", "__proto__", "CON", "\\\\unc\\share", "file:///etc/passwd", "javascript:alert(1)", "%00", "%c0%af", "%",
];
const SAMPLES: { readonly [parameter: string]: string } = { clientId: "client-0001", userId: "0".repeat(64), sha256: "0".repeat(64), id: "0".repeat(16), key: "key", itemId: "a", version: "1", head: "light" };

let edge: TestEdge;
let shop: TestShop;
beforeAll(async () => {
  edge = startEdge(NOON, { METRICS_TOKEN: "metrics-secret", RATE_LIMIT_PER_NETWORK: "1e9", RATE_LIMIT_PER_KEY: "1e9" });
  shop = await createShop(edge);
});
const tokenFor = (access: string) => (access === "operator" ? "operator-secret" : access === "metrics" ? "metrics-secret" : shop.merchantToken);
const pathOf = (template: string, change: { [parameter: string]: string } = {}) => template.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(change[name] ?? (name === "shop" ? shop.id : SAMPLES[name]!)));
const headersFor = (access: string) => ({ authorization: `Bearer ${tokenFor(access)}`, origin: access === "public" ? SHOP_ORIGIN : ORIGIN, "user-agent": BROWSER });

describe("no operation fails", () => {
  it.for(OPERATIONS.filter(({ request }) => request !== undefined).map((operation) => [`${operation.method} ${operation.path}`, operation] as const))("at a body that is broken: %s", async ([, operation]) => {
    const { method, path, access } = operation;
    // Each operation gets every third document, and each document every third operation.
    for (const body of DOCUMENTS.filter((_, index) => (index + OPERATIONS.indexOf(operation)) % 3 === 0)) {
      const answer = await edge.fetch(pathOf(path), { method, headers: headersFor(access), body });
      expect([body.slice(0, 40), answer.status < 500]).toEqual([body.slice(0, 40), true]);
    }
  });
  it("at what stands in an address or a query", async () => {
    for (const [nth, { method, path, access, query = {} }] of OPERATIONS.entries()) {
      const parameters = [...path.matchAll(/:(\w+)/g)].map(([, name]) => name!);
      // Each operation gets every fourth text, and each text every fourth operation.
      for (const text of TEXTS.filter((_, index) => (index + nth) % 4 === 0)) {
        const wellFormed = text.replace(/\ud83d$/, "?");
        for (const name of parameters) {
          const answer = await edge.fetch(pathOf(path, { [name]: wellFormed }), { method, headers: headersFor(access), ...(method === "GET" ? {} : { body: "{}" }) });
          expect([method, path, name, text.slice(0, 20), answer.status < 500]).toEqual([method, path, name, text.slice(0, 20), true]);
        }
        for (const name of Object.keys(query)) {
          const answer = await edge.fetch(`${pathOf(path)}?${new URLSearchParams({ [name]: wellFormed })}`, { method, headers: headersFor(access), ...(method === "GET" ? {} : { body: "{}" }) });
          expect([method, path, name, text.slice(0, 20), answer.status < 500]).toEqual([method, path, name, text.slice(0, 20), true]);
        }
      }
    }
  });
  it("at what stands in an event, and gives it back as it was told or redacted", async () => {
    let seq = 0;
    for (const text of TEXTS) {
      const answer = await shop.post({ key: shop.writeKey, clientId: "client-naughty", sentAtMs: NOON, events: [event((seq += 1), "search", { search_term: text.slice(0, 100) }), event((seq += 1), "view_item", { items: [{ item_id: text.slice(0, 100), item_name: text.slice(0, 400) }] })] });
      expect([text.slice(0, 20), answer.status]).toEqual([text.slice(0, 20), 200]);
      edge.nowMs += 2_000;
    }
    expect((await shop.export()).lines.filter(({ clientId }) => clientId === "client-naughty")).toHaveLength(TEXTS.length);
  });
});

it("shows no shop of another to its token, on any operation and under any name", async () => {
  const other = await createShop(edge);
  for (const { method, path, access } of OPERATIONS) {
    if (!(SCOPES as readonly string[]).includes(access)) continue;
    const answer = await edge.fetch(pathOf(path), { method, headers: { authorization: `Bearer ${other.merchantToken}` }, ...(method === "GET" ? {} : { body: "{}" }) });
    expect([method, path, answer.status]).toEqual([method, path, 403]);
    expect(await answer.text()).not.toContain(shop.writeKey);
  }
});

it("guards every operation: without a token, or with one of another kind, there is nothing", async () => {
  for (const { method, path, access } of OPERATIONS) {
    if (access === "public") continue;
    const tokens = ["", shop.writeKey, ...(access === "operator" || access === "metrics" ? [shop.merchantToken] : [])];
    for (const token of tokens) {
      const headers = new Headers(token === "" ? {} : { authorization: `Bearer ${token}` });
      const answer = await edge.fetch(pathOf(path), { method, headers, ...(method === "GET" ? {} : { body: "{}" }) });
      expect([method, path, [401, 403].includes(answer.status)]).toEqual([method, path, true]);
    }
  }
});

it("answers nobody with a guessable type, over an unsafe line, or across origins where a token is needed", async () => {
  for (const { method, path, access } of OPERATIONS) {
    const answer = await edge.fetch(pathOf(path), { method, headers: { ...headersFor(access), origin: "https://evil.example" }, ...(method === "GET" ? {} : { body: "{" }) });
    expect([method, path, answer.headers.get("x-content-type-options"), answer.headers.get("strict-transport-security")]).toEqual([method, path, "nosniff", "max-age=31536000"]);
    if (access !== "public") expect([method, path, answer.headers.get("access-control-allow-origin")]).toEqual([method, path, null]);
    expect(answer.headers.get("access-control-allow-credentials")).toBeNull();
  }
});

it("lets nobody guess login links: after ten that were none, that network waits, and others do not", async () => {
  const own = startEdge();
  const login = (token: string, address: string) => own.fetch(routes.login, { method: "POST", headers: { origin: ORIGIN, "cf-connecting-ip": address }, body: JSON.stringify({ token }) });
  for (let i = 0; i < 10; i += 1) expect((await login(`guess-${i}`, "203.0.113.7")).status).toBe(401);
  const refused = await login("guess-11", "203.0.113.7");
  expect([refused.status, await codeOf(refused), refused.headers.has("retry-after")]).toEqual([429, "rate-limited", true]);
  expect((await login("guess", "203.0.113.8")).status).toBe(401);
  own.nowMs += 60_000;
  expect((await login("guess-12", "203.0.113.7")).status).toBe(401);
});

it("serves the description of all this without a token, and nothing secret in it", async () => {
  const text = await (await edge.fetch(merchantPaths.openapi)).text();
  for (const secret of [shop.merchantToken, "operator-secret", "metrics-secret"]) expect(text).not.toContain(secret);
});
