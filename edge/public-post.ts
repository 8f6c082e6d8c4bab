/** The way in for POSTs from shops' pages: what each has to pass, in this order, before its route looks at it. */
import type { Context } from "hono";
import { parse, type Infer, type Schema } from "../core/schema.ts";
import type { App, AppEnv, Services } from "./app.ts";
import { parseJson, readBounded } from "./body.ts";
import { readableByPages } from "./cors.ts";
import type { Shop } from "./db/shops.ts";
import { numberVariable } from "./env.ts";
import { createRateLimiter, networkOf } from "./rate-limit.ts";
import { refuse } from "./refusal.ts";

export interface PublicPostRules<S extends Schema> {
  path: string;
  /** What the body is called in refusals and in their codes, e.g. `invalid-batch`. */
  noun: string;
  schema: S;
  maxBytes: number;
  /** What to do about a body that is too long. */
  shorten: string;
  /** What to do about a 429. */
  whenLimited: string;
  /** Whether what was sent says that it comes from a sandboxed frame, whose origin is opaque: browsers write `null`. */
  fromSandbox?: (value: Infer<S>) => boolean;
}

export type Received<T> =
  | { ok: true; shop: Shop; value: T; /** The whole body, also what the schema does not name. */ json: unknown }
  | { ok: false; refusal: Response; /** Set when all but the origin is right. */ foreign?: { shop: Shop; json: unknown } };

export interface PublicPost<T> {
  /** Reads the body as far as it may go, takes one from the allowance of the sender's network, then checks form, write key and origin. */
  receive(c: Context<AppEnv>): Promise<Received<T>>;
  /** @returns the refusal when one of the allowances is used up */
  limit(allowances: readonly { name: string; perMinute: number }[]): Response | null;
}

/** Answers preflights of a path, lets pages read all its answers, and gives its route the way in. */
export function publicPost<const S extends Schema>(app: App, { now, shops }: Services, rules: PublicPostRules<S>): PublicPost<Infer<S> & { key: string }> {
  const { path, noun, schema, maxBytes, shorten, whenLimited, fromSandbox } = rules;
  const limiter = createRateLimiter(now);
  app.use(path, readableByPages);

  const limit = (allowances: readonly { name: string; perMinute: number }[]) => {
    const waitMs = limiter.take(allowances);
    return waitMs > 0 ? refuse(429, "rate-limited", `Too many requests in this minute. ${whenLimited}`, { retry: true, retryAfterSeconds: waitMs / 1000 }) : null;
  };

  return {
    limit,
    async receive(c) {
      const refused = (refusal: Response) => ({ ok: false, refusal }) as const;
      const body = await readBounded(c.req.raw, maxBytes);
      const limited = limit([{ name: `network ${networkOf(c.req.header("cf-connecting-ip") ?? "unknown")}`, perMinute: numberVariable(c.env, "RATE_LIMIT_PER_NETWORK") }]);
      if (limited) return refused(limited);
      if (!body.ok) return refused(refuse(413, `${noun}-too-large`, `A ${noun} may hold ${maxBytes} bytes. ${shorten}`));
      const json = parseJson(body.bytes);
      if (!json.ok) return refused(refuse(400, "invalid-json", "The body is not JSON in UTF-8."));
      const parsed = parse(schema, json.value, noun);
      if (!parsed.ok) return refused(refuse(400, `invalid-${noun}`, `${parsed.path} ${parsed.message}.`));
      const value = parsed.value as Infer<S> & { key: string };
      const shop = await shops.byWriteKey(c.env.DB, value.key);
      if (!shop) return refused(refuse(401, "unknown-key", "This write key belongs to no shop here. Copy the tag again from the dashboard."));
      const origin = c.req.header("origin");
      const isSandbox = origin === "null" && fromSandbox?.(value);
      if (!isSandbox && (origin === undefined || !shop.origins.includes(origin))) {
        const refusal = refuse(403, "foreign-origin", `The shop does not allow a ${noun} from ${origin ?? "a page without an origin"}. Add the origin to the shop.`);
        return { ok: false, refusal, foreign: { shop, json: json.value } };
      }
      return { ok: true, shop, value, json: json.value };
    },
  };
}
