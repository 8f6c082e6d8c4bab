/** The chunk of who a shopper is to the shop: joining a login with what came before it, and being forgotten again. */
import { routes, type ErasureReceipt, type ErasureRequest } from "../core/api.ts";
import { personHash } from "../core/ids.ts";
import type { Bridge } from "./bridge.ts";
import { toJson } from "./json.ts";
import { change, newShopper, type Change, type ShopperRow } from "./store/shopper.ts";
import { backoffMs } from "./sync/backoff.ts";

/** What the next person at a shared device must not see, nor be taken for. */
const PERSONAL_ROWS: readonly ShopperRow[] = ["history", "cart", "dismissed", "clicks", "session", "user"];

/**
 * Tells that the shopper has logged in: a hash leaves the device, salted with the shop's key, so that two shops' cannot
 * be compared; told once, however many pages say it. With null they have logged out: what this device knows of them is
 * emptied and a new session begins, since the next person at it may be another. A second person who logs in without
 * the first having logged out is treated like that too.
 *
 * @param userId what the shop calls them: a customer number, an e-mail address; case and spaces around it don't count
 */
export async function identify({ key, journal, recorder }: Bridge, userId: unknown): Promise<unknown> {
  await journal.ready();
  const known = journal.shopper().user;
  const name = typeof userId === "string" || typeof userId === "number" ? String(userId).trim() : "";
  const user = name && (await personHash(key, name));
  if (known && known !== user) await journal.record(null, PERSONAL_ROWS.map(emptied));
  if (!user || known === user) return { ok: true };
  return recorder.record("login", { user_id: user }, [change("user", () => user)]);
}

function emptied(row: ShopperRow): Change {
  return change(row, () => newShopper()[row] as never);
}

export type ErasureAnswer = { done: true; receipt: ErasureReceipt | null } | { done: false };
type Listener = (answer: ErasureAnswer) => void;

const listeners: Listener[] = [];
let newest: ErasureAnswer | undefined;
let failures = 0;
let sending = false;

/** Tells of each answer of the edge's, and of the newest one so far. @returns stops telling */
export function onErasure(listener: Listener): () => void {
  listeners.push(listener);
  if (newest) listener(newest);
  return () => void listeners.splice(listeners.indexOf(listener), 1);
}

/** After the device was wiped: what the shopper had allowed with our own switches is withdrawn, what they had refused stays refused, and the edge is asked. */
export function forgotten(bridge: Bridge): Promise<void> {
  bridge.faults.guard("choice", () => {
    const { atMs, ...choice } = JSON.parse(localStorage.getItem(bridge.choiceName) ?? "{}") as { [field: string]: unknown };
    const refusals = Object.entries(choice).filter(([, allowed]) => allowed === false);
    if (refusals.length > 0) localStorage.setItem(bridge.choiceName, toJson({ ...Object.fromEntries(refusals), atMs }));
    else localStorage.removeItem(bridge.choiceName);
  })();
  return erase(bridge);
}

/**
 * Asks the edge to erase whoever this device has forgotten, until it has answered: now, and later on any page. That is
 * the shopper's own wish and needs no consent.
 */
export async function erase(bridge: Bridge): Promise<void> {
  if (sending) return;
  sending = true;
  const waiting = new Map(requests(bridge));
  let retryAfter: string | null = null;
  for (const [clientId, secret] of waiting) {
    // A page was left between asking and wiping: the device is wiped now.
    if (bridge.journal.client()?.id === clientId) await bridge.journal.forget();
    const request: ErasureRequest = { key: bridge.key, clientId, secret };
    const response = await bridge.fetch(bridge.edge + routes.erasure, { method: "POST", keepalive: true, credentials: "omit", referrerPolicy: "origin", headers: { "Content-Type": "text/plain" }, body: toJson(request) }).catch(() => null);
    // Unknown to the edge: it has nothing to erase.
    if (response?.ok || response?.status === 404) {
      const receipt = response.ok ? ((await response.json().catch(() => null)) as ErasureReceipt | null) : null;
      bridge.faults.guard("erasure", () => localStorage.removeItem(bridge.erasureName + clientId))();
      waiting.delete(clientId);
      tell({ done: true, receipt });
    } else {
      retryAfter ??= response?.headers.get("Retry-After") ?? null;
      tell({ done: false });
    }
  }
  sending = false;
  if (waiting.size === 0) return;
  failures += 1;
  setTimeout(() => bridge.faults.watch("erasure", erase(bridge)), backoffMs(failures, retryAfter, bridge.nowMs(), Math.random));
}

function tell(answer: ErasureAnswer): void {
  newest = answer;
  listeners.forEach((listener) => listener(answer));
}

/** Ids and secrets of those who have asked. */
function requests({ erasureName, faults }: Bridge): [string, string][] {
  return faults.guard("erasure", () => Object.keys(localStorage).filter((name) => name.startsWith(erasureName)).map((name): [string, string] => [name.slice(erasureName.length), localStorage.getItem(name)!]))() ?? [];
}
