/** From a parsed batch of unknown origin to what the ledger counts: every event judged by itself. */
import { hash32 } from "../core/ids.ts";
import { parseEvent, type BatchHead, type BatchReceipt, type ShopEvent } from "../core/events.ts";
import type { LedgerBatch } from "./ledger/contract.ts";
import { redactEvent } from "./redact.ts";

export type Rejection = BatchReceipt["rejected"][number];

export interface JudgedBatch {
  batch: LedgerBatch;
  /** Events that can never be counted. */
  rejected: Rejection[];
}

/** @param refusal a further reason to refuse a well-formed event */
export function judgeBatch(head: Omit<BatchHead, "key">, events: readonly unknown[], refusal?: (event: ShopEvent) => { code: string; message: string } | null): JudgedBatch {
  const judged: JudgedBatch = {
    batch: { clientId: head.clientId, sentAtMs: head.sentAtMs, events: [], voids: head.voids ?? [], refusedSeqs: [], refusedHashes: [] },
    rejected: [],
  };
  /** Events without a number, by what they hold: the second of two alike is another event. */
  const unnumbered = new Map<string, number>();
  if (head.secretHash !== undefined) judged.batch.secretHash = head.secretHash;
  events.forEach((value, index) => {
    const parsed = parseEvent(value, `events[${index}]`);
    const fault = parsed.ok ? (impossibilityOf(parsed.value) ?? refusal?.(parsed.value)) : { code: parsed.path.endsWith(".name") ? "unknown-event" : "invalid-event", message: `${parsed.path} ${parsed.message}` };
    if (parsed.ok && !fault) {
      judged.batch.events.push(redactEvent(parsed.value));
      return;
    }
    const seq = seqOf(value);
    judged.rejected.push({ seq, ...fault! });
    if (seq !== null) return void judged.batch.refusedSeqs.push(seq);
    const content = JSON.stringify(value);
    unnumbered.set(content, (unnumbered.get(content) ?? 0) + 1);
    judged.batch.refusedHashes.push(hash32(`${unnumbered.get(content)} ${content}`));
  });
  return judged;
}

/** Why an event whose every part is right can still not have happened. */
function impossibilityOf(event: ShopEvent): { code: string; message: string } | null {
  // Carousels are not drawn for the comparison.
  if (event.name === "rec_click" && event.params.arm === "holdout") return { code: "impossible-order", message: "a shopper who is shown no carousel clicks on none" };
  if (event.name !== "web_vitals") return null;
  const { ttfb, fcp } = event.params;
  // Both are rounded. The largest paint may be told of before the first: other sites' images count from when they were loaded.
  // https://web.dev/articles/lcp#load-time-vs-render-time
  if (ttfb === undefined || fcp === undefined || ttfb <= fcp + 1) return null;
  return { code: "impossible-order", message: "nothing is painted before the first byte has come" };
}

function seqOf(value: unknown): number | null {
  const seq = (value as { seq?: unknown } | null)?.seq;
  return Number.isSafeInteger(seq) && (seq as number) >= 1 ? (seq as number) : null;
}
