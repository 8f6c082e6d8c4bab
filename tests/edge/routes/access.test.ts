import { beforeAll, describe, expect, it } from "vitest";
import { routes } from "../../../core/api.ts";
import { OPERATIONS, SCOPES } from "../../../core/merchant-api.ts";
import { codeOf, createShop, ORIGIN, startEdge, type TestEdge, type TestShop } from "../edge.ts";

const edge: TestEdge = startEdge();
let shop: TestShop;
let other: TestShop;
beforeAll(async () => {
  shop = await createShop(edge);
  other = await createShop(edge);
});

/** Every operation that a shop's token may ask for, as the API is described. */
const ADMIN = OPERATIONS.filter(({ access }) => (SCOPES as readonly string[]).includes(access)).map(({ method, path }) => [method, path] as const);
const SAMPLES: { readonly [parameter: string]: string } = { clientId: "client-0001", userId: "0".repeat(64), sha256: "0".repeat(64), id: "0".repeat(16) };
const pathOf = (template: string, shop: string) => template.replace(":shop", shop).replace(/:(\w+)/g, (_, name: string) => SAMPLES[name]!);

describe.each(ADMIN)("%s %s", (method, template) => {
  const path = (id: string) => pathOf(template, id);
  const call = (headers: { [name: string]: string }) => edge.fetch(path(shop.id), { method, headers, ...(method === "GET" ? {} : { body: "{}" }) });

  it("refuses a request without a token", async () => {
    const answer = await call({});
    expect([answer.status, await codeOf(answer)]).toEqual([401, "no-token"]);
  });
  it("refuses a wrong token, the operator's, and the public write key", async () => {
    for (const token of ["made-up", "operator-secret", shop.writeKey]) {
      const answer = await call({ authorization: `Bearer ${token}` });
      expect([answer.status, await codeOf(answer)]).toEqual([401, "wrong-token"]);
    }
  });
  it("refuses another tenant's token, and says nothing about the shop", async () => {
    const answer = await call({ authorization: `Bearer ${other.merchantToken}` });
    expect([answer.status, await codeOf(answer)]).toEqual([403, "other-shop"]);
    const nowhere = await edge.fetch(path("no-such-shop"), { method, headers: { authorization: `Bearer ${other.merchantToken}` } });
    expect([nowhere.status, await codeOf(nowhere)]).toEqual([403, "other-shop"]);
  });
  it("refuses another tenant's dashboard", async () => {
    const answer = await call({ cookie: await signIn(other), origin: ORIGIN });
    expect([answer.status, await codeOf(answer)]).toEqual([403, "other-shop"]);
  });
});

describe("creating shops", () => {
  const request = (body: object, token = "operator-secret") => edge.fetch(routes.admin.shops, { method: "POST", headers: { authorization: `Bearer ${token}` }, body: JSON.stringify(body) });
  const valid = { id: "fresh-shop", name: "Fresh", currency: "EUR", origins: ["https://fresh.example"], signers: ["0".repeat(32)] };

  it("is the operator's alone", async () => {
    for (const token of ["operator-secreT", shop.merchantToken]) expect((await request(valid, token)).status).toBe(401);
  });
  it("refuses an id that is taken, and leaves its owner's shop alone", async () => {
    const answer = await request({ ...valid, id: shop.id });
    expect([answer.status, await codeOf(answer)]).toEqual([409, "shop-exists"]);
    expect((await (await shop.admin(routes.admin.shop(shop.id))).json<{ name: string }>()).name).toBe("A shop");
  });
  it.each([
    ["an origin with a path", { origins: ["https://fresh.example/shop"] }],
    ["no origin", { origins: [] }],
    ["a time zone that is none", { timeZone: "Mars/Olympus" }],
    ["a language that is none", { locale: "!" }],
    ["an id that is no path segment", { id: "../etc" }],
  ])("refuses %s", async (_, change) => {
    const answer = await request({ ...valid, ...change });
    expect([answer.status, await codeOf(answer)]).toEqual([400, "invalid-shop"]);
  });
  it("stores the merchant's token as a hash only", async () => {
    const { env } = await import("../edge.ts");
    const dump = JSON.stringify([await env.DB.prepare("SELECT * FROM merchant_token").all(), await env.DB.prepare("SELECT * FROM shop").all()]);
    expect(dump).toContain(shop.writeKey);
    expect(dump).not.toContain(shop.merchantToken);
  });
});

describe("signing in", () => {
  const login = (token: string, headers: { [name: string]: string } = { origin: ORIGIN }) => edge.fetch(routes.login, { method: "POST", headers, body: JSON.stringify({ token }) });

  it("works once per link, and sets a cookie that scripts and other sites never see", async () => {
    const token = await linkToken(shop);
    const answer = await login(token);
    expect(await answer.json()).toEqual({ shop: shop.id, name: "A shop" });
    const cookie = answer.headers.get("set-cookie")!;
    expect(cookie).toMatch(/^__Host-endcap=/);
    for (const flag of ["HttpOnly", "Secure", "SameSite=Strict", "Path=/"]) expect(cookie).toContain(flag);
    expect(cookie).not.toContain("Domain");
    const again = await login(token);
    expect([again.status, await codeOf(again)]).toEqual([401, "login-link-used"]);
    expect(again.headers.get("set-cookie")).toBeNull();
  });
  it("names the shop in the link, and puts the token into the fragment", async () => {
    const { url } = await (await shop.admin(routes.admin.loginLinks(shop.id), { method: "POST" })).json<{ url: string }>();
    expect(url.replace(/[\w-]{22}$/, "TOKEN")).toBe(`https://edge.example/dashboard/?shop=${shop.id}#login=TOKEN`);
  });
  it("takes a link to one shop in a browser that is signed in to another, and ends that session", async () => {
    const cookie = await signIn(other);
    const answer = await login(await linkToken(shop), { origin: ORIGIN, cookie });
    expect(await answer.json()).toMatchObject({ shop: shop.id });
    const after = answer.headers.get("set-cookie")!.split(";")[0]!;
    expect(await (await edge.fetch(routes.session, { headers: { cookie: after } })).json()).toMatchObject({ shop: shop.id });
    expect((await edge.fetch(routes.session, { headers: { cookie } })).status).toBe(401);
  });
  it("leaves a browser signed in whose link was used before", async () => {
    const cookie = await signIn(other);
    expect((await login("used-up", { origin: ORIGIN, cookie })).status).toBe(401);
    expect((await edge.fetch(routes.session, { headers: { cookie } })).status).toBe(200);
  });
  it("refuses a link older than 15 minutes", async () => {
    const token = await linkToken(shop);
    edge.nowMs += 15 * 60_000;
    expect((await login(token)).status).toBe(401);
  });
  it("refuses a sign-in that another site sends", async () => {
    const token = await linkToken(shop);
    for (const headers of [{ origin: "https://evil.example" }, { "sec-fetch-site": "cross-site" }, {}] as { [name: string]: string }[]) {
      const answer = await login(token, headers);
      expect([answer.status, await codeOf(answer)]).toEqual([403, "cross-site"]);
    }
    expect((await login(token)).status).toBe(200);
  });
  it("lets the dashboard read and change its own shop, but nobody change it across sites", async () => {
    const cookie = await signIn(shop);
    expect((await edge.fetch(routes.admin.stats(shop.id), { headers: { cookie } })).status).toBe(200);
    const pause = (headers: { [name: string]: string }) => edge.fetch(routes.admin.pause(shop.id), { method: "POST", headers: { cookie, ...headers }, body: '{"paused":true}' });
    for (const headers of [{}, { origin: "https://evil.example" }, { origin: ORIGIN, "sec-fetch-site": "same-site" }] as { [name: string]: string }[]) expect(await codeOf(await pause(headers))).toBe("cross-site");
    expect((await pause({ origin: ORIGIN, "sec-fetch-site": "same-origin" })).status).toBe(200);
  });
  it("ends with signing out", async () => {
    const cookie = await signIn(shop);
    expect((await edge.fetch(routes.session, { headers: { cookie } })).status).toBe(200);
    expect((await edge.fetch(routes.logout, { method: "POST", headers: { cookie, origin: ORIGIN } })).headers.get("set-cookie")).toMatch(/Max-Age=0/);
    const answer = await edge.fetch(routes.session, { headers: { cookie } });
    expect([answer.status, await codeOf(answer)]).toEqual([401, "no-session"]);
  });
  it("ends after a week", async () => {
    const cookie = await signIn(shop);
    edge.nowMs += 7 * 864e5;
    expect(await codeOf(await edge.fetch(routes.admin.stats(shop.id), { headers: { cookie } }))).toBe("session-expired");
  });
});

async function linkToken(of: TestShop): Promise<string> {
  const answer = await of.admin(routes.admin.loginLinks(of.id), { method: "POST" });
  return new URL((await answer.json<{ url: string }>()).url).hash.slice("#login=".length);
}
async function signIn(of: TestShop): Promise<string> {
  const answer = await edge.fetch(routes.login, { method: "POST", headers: { origin: ORIGIN }, body: JSON.stringify({ token: await linkToken(of) }) });
  return answer.headers.get("set-cookie")!.split(";")[0]!;
}
