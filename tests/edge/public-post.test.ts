import { describe, expect, it } from "vitest";
import { routes } from "../../core/api.ts";
import { MAX_BATCH_BYTES } from "../../core/events.ts";
import type { Env } from "../../edge/env.ts";
import { BROWSER, codeOf, createShop, NOON, pageViews, SHOP_ORIGIN, startEdge } from "./edge.ts";

interface Case {
  code: string;
  status: number;
  body: (key: string) => unknown;
  headers?: { [name: string]: string };
  variables?: Partial<Env>;
  /** Which request of several is meant. */
  nth?: number;
  /** What is sent before it, if not the same. */
  first?: (key: string) => unknown;
  /** Where it goes, if not where the first did. */
  path?: string;
}

/** A ledger that fails as the platform lets it fail. */
function ledgerThat(properties: object): Partial<Env> {
  const count = () => Promise.reject(Object.assign(new Error("The Durable Object cannot answer."), properties));
  return { LEDGER: { idFromName: () => "id", get: () => ({ count }) } as unknown as Env["LEDGER"] };
}
const batch = (more: object = {}) => (key: string) => ({ key, clientId: "client-0001", sentAtMs: NOON, events: pageViews(1), ...more });
const request = (more: object = {}) => (key: string) => ({ key, placement: "nowhere", ...more });
const wish = (more: object = {}) => (key: string) => ({ key, clientId: "client-0001", secret: "secret", ...more });
const COMMON: [code: string, status: number, more: Omit<Case, "code" | "status" | "body">, change: object | string][] = [
  ["invalid-json", 400, {}, "{"],
  ["unknown-key", 401, {}, { key: "made-up" }],
  ["foreign-origin", 403, { headers: { origin: "https://elsewhere.example" } }, {}],
  ["internal", 500, { variables: { RATE_LIMIT_PER_NETWORK: "lost" } }, {}],
];
const REFUSALS: { [path: string]: Case[] } = {
  [routes.events]: [
    ...COMMON.map(([code, status, more, change]) => ({ code, status, ...more, body: typeof change === "string" ? () => change : batch(change) })),
    { code: "batch-too-large", status: 413, body: batch({ pad: "x".repeat(MAX_BATCH_BYTES) }) },
    { code: "too-many-events", status: 413, body: batch({ events: new Array(51).fill(1) }) },
    { code: "invalid-batch", status: 400, body: batch({ clientId: 7 }) },
    { code: "invalid-batch", status: 400, body: batch({ events: "none" }) },
    { code: "bot", status: 403, body: batch(), headers: { "user-agent": "Googlebot/2.1" } },
    { code: "rate-limited", status: 429, body: batch(), variables: { RATE_LIMIT_PER_CLIENT: "1" }, nth: 2 },
    ...["overloaded", "retryable"].map((property) => ({ code: "overloaded", status: 503, body: batch(), variables: ledgerThat({ [property]: true }) })),
    { code: "internal", status: 500, body: batch(), variables: ledgerThat({}) },
  ],
  [routes.recommend]: [
    ...COMMON.map(([code, status, more, change]) => ({ code, status, ...more, body: typeof change === "string" ? () => change : request(change) })),
    { code: "request-too-large", status: 413, body: request({ pad: "x".repeat(128 * 1024) }) },
    { code: "invalid-request", status: 400, body: request({ placement: 7 }) },
    { code: "unknown-placement", status: 404, body: request() },
    { code: "rate-limited", status: 429, body: request(), variables: { RATE_LIMIT_PER_KEY: "1" }, nth: 2 },
  ],
};

REFUSALS[routes.erasure] = [
  ...COMMON.map(([code, status, more, change]) => ({ code, status, ...more, body: typeof change === "string" ? () => change : wish(change) })),
  { code: "request-too-large", status: 413, body: wish({ pad: "x".repeat(1024) }) },
  { code: "invalid-request", status: 400, body: wish({ clientId: 7 }) },
  { code: "wrong-secret", status: 403, body: wish({ secret: "another" }), nth: 2, first: wish() },
  { code: "client-erased", status: 410, body: batch(), nth: 2, first: wish(), path: routes.events },
  { code: "rate-limited", status: 429, body: wish(), nth: 7 },
];

for (const [path, cases] of Object.entries(REFUSALS)) {
  describe(`POST ${path}`, () => {
    it.for(cases.map((given) => [`${given.status} ${given.code}`, given] as const))("lets the shop's page read %s, which the tag acts upon", async ([, { code, status, body, headers, variables, nth = 1, first = body, path: last = path }]) => {
      const shop = await createShop(startEdge());
      const edge = startEdge(NOON, variables);
      const post = (to: string, given: unknown) => edge.fetch(to, {
        method: "POST",
        headers: { origin: SHOP_ORIGIN, "user-agent": BROWSER, "content-type": "text/plain", ...headers },
        body: typeof given === "string" ? given : JSON.stringify(given),
      });
      for (let before = 1; before < nth; before += 1) await post(path, first(shop.writeKey));
      const answer = await post(last, body(shop.writeKey));
      expect(answer.status).toBe(status);
      expect(answer.headers.get("access-control-allow-origin")).toBe("*");
      expect(answer.headers.get("access-control-allow-credentials")).toBeNull();
      expect(answer.headers.get("access-control-expose-headers")).toContain("retry-after");
      expect(answer.headers.has("retry-after")).toBe(status === 429 || status === 503);
      expect(await codeOf(answer)).toBe(code);
    });

    it("answers preflights", async () => {
      const answer = await startEdge().fetch(path, { method: "OPTIONS", headers: { origin: SHOP_ORIGIN, "access-control-request-method": "POST", "access-control-request-headers": "content-type" } });
      expect(answer.status).toBe(204);
      expect(answer.headers.get("access-control-allow-origin")).toBe("*");
      expect(answer.headers.get("access-control-allow-methods")).toBe("POST");
      expect(answer.headers.get("access-control-allow-headers")).toBe("content-type");
    });
  });
}
