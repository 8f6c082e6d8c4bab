/** Who may act: the operator, a shop's merchant by token, or its signed-in dashboard. */
import { getCookie } from "hono/cookie";
import { createMiddleware } from "hono/factory";
import { routePath } from "hono/route";
import { operationOf, SCOPES } from "../core/merchant-api.ts";
import type { AppEnv, Services } from "./app.ts";
import { shopById } from "./db/shops.ts";
import { grantOfMerchantToken, shopOfSession, type Grant } from "./db/tokens.ts";
import { refuse } from "./refusal.ts";

/** Browsers take `__Host-` cookies only when Secure, for one host, and with Path=/. */
export const SESSION_COOKIE = "__Host-endcap";

/** Lets who has one of the Worker's own secrets pass. */
export function bearerOnly(secret: "ADMIN_TOKEN" | "METRICS_TOKEN") {
  return createMiddleware<AppEnv>(async (c, next) => {
    const expected = c.env[secret];
    if (!expected) return refuse(403, "secret-unset", `This edge has no ${secret}, so nobody may do this. Set it as a secret of the Worker.`);
    const given = bearerToken(c.req.header("authorization"));
    if (given === null || !(await equalSecrets(given, expected))) return refuse(401, "wrong-token", `This needs Authorization: Bearer <${secret}>.`);
    await next();
  });
}

/** Lets the operator pass. */
export function operatorOnly() {
  return bearerOnly("ADMIN_TOKEN");
}

/**
 * Lets a shop's merchant token pass that has the scope which the table of operations asks for, or its dashboard session; for
 * that shop only. Sets `shop` and `scopes`.
 */
export function merchantOnly({ now }: Pick<Services, "now">) {
  return createMiddleware<AppEnv>(async (c, next) => {
    const wanted = c.req.param("shop") ?? "";
    const token = bearerToken(c.req.header("authorization"));
    let allowed: Grant | null = null;
    if (token !== null) {
      allowed = await grantOfMerchantToken(c.env.DB, token, now());
      if (allowed === null) return refuse(401, "wrong-token", "This token is not a merchant token of any shop here.");
    } else {
      const session = getCookie(c, SESSION_COOKIE);
      if (session === undefined) return refuse(401, "no-token", "This needs the shop's merchant token: Authorization: Bearer <token>.");
      if (isUnsafe(c.req.method) && !isSameOrigin(c.req.raw)) return refuse(403, "cross-site", "A signed-in request that changes something must come from the dashboard's own pages.");
      const signedIn = await shopOfSession(c.env.DB, session, now());
      allowed = signedIn === null ? null : { shop: signedIn, scopes: SCOPES };
      if (allowed === null) return refuse(401, "session-expired", "The session has ended. Open a new login link.");
    }
    if (allowed.shop !== wanted) return refuse(403, "other-shop", "This token or session belongs to another shop.");
    const { access } = operationOf(c.req.method, routePath(c));
    if (!(allowed.scopes as readonly string[]).includes(access)) return refuse(403, "scope-missing", `This token has no scope "${access}", which this needs.`);
    const shop = await shopById(c.env.DB, wanted);
    if (!shop) return refuse(404, "unknown-shop", `There is no shop "${wanted}" here.`);
    c.set("shop", shop);
    c.set("scopes", allowed.scopes);
    await next();
  });
}

/** Whether a request comes from the edge's own pages, as browsers state it. */
export function isSameOrigin(request: Request): boolean {
  const site = request.headers.get("sec-fetch-site");
  if (site !== null && site !== "same-origin") return false;
  const origin = request.headers.get("origin");
  return origin === null ? site === "same-origin" : origin === new URL(request.url).origin;
}

/** Compares secrets in a time that depends on neither. */
export async function equalSecrets(a: string, b: string): Promise<boolean> {
  const encoder = new TextEncoder();
  const [left, right] = await Promise.all([crypto.subtle.digest("SHA-256", encoder.encode(a)), crypto.subtle.digest("SHA-256", encoder.encode(b))]);
  return crypto.subtle.timingSafeEqual(left, right);
}

function bearerToken(header: string | undefined): string | null {
  return /^Bearer +(\S+)$/i.exec(header ?? "")?.[1] ?? null;
}
function isUnsafe(method: string): boolean {
  return method !== "GET" && method !== "HEAD" && method !== "OPTIONS";
}
