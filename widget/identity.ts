/** The chunk of who a shopper is to the shop: joining a login with what came before it, and being forgotten again. */
import { routes, WRONG_SECRET, type ApiError, type ErasureReceipt, type ErasureRequest } from "../core/api.ts";
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

/**
 * How a wish to be erased has ended: with the edge's receipt; with `nothing`, where the edge did not know the device; or
 * `refused`, where it cannot tell that the wish is this device's, and only the shop can still fulfil it, by the client's id.
 */
export type ErasureEnd = { clientId: string } & ({ end: "erased"; receipt: ErasureReceipt } | { end: "nothing" } | { end: "refused" });
type Listener = (end: ErasureEnd) => void;

let listeners: Listener[] = [];
/** Of this page: a receipt is the shopper's to keep, the device holds none. */
let ends: ErasureEnd[] = [];
let failures = 0;
let sending = false;

/** Tells of each end, those before included: of refusals also those of earlier pages. @returns stops telling */
export function onErasure(bridge: Bridge, listener: Listener): () => void {
  const earlier = refusals(bridge).filter((clientId) => !ends.some((end) => end.clientId === clientId));
  for (const end of [...earlier.map((clientId): ErasureEnd => ({ clientId, end: "refused" })), ...ends]) listener(end);
  listeners.push(listener);
  return () => void (listeners = listeners.filter((other) => other !== listener));
}

/** After the device was wiped: what the shopper had allowed with our own switches is withdrawn, what they had refused stays refused, and the edge is asked. */
export function forgotten(bridge: Bridge): Promise<void> {
  bridge.faults.guard("choice", () => {
    const { atMs, ...choice } = JSON.parse(localStorage.getItem(bridge.choiceName) ?? "{}") as { [field: string]: unknown };
    const denials = Object.entries(choice).filter(([, allowed]) => allowed === false);
    if (denials.length > 0) localStorage.setItem(bridge.choiceName, toJson({ ...Object.fromEntries(denials), atMs }));
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
  const asked = new Set<string>();
  let retryAfter: string | null = null;
  // Another wish may come while one is on its way.
  for (let next; (next = requests(bridge).find(([clientId]) => !asked.has(clientId))); ) {
    const [clientId, secret] = next;
    asked.add(clientId);
    // A page was left between asking and wiping: the device is wiped now.
    if (bridge.journal.client()?.id === clientId) await bridge.journal.forget();
    const request: ErasureRequest = { key: bridge.key, clientId, secret };
    const response = await bridge.fetch(bridge.edge + routes.erasure, { method: "POST", keepalive: true, credentials: "omit", referrerPolicy: "origin", headers: { "Content-Type": "text/plain" }, body: toJson(request) }).catch(() => null);
    const end = response && (await endOf(response));
    if (!end) retryAfter ??= response?.headers.get("Retry-After") ?? null;
    else {
      if (end.end === "refused") keepRefusals(bridge, [...refusals(bridge), clientId]);
      bridge.faults.guard("erasure", () => localStorage.removeItem(bridge.erasureName + clientId))();
      ends.push({ clientId, ...end });
      listeners.forEach((listener) => listener({ clientId, ...end }));
    }
  }
  sending = false;
  if (requests(bridge).length === 0) return;
  failures += 1;
  setTimeout(() => bridge.faults.watch("erasure", erase(bridge)), backoffMs(failures, retryAfter, bridge.nowMs(), Math.random));
}

/** @returns null where it is to be asked again */
async function endOf(response: Response): Promise<{ end: "erased"; receipt: ErasureReceipt } | { end: "nothing" | "refused" } | null> {
  // Unknown to the edge: it has nothing to erase.
  if (response.status === 404) return { end: "nothing" };
  const answer = (await response.json().catch(() => null)) as ErasureReceipt | ApiError | null;
  if (answer && "receipt" in answer) return { end: "erased", receipt: answer };
  // Other refusals are the shop's to mend, such as an origin that it has not named yet.
  return answer?.error?.code === WRONG_SECRET ? { end: "refused" } : null;
}

/** Ids of those whom the edge refuses to erase, until the shopper has taken note. */
function refusals(bridge: Bridge): string[] {
  return bridge.faults.guard("erasure", () => JSON.parse(localStorage.getItem(refusedName(bridge)) ?? "[]") as string[])() ?? [];
}
function keepRefusals(bridge: Bridge, clientIds: readonly string[]): void {
  bridge.faults.guard("erasure", () => (clientIds.length > 0 ? localStorage.setItem(refusedName(bridge), toJson(clientIds)) : localStorage.removeItem(refusedName(bridge))))();
}
function refusedName({ key }: Bridge): string {
  return `endcap-refused-${key}`;
}

/** The shopper has taken note of a refusal: the device forgets the id, too. */
export function dropRefusal(bridge: Bridge, clientId: string): void {
  ends = ends.filter((end) => end.clientId !== clientId);
  keepRefusals(bridge, refusals(bridge).filter((other) => other !== clientId));
}

/** Ids and secrets of those who have asked. */
function requests({ erasureName, faults }: Bridge): [string, string][] {
  return faults.guard("erasure", () => Object.keys(localStorage).filter((name) => name.startsWith(erasureName)).map((name): [string, string] => [name.slice(erasureName.length), localStorage.getItem(name)!]))() ?? [];
}
