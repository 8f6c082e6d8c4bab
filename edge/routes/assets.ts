/** Built files: the tag, its chunks, the dashboard; with the headers that each needs. */
import type { App, Services } from "../app.ts";
import { ANY_ORIGIN } from "../cors.ts";
import { refuse } from "../refusal.ts";

const IMMUTABLE = "public, max-age=31536000, immutable";
/** A new tag reaches every shop within this. */
const TAG_CACHE = "public, max-age=300";
/** Vite puts a hash of the content, eight characters long, before the extension. */
const HASHED = /-[A-Za-z0-9_-]{8}\.\w+(\.map)?$/;

const DASHBOARD_HEADERS = {
  "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https: data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "cross-origin-opener-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=()",
  "referrer-policy": "no-referrer",
  "x-frame-options": "DENY",
} as const;

export function assetRoutes(app: App, _services: Services): void {
  app.get("/", (c) => c.redirect("/dashboard/"));
  app.get("/*", async (c) => {
    const { pathname } = new URL(c.req.url);
    if (pathname.startsWith("/v1/")) return refuse(404, "unknown-route", `Nothing answers GET ${pathname}.`);
    const asset = await c.env.ASSETS.fetch(c.req.raw);
    if (asset.status === 404) return refuse(404, "unknown-route", `Nothing answers GET ${pathname}.`);
    const headers = new Headers(asset.headers);
    const dashboard = pathname === "/dashboard" || pathname.startsWith("/dashboard/");
    const extra = dashboard ? DASHBOARD_HEADERS : { ...ANY_ORIGIN, "cross-origin-resource-policy": "cross-origin" };
    for (const [name, value] of Object.entries(extra)) headers.set(name, value);
    headers.set("x-content-type-options", "nosniff");
    headers.set("cache-control", HASHED.test(pathname) ? IMMUTABLE : dashboard ? "no-cache" : TAG_CACHE);
    return new Response(asset.body, { status: asset.status, headers });
  });
}
