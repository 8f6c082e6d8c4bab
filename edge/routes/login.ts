/** Signing in to the dashboard: a one-time link, a session, its end. */
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import { LOGIN_SCHEMA, routes, type LoginLinkResponse, type SessionResponse } from "../../core/api.ts";
import { isSameOrigin, merchantOnly, SESSION_COOKIE } from "../access.ts";
import type { App, Services } from "../app.ts";
import { readJson } from "../body.ts";
import { shopById } from "../db/shops.ts";
import { createToken, deleteSession, insertLoginToken, insertSession, shopOfSession, takeLoginToken } from "../db/tokens.ts";
import { createRateLimiter, networkOf } from "../rate-limit.ts";
import { refuse } from "../refusal.ts";

const LINK_LIFETIME_MS = 15 * 60 * 1000;
const SESSION_LIFETIME_MS = 7 * 24 * 60 * 60 * 1000;
const MAX_REQUEST_BYTES = 1024;
/** Of one network, in each isolate: a token has 128 random bits, so this only keeps the noise down. */
const FAILURES_PER_MINUTE = 10;
const COOKIE = { path: "/", secure: true, httpOnly: true, sameSite: "Strict" } as const;

export function loginRoutes(app: App, services: Services): void {
  const { now } = services;
  const limiter = createRateLimiter(now);

  app.post(routes.admin.loginLinks(":shop"), merchantOnly(services), async (c) => {
    const shop = c.get("shop").id;
    const token = createToken();
    const expiresAtMs = now() + LINK_LIFETIME_MS;
    await insertLoginToken(c.env.DB, shop, token, expiresAtMs);
    // In the fragment the token is sent to no server and stands in no log. The shop's name lets the page say who it greets.
    const url = `${new URL(c.req.url).origin}/dashboard/?shop=${shop}#login=${token}`;
    return c.json({ url, expiresAtMs } satisfies LoginLinkResponse, 201, { "cache-control": "no-store" });
  });

  app.post(routes.login, async (c) => {
    if (!isSameOrigin(c.req.raw)) return refuse(403, "cross-site", "Signing in works on the dashboard's own page only.");
    const network = networkOf(c.req.header("cf-connecting-ip") ?? "unknown");
    const waitMs = limiter.wait(network, FAILURES_PER_MINUTE);
    if (waitMs > 0) return refuse(429, "rate-limited", "Too many login links that were none. Wait a minute.", { retry: true, retryAfterSeconds: waitMs / 1000 });
    const parsed = await readJson(c.req.raw, LOGIN_SCHEMA, "request", MAX_REQUEST_BYTES);
    if (!parsed.ok) return parsed.refusal;
    const shopId = await takeLoginToken(c.env.DB, parsed.value.token, now());
    const shop = shopId === null ? null : await shopById(c.env.DB, shopId);
    if (!shop) limiter.take([{ name: network, perMinute: FAILURES_PER_MINUTE }]);
    if (!shop) return refuse(401, "login-link-used", "This login link has been used, or is older than 15 minutes. Make a new one.");
    // One browser has one session: the one that its cookie named is over.
    const before = getCookie(c, SESSION_COOKIE);
    if (before !== undefined) await deleteSession(c.env.DB, before);
    const session = createToken();
    await insertSession(c.env.DB, shop.id, session, now() + SESSION_LIFETIME_MS);
    setCookie(c, SESSION_COOKIE, session, { ...COOKIE, maxAge: SESSION_LIFETIME_MS / 1000 });
    return c.json({ shop: shop.id, name: shop.name } satisfies SessionResponse, 200, { "cache-control": "no-store" });
  });

  app.get(routes.session, async (c) => {
    const session = getCookie(c, SESSION_COOKIE);
    const shopId = session === undefined ? null : await shopOfSession(c.env.DB, session, now());
    const shop = shopId === null ? null : await shopById(c.env.DB, shopId);
    if (!shop) return refuse(401, "no-session", "Nobody is signed in. Open a login link.");
    return c.json({ shop: shop.id, name: shop.name } satisfies SessionResponse, 200, { "cache-control": "no-store" });
  });

  app.post(routes.logout, async (c) => {
    if (!isSameOrigin(c.req.raw)) return refuse(403, "cross-site", "Signing out works on the dashboard's own page only.");
    const session = getCookie(c, SESSION_COOKIE);
    if (session !== undefined) await deleteSession(c.env.DB, session);
    deleteCookie(c, SESSION_COOKIE, COOKIE);
    return c.json({ ok: true }, 200, { "cache-control": "no-store" });
  });
}
