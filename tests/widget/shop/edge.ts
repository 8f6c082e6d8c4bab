/** An edge for the widget's tests: it speaks the contract, counts by client and number, and fails on demand. */
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { ERASURE_SCHEMA, routes, WRONG_SECRET, type ErasureReceipt, type ErasureRequest, type ShopConfig } from "../../../core/api.ts";
import { BATCH_SCHEMA, MAX_BATCH_BYTES, parseEvent, type BatchHead, type BatchReceipt, type EventBatch, type ShopEvent } from "../../../core/events.ts";
import { sha256Hex, toBase64Url } from "../../../core/ids.ts";
import { parse } from "../../../core/schema.ts";
import type { Placement } from "../../../core/slate.ts";
import { canonicalJson } from "../../../core/weights/manifest.ts";
import { publish, SHOP, snapshot } from "./assortment.ts";

const DIST = join(import.meta.dirname, "../../../dist");
export const KEY = "wk_tea";

/** Which answers pages may read, as at the real edge: those of the public routes, not those of unknown ones. */
const READABLE = { "access-control-allow-origin": "*" };
const READABLE_POST = { ...READABLE, "access-control-expose-headers": "retry-after" };

export const PLACEMENTS: Placement[] = [
  { id: "home-for-you", page: "home", selector: "#home-recommendations", insert: "append", title: "Picked for you", strategy: "for_you", k: 12 },
  { id: "product-similar", page: "product", selector: "#product-recommendations", insert: "append", title: "You may also like", strategy: "similar", k: 12 },
  { id: "cart-together", page: "cart", selector: "#cart-recommendations", insert: "append", title: "Goes well with your cart", strategy: "bought_together", k: 8 },
];

/** What a POST of events meets. `commit-then-drop`: counted, but the answer never arrives. */
export type Fault = "none" | "unavailable" | "commit-then-drop" | "too-large" | "malformed" | "erased" | "silent";

export interface Edge {
  origin: string;
  signer: string;
  config: ShopConfig;
  /** Events counted, in the order in which they were. */
  counted: (ShopEvent & { clientId: string })[];
  voids: { clientId: string; from: number; to: number; reason: string }[];
  conflicts: number[];
  /** Every request, as `METHOD path`. */
  requests: string[];
  /** Judges each POST of events; "none" lets it through. */
  fault: (batch: EventBatch, attempt: number) => Fault;
  /** Erasure requests that were let through. */
  erasures: ErasureRequest[];
  /** What a request for erasure meets: a status to refuse it with, or 200. */
  erasureStatus: number;
  /** Publishes the next version of the model. @returns the path of its weights */
  publishNext(): Promise<string>;
  /** Names counted, for comparison with what a test did. */
  names(): string[];
  stop(): Promise<void>;
}

export async function startEdge(): Promise<Edge> {
  const published = await publish(3);
  const files = new Map<string, { bytes: Uint8Array<ArrayBuffer>; type: string }>();
  const catalogue = new TextEncoder().encode(JSON.stringify(snapshot));
  const catalogueHash = await sha256Hex(catalogue);
  files.set(catalogueHash, { bytes: catalogue, type: "application/json" });
  files.set(await sha256Hex(published.weights), { bytes: published.weights, type: "application/octet-stream" });

  const receiptKeys = (await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"])) as CryptoKeyPair;
  const seen = new Map<string, Map<number, string>>();
  let posts = 0;
  const edge: Omit<Edge, "origin" | "stop"> = {
    signer: published.signer,
    config: {
      shop: SHOP, currency: "EUR", locale: "en-IE", placements: PLACEMENTS, holdoutShare: 0,
      catalogue: { sha256: catalogueHash, bytes: catalogue.length, products: snapshot.cards.length }, manifest: published.manifest,
    },
    counted: [], voids: [], conflicts: [], requests: [], erasures: [], erasureStatus: 200,
    fault: () => "none",
    async publishNext() {
      const next = await published.next();
      const sha256 = await sha256Hex(next.weights);
      files.set(sha256, { bytes: next.weights, type: "application/octet-stream" });
      edge.config = { ...edge.config, manifest: next.manifest };
      return routes.file(sha256);
    },
    names: () => edge.counted.map(({ name }) => name),
  };

  const count = (batch: EventBatch): BatchReceipt => {
    const numbers = seen.get(batch.clientId) ?? new Map<number, string>();
    seen.set(batch.clientId, numbers);
    const receipt: BatchReceipt = { accepted: 0, duplicate: 0, conflicts: [], rejected: [], watermark: 0 };
    for (const given of batch.events) {
      const parsed = parseEvent(given);
      if (!parsed.ok) {
        receipt.rejected.push({ seq: given.seq, code: "malformed-event", message: `${parsed.path} ${parsed.message}` });
        continue;
      }
      const content = JSON.stringify(parsed.value);
      const before = numbers.get(parsed.value.seq);
      if (before === undefined) {
        numbers.set(parsed.value.seq, content);
        edge.counted.push({ ...parsed.value, clientId: batch.clientId });
        receipt.accepted += 1;
      } else if (before === content) receipt.duplicate += 1;
      else receipt.conflicts.push(parsed.value.seq);
    }
    edge.conflicts.push(...receipt.conflicts);
    for (const { from, to, reason } of batch.voids ?? []) edge.voids.push({ clientId: batch.clientId, from, to, reason });
    return receipt;
  };

  const answerEvents = (body: string, response: ServerResponse) => {
    posts += 1;
    const batch = JSON.parse(body) as EventBatch;
    const head = parse(BATCH_SCHEMA, batch satisfies BatchHead);
    if (!head.ok) throw new Error(`The widget sent a batch that the contract refuses: ${head.path} ${head.message}`);
    if (Buffer.byteLength(body) > MAX_BATCH_BYTES) throw new Error(`The widget sent ${Buffer.byteLength(body)} bytes in one batch`);
    const fault = edge.fault(batch, posts);
    const refuse = (status: number, code: string, retry: boolean) => json(response, status, { error: { code, message: code, retry } }, READABLE_POST);
    if (fault === "unavailable") return refuse(503, "unavailable", true);
    if (fault === "too-large") return refuse(413, "too-large", false);
    if (fault === "malformed") return refuse(400, "malformed", false);
    if (fault === "erased") return refuse(410, "client-erased", false);
    if (fault === "silent") return;
    const receipt = count(batch);
    if (fault === "commit-then-drop") return void response.destroy();
    json(response, 200, receipt, READABLE_POST);
  };

  const answerErasure = async (body: string, response: ServerResponse) => {
    const request = parse(ERASURE_SCHEMA, JSON.parse(body));
    if (!request.ok) throw new Error(`The widget asked for an erasure that the contract refuses: ${request.path} ${request.message}`);
    if (edge.erasureStatus !== 200) return json(response, edge.erasureStatus, { error: { code: edge.erasureStatus === 403 ? WRONG_SECRET : "refused", message: "refused", retry: edge.erasureStatus === 503 } }, READABLE_POST);
    const { clientId } = request.value;
    edge.erasures.push(request.value);
    const receipt = { shop: SHOP, clientSha256: await sha256Hex(clientId), erasedAtMs: Date.now(), events: edge.counted.filter((event) => event.clientId === clientId).length };
    const signature = toBase64Url(new Uint8Array(await crypto.subtle.sign("Ed25519", receiptKeys.privateKey, new TextEncoder().encode(canonicalJson(receipt)))));
    const publicKey = toBase64Url(new Uint8Array(await crypto.subtle.exportKey("raw", receiptKeys.publicKey)));
    json(response, 200, { receipt, signature, publicKey } satisfies ErasureReceipt, READABLE_POST);
  };

  const server = createServer((request, response) => {
    const path = new URL(request.url!, "http://edge").pathname;
    edge.requests.push(`${request.method} ${path}`);
    if (path === routes.events && request.method === "POST") return void readBody(request).then((body) => answerEvents(body, response));
    if (path === routes.erasure && request.method === "POST") return void readBody(request).then((body) => answerErasure(body, response));
    if (path === routes.config(KEY)) return json(response, 200, edge.config, READABLE);
    const file = files.get(path.slice(routes.file("").length));
    if (file) return void response.writeHead(200, { ...READABLE, "content-type": file.type, "cache-control": "public, max-age=31536000, immutable" }).end(file.bytes);
    try {
      const bytes = readFileSync(join(DIST, path));
      response.writeHead(200, { ...READABLE, "content-type": path.endsWith(".wasm") ? "application/wasm" : "text/javascript", "cache-control": "public, max-age=300" }).end(bytes);
    } catch {
      json(response, 404, { error: { code: "unknown-route", message: path, retry: false } });
    }
  });
  const origin = await listen(server);
  return Object.assign(edge, { origin, stop: () => close(server) });
}

function json(response: ServerResponse, status: number, body: object, headers: { [name: string]: string } = {}): void {
  response.writeHead(status, { ...headers, "content-type": "application/json" }).end(JSON.stringify(body));
}
async function readBody(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}
export async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://localhost:${(server.address() as AddressInfo).port}`;
}
export async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
