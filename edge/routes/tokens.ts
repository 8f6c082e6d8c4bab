/** A shop's tokens: made with a reach and an end, replaced, revoked. Each is shown once. */
import { CREATE_TOKEN_SCHEMA, merchantPaths, ROTATE_TOKEN_SCHEMA, SCOPES, type TokenRecord, type TokenResponse } from "../../core/merchant-api.ts";
import { DAY_MS } from "../../core/calendar.ts";
import { merchantOnly } from "../access.ts";
import type { App, Services } from "../app.ts";
import { readJson } from "../body.ts";
import { createToken, endToken, insertMerchantToken, listTokens } from "../db/tokens.ts";
import { refuse } from "../refusal.ts";

const HOUR_MS = 60 * 60 * 1000;
const MAX_TOKENS = 50;
const NO_STORE = { "cache-control": "no-store" };

export function tokenRoutes(app: App, services: Services): void {
  const { now } = services;
  const merchant = merchantOnly(services);
  const make = async (db: D1Database, shop: string, record: Omit<TokenRecord, "id">): Promise<TokenResponse> => {
    const token = createToken();
    return { token, id: await insertMerchantToken(db, shop, token, record), ...record };
  };

  app.get(merchantPaths.tokens(":shop"), merchant, async (c) => c.json({ tokens: await listTokens(c.env.DB, c.get("shop").id, now()) }, 200, NO_STORE));

  app.post(merchantPaths.tokens(":shop"), merchant, async (c) => {
    const request = await readJson(c.req.raw, CREATE_TOKEN_SCHEMA, "request");
    if (!request.ok) return request.refusal;
    const { name, scopes = [...SCOPES], expiresInDays } = request.value;
    const { id } = c.get("shop");
    if ((await listTokens(c.env.DB, id, now())).length >= MAX_TOKENS) return refuse(409, "too-many-tokens", `A shop may have ${MAX_TOKENS} tokens. Revoke one first.`);
    // Nobody hands on more than they have.
    const missing = scopes.find((scope) => !c.get("scopes").includes(scope));
    if (missing) return refuse(403, "scope-missing", `The token that asks has no scope "${missing}", so it can make none that has.`);
    const createdAtMs = now();
    return c.json(await make(c.env.DB, id, { name, scopes: [...new Set(scopes)], createdAtMs, expiresAtMs: expiresInDays === undefined ? null : createdAtMs + expiresInDays * DAY_MS }), 201, NO_STORE);
  });

  app.post(merchantPaths.rotateToken(":shop", ":id"), merchant, async (c) => {
    const request = await readJson(c.req.raw, ROTATE_TOKEN_SCHEMA, "request");
    if (!request.ok) return request.refusal;
    const { id } = c.get("shop");
    const before = (await listTokens(c.env.DB, id, now())).find((token) => token.id === c.req.param("id"));
    if (!before) return unknown();
    if (before.scopes.some((scope) => !c.get("scopes").includes(scope))) return refuse(403, "scope-missing", "The token that asks may do less than the one that it would replace.");
    const replaced = await make(c.env.DB, id, { name: before.name, scopes: before.scopes, createdAtMs: now(), expiresAtMs: before.expiresAtMs });
    await endToken(c.env.DB, id, before.id, now() + (request.value.graceHours ?? 0) * HOUR_MS);
    return c.json(replaced, 201, NO_STORE);
  });

  app.delete(merchantPaths.token(":shop", ":id"), merchant, async (c) =>
    (await endToken(c.env.DB, c.get("shop").id, c.req.param("id") ?? "", now())) ? c.body(null, 204) : unknown());
}

function unknown(): Response {
  return refuse(404, "unknown-token", "This shop has no token of that id.");
}
