/** A shop on the real edge, with a clock that the test turns. */
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env as bindings } from "cloudflare:workers";
import { EXPORT_CURSOR_HEADER, EXPORT_MORE_HEADER, routes, type ApiError, type CreateShopRequest, type CreateShopResponse, type ExportErasure, type ExportLine, type StatsResponse } from "../../core/api.ts";
import type { BatchReceipt, EventBatch, EventName, EventParams, ShopEvent } from "../../core/events.ts";
import { createApp } from "../../edge/app.ts";
import type { Fetch } from "../../edge/catalogue/fetch-feed.ts";
import type { Env } from "../../edge/env.ts";
import { shopById } from "../../edge/db/shops.ts";
import { popularItems } from "../../edge/shards.ts";
import { ledgerOf } from "../../edge/ledger-stub.ts";

export const env = bindings as unknown as Env;
export const ORIGIN = "https://edge.example";
export const SHOP_ORIGIN = "https://shop.example";
export const BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";
/** 2026-03-10 12:00 UTC. */
export const NOON = Date.UTC(2026, 2, 10, 12);

let shops = 0;

export interface TestEdge {
  nowMs: number;
  fetch(path: string, init?: RequestInit): Promise<Response>;
}

/**
 * An isolate of its own: caches and rate limits begin empty.
 * @param variables other values of the Worker's variables
 */
export function startEdge(nowMs = NOON, variables: Partial<Env> = {}, fetch: Fetch = () => Promise.reject(new Error("nothing is fetched in this test"))): TestEdge {
  const edge: TestEdge = {
    nowMs,
    async fetch(path, init) {
      const context = createExecutionContext();
      const response = await app.fetch(new Request(`${ORIGIN}${path}`, init), { ...env, ...variables }, context);
      // What a request leaves behind (late counts, republishing) is done before the test goes on.
      const body = await response.arrayBuffer();
      await waitOnExecutionContext(context);
      return new Response(response.status === 204 || response.status === 304 ? null : body, response);
    },
  };
  const app = createApp({ now: () => edge.nowMs, sleep: () => Promise.resolve(), fetch });
  return edge;
}

export interface TestShop {
  edge: TestEdge;
  id: string;
  writeKey: string;
  merchantToken: string;
  /** With the merchant's token. */
  admin(path: string, init?: RequestInit): Promise<Response>;
  post(batch: Partial<EventBatch> | object, headers?: { [name: string]: string }, path?: string): Promise<Response>;
  /** Posts events of one client, which must be taken. */
  send(clientId: string, events: ShopEvent[], more?: Partial<EventBatch>): Promise<BatchReceipt>;
  stats(query?: string): Promise<StatsResponse>;
  /** Every page of the export, from a cursor on. */
  export(cursor?: string): Promise<{ lines: ExportLine[]; /** Hashes of erased clients. */ erased: string[]; cursor: string; pages: number }>;
  ledger(shard?: number): ReturnType<typeof ledgerOf>;
  popularItems(): Promise<string[]>;
}

export async function createShop(edge: TestEdge, options: Partial<CreateShopRequest> = {}): Promise<TestShop> {
  const id = `shop-${(shops += 1)}-${crypto.randomUUID().slice(0, 8)}`;
  const response = await edge.fetch(routes.admin.shops, {
    method: "POST",
    headers: { authorization: "Bearer operator-secret" },
    body: JSON.stringify({ id, name: "A shop", currency: "EUR", origins: [SHOP_ORIGIN], signers: ["0".repeat(32)], ...options }),
  });
  if (response.status !== 201) throw new Error(await response.text());
  const { writeKey, merchantToken } = await response.json<CreateShopResponse>();
  const shop: TestShop = {
    edge, id, writeKey, merchantToken,
    admin: (path, init = {}) => edge.fetch(path, { ...init, headers: { authorization: `Bearer ${merchantToken}`, ...(init.headers as { [name: string]: string }) } }),
    post: (batch, headers = {}, path = routes.events) => edge.fetch(path, { method: "POST", headers: { origin: SHOP_ORIGIN, "user-agent": BROWSER, "content-type": "text/plain", ...headers }, body: JSON.stringify(batch) }),
    async send(clientId, events, more = {}) {
      const answer = await shop.post({ key: writeKey, clientId, sentAtMs: edge.nowMs, events, ...more });
      if (answer.status !== 200) throw new Error(await answer.text());
      return answer.json();
    },
    async stats(query = `?fromMs=${edge.nowMs - 864e5}&toMs=${edge.nowMs + 1}`) {
      const answer = await shop.admin(`${routes.admin.stats(id)}${query}`);
      if (answer.status !== 200) throw new Error(await answer.text());
      return answer.json();
    },
    async export(cursor = "") {
      const lines: ExportLine[] = [];
      const erased: string[] = [];
      for (let pages = 1; ; pages += 1) {
        const page = await shop.admin(`${routes.admin.export(id)}?cursor=${cursor}`);
        for (const text of new TextDecoder().decode(await page.arrayBuffer()).split("\n")) {
          if (!text) continue;
          const line = JSON.parse(text) as ExportLine | ExportErasure;
          if ("erased" in line) erased.push(line.erased);
          else lines.push(line);
        }
        cursor = page.headers.get(EXPORT_CURSOR_HEADER)!;
        if (page.headers.get(EXPORT_MORE_HEADER) !== "1") return { lines, erased, cursor, pages };
      }
    },
    ledger: (shard) => ledgerOf(env, id, shard),
    popularItems: async () => popularItems(env, (await shopById(env.DB, id))!),
  };
  return shop;
}

export function event<N extends EventName>(seq: number, name: N, params: EventParams<N>, occurredAtMs = NOON - 60_000): ShopEvent {
  return { seq, name, occurredAtMs, sessionId: "session-0001", page: { type: "home", path: "/" }, params } as unknown as ShopEvent;
}

/** Plain page views with these numbers. */
export function pageViews(...seqs: number[]): ShopEvent[] {
  return seqs.map((seq) => event(seq, "page_view", {}));
}

export function click(seq: number, itemId: string, placement: string, occurredAtMs?: number): ShopEvent {
  return event(seq, "rec_click", { slate_id: "slate-0001", placement, strategy: "for_you", model_version: 1, arm: "treatment", items: [{ item_id: itemId, position: 0, propensity: 1 }] }, occurredAtMs);
}

export async function codeOf(response: Response): Promise<string> {
  return (await response.json<ApiError>()).error.code;
}
