/** The edge's merchant and operator routes as functions: what the trainer, imports and the demo call. */
import {
  EXPORT_CURSOR_HEADER, EXPORT_MORE_HEADER, routes,
  type ApiError, type CatalogueExport, type CatalogueReport, type CreateShopRequest, type CreateShopResponse, type ErasureReceipt, type ExportErasure, type ExportLine,
  type ImportLine, type ImportReport, type LoginLinkResponse, type ModelRecord, type ModelsResponse, type PauseRequest, type PersonErasure, type ShopResponse, type StatBucket, type StatsResponse,
} from "../core/api.ts";
import type { Product } from "../core/catalogue.ts";
import type { SignedManifest } from "../core/weights/manifest.ts";

/** What one import POST holds: small enough for the edge to count in one go, large enough that the round trip does not matter. */
export const IMPORT_CHUNK_EVENTS = 2_000;
export const IMPORT_CHUNK_BYTES = 1024 * 1024;
/** The first errors are kept for the person who reads the report; the rest are counted. */
const MAX_REPORTED_ERRORS = 100;
const MAX_ATTEMPTS = 7;
const BASE_BACKOFF_MS = 500;
const MAX_BACKOFF_MS = 30_000;
/** Codes of ours, after which nobody knows whether the edge did what it was asked. */
const OUTCOME_UNKNOWN: ReadonlySet<string> = new Set(["unreachable", "cut-off", "not-an-edge"]);

/** A refusal of the edge, or no answer from it (`status` 0, code `unreachable`). */
export class EdgeError extends Error {
  override readonly name = "EdgeError";
  readonly code: string;
  readonly status: number;
  /** Whether the same request may succeed later. */
  readonly retry: boolean;
  constructor(code: string, message: string, status: number, retry: boolean, cause?: unknown) {
    super(message, { cause });
    this.code = code;
    this.status = status;
    this.retry = retry;
  }
}

export interface ImportProgress {
  /** Events sent and answered so far. */
  events: number;
  report: ImportReport;
}

export interface ExportOptions {
  /** Where to begin: a cursor of an earlier export; absent means the oldest event. */
  cursor?: string;
  /** Called when every line of a page has been taken: storing this cursor resumes behind those lines. */
  onPage?: (nextCursor: string) => void;
  /** Called in its place among the lines: of this client, whose id has this SHA-256 in hex, nothing may be kept that came before. */
  onErased?: (clientSha256: string, erasedAtMs: number) => void;
}

/** All of these reject with an EdgeError. */
export interface EdgeClient {
  readonly edge: string;
  /** Resolves to true when the edge answers its health check. */
  healthy(): Promise<boolean>;
  /** Needs the operator's token. */
  createShop(request: CreateShopRequest): Promise<CreateShopResponse>;
  shop(shop: string): Promise<ShopResponse>;
  /** Replaces the whole catalogue. The products are streamed, so a large feed is never held in memory. */
  putCatalogue(shop: string, products: Iterable<Product> | AsyncIterable<Product>): Promise<CatalogueReport>;
  catalogue(shop: string): Promise<CatalogueExport>;
  /**
   * Sends history. The edge counts by each client's sequence numbers, so sending the same lines again
   * (after an interruption, or when an answer was lost) counts nothing twice: they come back as `duplicate`.
   * Line numbers in the report count over the whole import, from 1.
   */
  importBatches(shop: string, lines: Iterable<ImportLine> | AsyncIterable<ImportLine>, onProgress?: (progress: ImportProgress) => void): Promise<ImportReport>;
  exportEvents(shop: string, options?: ExportOptions): AsyncIterable<ExportLine>;
  putWeights(shop: string, sha256: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  publishModel(shop: string, manifest: SignedManifest): Promise<ModelRecord>;
  models(shop: string): Promise<ModelsResponse>;
  /** Says which signers' manifests the edge takes: one, or two while keys change. */
  setSigners(shop: string, signers: readonly string[]): Promise<ShopResponse>;
  /** While paused, the shop serves co-visitation and popularity. */
  pause(shop: string, paused: boolean): Promise<void>;
  stats(shop: string, range?: { fromMs?: number; toMs?: number; bucket?: StatBucket }): Promise<StatsResponse>;
  loginLink(shop: string): Promise<LoginLinkResponse>;
  /** Erases a client for good, and attests it. */
  eraseClient(shop: string, clientId: string): Promise<ErasureReceipt>;
  /** Erases every client on which a person was logged in. @param userId their hash, as devices send it */
  erasePerson(shop: string, userId: string): Promise<PersonErasure>;
}

export interface EdgeClientOptions {
  /** The edge's origin, e.g. `http://localhost:8787`. */
  edge: string;
  /** A shop's merchant token, or the operator's for `createShop`. */
  token: string;
  fetch?: typeof globalThis.fetch;
  /** Waits before another attempt. */
  wait?: (ms: number) => Promise<void>;
  random?: () => number;
}

export function createEdgeClient({ edge, token, fetch = globalThis.fetch, wait = sleep, random = Math.random }: EdgeClientOptions): EdgeClient {
  const origin = edge.replace(/\/+$/, "");

  /** One request, without another attempt. */
  async function request(method: string, path: string, body?: { type: string; data: NonNullable<RequestInit["body"]> }): Promise<Response> {
    const headers: Record<string, string> = { authorization: `Bearer ${token}`, accept: "application/json" };
    if (body) headers["content-type"] = body.type;
    let response: Response;
    try {
      // Node needs `duplex` for streamed bodies; its types do not know it.
      response = await fetch(origin + path, { method, headers, ...(body && { body: body.data, duplex: "half" }) } as RequestInit);
    } catch (cause) {
      throw new EdgeError("unreachable", `No answer from ${origin}${path}: is the edge running there?`, 0, true, cause);
    }
    if (response.ok) return response;
    throw await refusal(response, method, path);
  }

  /**
   * Tries again what may succeed later: full jitter, never sooner than the edge asks for.
   * @param repeatable whether doing it twice is the same as once; if not, only what the edge itself refused is tried again
   */
  async function persist<T>(attempt: () => Promise<T>, repeatable = true): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await attempt();
      } catch (error) {
        if (!(error instanceof EdgeError) || !error.retry || tries >= MAX_ATTEMPTS) throw error;
        if (!repeatable && OUTCOME_UNKNOWN.has(error.code)) throw error;
        const backoffMs = random() * Math.min(MAX_BACKOFF_MS, BASE_BACKOFF_MS * 2 ** (tries - 1));
        await wait(Math.max(backoffMs, retryAfterMs.get(error) ?? 0));
      }
    }
  }

  const getJson = <T>(path: string) => persist(async () => readJson<T>(await request("GET", path), path));
  const deleteJson = <T>(path: string) => persist(async () => readJson<T>(await request("DELETE", path), path));
  const postJson = <T>(path: string, value: unknown) =>
    persist(async () => readJson<T>(await request("POST", path, { type: "application/json", data: JSON.stringify(value) }), path), false);

  return {
    edge: origin,

    async healthy() {
      try {
        await request("GET", routes.health);
        return true;
      } catch {
        return false;
      }
    },

    createShop: (create) => postJson(routes.admin.shops, create),
    shop: (shop) => getJson(routes.admin.shop(shop)),

    async putCatalogue(shop, products) {
      const path = routes.admin.catalogue(shop);
      const data = ReadableStream.from(ndjsonBytes(products)) as unknown as NonNullable<RequestInit["body"]>;
      return readJson(await request("PUT", path, { type: "application/x-ndjson", data }), path);
    },

    catalogue: (shop) => getJson(routes.admin.catalogue(shop)),

    async importBatches(shop, lines, onProgress) {
      const path = routes.admin.import(shop);
      const report: ImportReport = { accepted: 0, duplicate: 0, conflicts: 0, rejected: 0, errors: [] };
      let events = 0;
      const send = async (chunk: Chunk) => {
        const part = await persist(async () => readJson<ImportReport>(await request("POST", path, { type: "application/x-ndjson", data: chunk.text }), path));
        report.accepted += part.accepted;
        report.duplicate += part.duplicate;
        report.conflicts += part.conflicts;
        report.rejected += part.rejected;
        for (const error of part.errors) {
          if (report.errors.length < MAX_REPORTED_ERRORS) report.errors.push({ ...error, line: error.line + chunk.linesBefore });
        }
        events += chunk.events;
        onProgress?.({ events, report });
      };
      // One chunk travels while the next is being made; never more, so that a client's events arrive in order.
      let inFlight: Promise<void> = Promise.resolve();
      try {
        for await (const chunk of chunksOf(lines)) {
          await inFlight;
          inFlight = send(chunk);
          // Its failure is met at the next await; without this, Node would call it unhandled until then.
          inFlight.catch(() => undefined);
        }
        await inFlight;
      } finally {
        // When the lines end with an error, nothing is left on its way.
        await inFlight.catch(() => undefined);
      }
      return report;
    },

    async *exportEvents(shop, { cursor, onPage, onErased } = {}) {
      for (let from = cursor; ; ) {
        const path = routes.admin.export(shop) + (from === undefined ? "" : `?cursor=${encodeURIComponent(from)}`);
        // A page is read whole before its first line is given out, so that a cut connection repeats no line.
        const page = await persist(async () => {
          const response = await request("GET", path);
          const next = response.headers.get(EXPORT_CURSOR_HEADER);
          if (next === null) throw new EdgeError("not-an-edge", `${origin}${path} answered without ${EXPORT_CURSOR_HEADER}`, response.status, false);
          return { text: await readText(response, path), next, more: response.headers.get(EXPORT_MORE_HEADER) === "1" };
        });
        for (const text of page.text.split("\n")) {
          if (!text) continue;
          const line = JSON.parse(text) as ExportLine | ExportErasure;
          if ("erased" in line) onErased?.(line.erased, line.receivedAtMs);
          else yield line;
        }
        onPage?.(page.next);
        if (!page.more) return;
        from = page.next;
      }
    },

    async putWeights(shop, sha256, bytes) {
      await persist(() => request("PUT", routes.admin.weights(shop, sha256), { type: "application/octet-stream", data: bytes }));
    },
    publishModel: (shop, manifest) => postJson(routes.admin.models(shop), manifest),
    models: (shop) => getJson(routes.admin.models(shop)),
    setSigners(shop, signers) {
      const path = routes.admin.shop(shop);
      return persist(async () => readJson<ShopResponse>(await request("PATCH", path, { type: "application/json", data: JSON.stringify({ signers }) }), path));
    },
    async pause(shop, paused) {
      await postJson(routes.admin.pause(shop), { paused } satisfies PauseRequest);
    },
    stats(shop, range = {}) {
      const query = new URLSearchParams();
      for (const [name, value] of Object.entries(range)) if (value !== undefined) query.set(name, String(value));
      return getJson(`${routes.admin.stats(shop)}?${query}`);
    },
    loginLink: (shop) => postJson(routes.admin.loginLinks(shop), {}),
    eraseClient: (shop, clientId) => deleteJson(routes.admin.client(shop, clientId)),
    erasePerson: (shop, userId) => deleteJson(routes.admin.person(shop, userId)),
  };
}

interface Chunk {
  text: string;
  events: number;
  /** Lines of the import before this chunk's first. */
  linesBefore: number;
}

async function* chunksOf(lines: Iterable<ImportLine> | AsyncIterable<ImportLine>): AsyncGenerator<Chunk> {
  let parts: string[] = [];
  let events = 0;
  let bytes = 0;
  let linesBefore = 0;
  for await (const line of lines) {
    const text = JSON.stringify(line);
    if (parts.length > 0 && (events + line.events.length > IMPORT_CHUNK_EVENTS || bytes + text.length > IMPORT_CHUNK_BYTES)) {
      yield { text: parts.join("\n"), events, linesBefore };
      linesBefore += parts.length;
      parts = [];
      events = bytes = 0;
    }
    parts.push(text);
    events += line.events.length;
    bytes += text.length + 1;
  }
  if (parts.length > 0) yield { text: parts.join("\n"), events, linesBefore };
}

async function* ndjsonBytes(values: Iterable<unknown> | AsyncIterable<unknown>): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  let text = "";
  for await (const value of values) {
    text += `${JSON.stringify(value)}\n`;
    if (text.length < 64 * 1024) continue;
    yield encoder.encode(text);
    text = "";
  }
  if (text) yield encoder.encode(text);
}

/** How long the edge asked to wait, beside the error that says so. */
const retryAfterMs = new WeakMap<EdgeError, number>();

async function refusal(response: Response, method: string, path: string): Promise<EdgeError> {
  const text = await response.text().catch(() => "");
  let body: Partial<ApiError> = {};
  try {
    body = JSON.parse(text) as Partial<ApiError>;
  } catch {
    // A proxy's page, or nothing: the status is all there is to say.
  }
  const transient = response.status === 429 || response.status === 408 || response.status >= 500;
  const error = body.error
    ? new EdgeError(body.error.code, body.error.message, response.status, body.error.retry)
    : new EdgeError("not-an-edge", `${method} ${new URL(response.url || "http://edge").origin}${path} answered ${response.status} without Endcap's error body`, response.status, transient);
  const seconds = Number(response.headers.get("retry-after"));
  if (Number.isFinite(seconds) && seconds > 0) retryAfterMs.set(error, Math.min(seconds * 1000, 10 * MAX_BACKOFF_MS));
  return error;
}

async function readText(response: Response, path: string): Promise<string> {
  try {
    return await response.text();
  } catch (cause) {
    throw new EdgeError("cut-off", `The answer to ${path} broke off`, response.status, true, cause);
  }
}

async function readJson<T>(response: Response, path: string): Promise<T> {
  const text = await readText(response, path);
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    throw new EdgeError("not-an-edge", `${path} answered with something that is not JSON`, response.status, false, cause);
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
