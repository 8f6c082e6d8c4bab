/** Sends simulated events through the public ingest API, as shoppers' browsers would: every limit applies. */
import { routes, type ApiError, type ImportLine } from "../../core/api.ts";
import { MAX_BATCH_BYTES, MAX_EVENTS_PER_BATCH, type BatchReceipt, type EventBatch, type ShopEvent } from "../../core/events.ts";

/** Browsers of several makers, as they name themselves: the edge turns away what calls itself a robot. */
const USER_AGENTS = [
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
  "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
  "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36",
  "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
];
const MAX_ATTEMPTS = 10;
const BASE_BACKOFF_MS = 300;
const MAX_BACKOFF_MS = 60_000;

export interface SendOptions {
  /** The edge's origin. */
  edge: string;
  writeKey: string;
  /** The shop's origin, which browsers put into every POST. */
  origin: string;
  lines: readonly ImportLine[];
  /** Browsers that send at the same time; one client's batches always go one after the other. */
  concurrency?: number;
  /** Called with the number of events of each batch that was answered. */
  onProgress?: (events: number) => void;
  fetch?: typeof globalThis.fetch;
  now?: () => number;
  wait?: (ms: number) => Promise<void>;
  random?: () => number;
}

/** All receipts together. */
export interface SendReport {
  batches: number;
  /** POSTs that were told to come again later, and did. */
  retried: number;
  accepted: number;
  duplicate: number;
  conflicts: number;
  rejected: BatchReceipt["rejected"];
}

/** The edge refused a batch for good, or did not answer in MAX_ATTEMPTS attempts. */
export class SendError extends Error {
  override readonly name = "SendError";
}

/** @throws SendError */
export async function sendLastDay({ edge, writeKey, origin, lines, concurrency = 4, onProgress, fetch = globalThis.fetch, now = Date.now, wait = sleep, random = Math.random }: SendOptions): Promise<SendReport> {
  const report: SendReport = { batches: 0, retried: 0, accepted: 0, duplicate: 0, conflicts: 0, rejected: [] };
  const clients = new Map<string, ShopEvent[]>();
  for (const { clientId, events } of lines) clients.set(clientId, [...(clients.get(clientId) ?? []), ...events]);

  async function post(batch: EventBatch, userAgent: string): Promise<BatchReceipt> {
    for (let attempt = 1; ; attempt += 1) {
      // The clock that the edge corrects by is read as the batch leaves, as browsers do.
      const body = JSON.stringify({ ...batch, sentAtMs: now() } satisfies EventBatch);
      let response: Response | undefined;
      try {
        response = await fetch(edge + routes.events, { method: "POST", headers: { "content-type": "text/plain;charset=UTF-8", origin, "user-agent": userAgent }, body });
      } catch (cause) {
        if (attempt >= MAX_ATTEMPTS) throw new SendError(`No answer from ${edge}${routes.events} after ${attempt} attempts`, { cause });
      }
      if (response?.ok) return (await response.json()) as BatchReceipt;
      if (response && response.status !== 429 && response.status < 500) throw new SendError(await reasonOf(response));
      if (response && attempt >= MAX_ATTEMPTS) throw new SendError(`${await reasonOf(response)} (after ${attempt} attempts)`);
      report.retried += 1;
      const askedMs = Number(response?.headers.get("retry-after") ?? 0) * 1000 || 0;
      await response?.body?.cancel();
      await wait(Math.max(askedMs, random() * Math.min(MAX_BACKOFF_MS, BASE_BACKOFF_MS * 2 ** (attempt - 1))));
    }
  }

  const queue = [...clients].entries();
  async function browser(): Promise<void> {
    for (const [n, [clientId, events]] of queue) {
      for (const part of batchesOf(events, { key: writeKey, clientId, sentAtMs: now() })) {
        const receipt = await post({ key: writeKey, clientId, sentAtMs: 0, events: part }, USER_AGENTS[n % USER_AGENTS.length]!);
        report.batches += 1;
        report.accepted += receipt.accepted;
        report.duplicate += receipt.duplicate;
        report.conflicts += receipt.conflicts.length;
        report.rejected.push(...receipt.rejected);
        onProgress?.(part.length);
      }
    }
  }
  await Promise.all(Array.from({ length: concurrency }, browser));
  return report;
}

/** Cuts a client's events into batches that a browser may send: by number, and by bytes of the whole body. */
function* batchesOf(events: readonly ShopEvent[], head: Omit<EventBatch, "events">): Generator<ShopEvent[]> {
  const encoder = new TextEncoder();
  const headBytes = encoder.encode(JSON.stringify({ ...head, events: [] })).length;
  let part: ShopEvent[] = [];
  let bytes = headBytes;
  for (const event of events) {
    const size = encoder.encode(JSON.stringify(event)).length + 1;
    if (part.length > 0 && (part.length === MAX_EVENTS_PER_BATCH || bytes + size > MAX_BATCH_BYTES)) {
      yield part;
      part = [];
      bytes = headBytes;
    }
    part.push(event);
    bytes += size;
  }
  if (part.length > 0) yield part;
}

async function reasonOf(response: Response): Promise<string> {
  const text = await response.text().catch(() => "");
  try {
    const { error } = JSON.parse(text) as ApiError;
    return `The edge refused a batch: ${error.message} (${error.code}, ${response.status})`;
  } catch {
    return `The edge refused a batch with status ${response.status}`;
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
