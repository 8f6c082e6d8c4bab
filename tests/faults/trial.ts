/** One fault's trial: a shop of its own at the edge, tabs that record marked events, and an account of what became of each. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CDPSession, Page } from "@playwright/test";
import { openBrowser, removeProfile, type KillableBrowser } from "./browser.ts";
import { createShop, readLedger, type Ledger } from "./ledger.ts";
import { seeded } from "./random.ts";
import type { Shop } from "./shop.ts";
import type { Way } from "./way.ts";

const DELIVERY_DEADLINE_MS = 45_000;
const POLL_MS = 150;

/** What the page has said of one marked event. */
interface Marked {
  /** Recorded in the tick in which its page was left. */
  leaving: boolean;
  /** What `track()` resolved with, as far as it was heard: "ok", or the reason. */
  answer?: string;
}

/** What the device holds, read from its storage as any script of the shop's origin could. */
export interface DeviceState {
  /** Markers in the outbox, and in what closed pages have left. */
  pending: string[];
  /** All entries, the tag's own events included. */
  outbox: number;
  leftBehind: number;
  dropped: { [reason: string]: number };
  /** Whether the tag's database is there at all. */
  isThere: boolean;
}

export interface Tab {
  page: Page;
  session: CDPSession;
  goto(path: string): Promise<void>;
  /** Records events and leaves for another page of the shop in the same tick; resolves when the tag runs there. */
  leaveFor(path: string, prefix: string, events: number): Promise<void>;
  /** Runs one of the page script's functions, or any expression; a page that is gone by then has done it all the same. */
  run(expression: string): Promise<unknown>;
}

/** The account of a trial, in events that tests have marked. */
export interface Account {
  tracked: number;
  /** `track()` had resolved with `ok`. */
  resolved: number;
  counted: number;
  /** As the shop's statistics show it, the tag's own events included; numbers never used are no events. */
  dropped: { [reason: string]: number };
  pending: number;
  /** POSTs of events. */
  requests: number;
  leaving: { tracked: number; counted: number };
  /** Identities that the device has had. */
  clients: number;
  /** Neither resolved nor counted: the browser was killed in between. */
  unfinished: number;
  lost: string[];
  doubled: string[];
  /** What else the promise forbids, in sentences. */
  broken: string[];
}

export interface Trial {
  readonly random: () => number;
  readonly way: Way;
  readonly key: string;
  readonly origin: string;
  /** A short form of the fault is wanted. */
  readonly short: boolean;
  /** HTML that pages carry before the tag from now on. */
  head(html: string): void;
  /** Starts the browser on this trial's profile; the one before must be gone. */
  start(): Promise<KillableBrowser>;
  /** A new tab, on the shop's page with the tag running. */
  tab(path?: string): Promise<Tab>;
  device(tab: Tab): Promise<DeviceState>;
  /** Waits until a condition holds. @throws after a while, naming it */
  until(what: string, holds: () => boolean | Promise<boolean>): Promise<void>;
  /** Waits until every `track()` has answered, but for those whose page was left at once. */
  answered(): Promise<void>;
  /** Cuts the edge's power, and starts it again on what its disk holds. */
  cutEdge(): Promise<void>;
  restartEdge(): Promise<void>;
  /** How many events the page has said to have tracked, and to have had answered. */
  tracked(): number;
  /** Notes something that the promise forbids. */
  broken(sentence: string): void;
  /** Numbers for the account's own line. */
  note(sentence: string): void;
}

/** What the edge of a run can do for a trial. */
export interface Ground {
  edgeUrl: string;
  adminToken: string;
  shop: Shop;
  way: Way;
  cutEdge(): Promise<void>;
  restartEdge(): Promise<void>;
}

export interface FaultPlan {
  /** What happens, as a sentence that a shopkeeper understands. */
  name: string;
  /** Browsers are killed: what had not resolved by then may be gone. */
  kills?: boolean;
  /** Tried in the long form only: another one is close to it. */
  longOnly?: boolean;
  /** The account need not be complete on this device: its storage was deleted. */
  wipes?: boolean;
  /** Holds at most this many POSTs for every 50 events. */
  maxPostsPer50?: number;
  run(trial: Trial): Promise<void>;
}

export interface Outcome {
  plan: FaultPlan;
  account: Account;
  notes: string[];
  tookMs: number;
}

let trials = 0;

/** Runs one fault, delivers what is left, and settles the account. @param seed with the fault's name, of all that is drawn */
export async function tryFault(plan: FaultPlan, ground: Ground, { seed, short }: { seed: string; short: boolean }): Promise<Outcome> {
  const startedMs = Date.now();
  const random = seeded(`${seed} ${plan.name}`);
  const { shop, way } = ground;
  const id = `fault-${(trials += 1)}`;
  const { writeKey: key, merchantToken } = await createShop(ground, id, shop.origin);
  const profile = mkdtempSync(join(tmpdir(), "endcap-faults-"));
  const marked = new Map<string, Marked>();
  const broken: string[] = [];
  const notes: string[] = [];
  let browser: KillableBrowser | undefined;
  way.mode = { kind: "pass" };
  way.posts = 0;
  way.acknowledged.clear();
  way.random = seeded(`${seed} ${plan.name} way`);

  const hear = (payload: string) => {
    const [word, marker, value] = JSON.parse(payload) as [string, string, unknown];
    if (word === "tracked") marked.set(marker, { leaving: value === true });
    if (word === "answered") {
      const entry = marked.get(marker);
      if (entry) entry.answer = String(value);
    }
    if (word === "restored") notes.push("restored from the back/forward cache");
  };
  const until: Trial["until"] = async (what, holds) => {
    const deadlineMs = Date.now() + DELIVERY_DEADLINE_MS;
    while (!(await holds())) {
      if (Date.now() > deadlineMs) throw new Error(`waited in vain until ${what}`);
      await new Promise((done) => setTimeout(done, POLL_MS));
    }
  };
  const trial: Trial = {
    random, way, key, short, until,
    origin: shop.origin,
    head: (html) => void shop.head.set(key, html),
    async start() {
      return (browser = await openBrowser(profile));
    },
    async tab(path = "") {
      const page = await browser!.context.newPage();
      const session = await browser!.context.newCDPSession(page);
      session.on("Runtime.bindingCalled", ({ name, payload }) => void (name === "bookkeeper" && hear(payload)));
      await session.send("Runtime.enable");
      await session.send("Runtime.addBinding", { name: "bookkeeper" });
      const tab: Tab = {
        page, session,
        async goto(to) {
          await page.goto(`${shop.origin}/${key}/${to}`);
          await until("the tag runs", () => page.evaluate(() => "endcap" in window));
        },
        async leaveFor(to, prefix, events) {
          await tab.run(`recordAndLeave("${prefix}", ${events}, "/${key}/${to}")`);
          await until("the next page is there", () => page.evaluate(`location.pathname.endsWith("/${to}") && "endcap" in window`).then(Boolean, () => false));
        },
        run: (expression) => page.evaluate(expression).catch((error: unknown) => {
          if (!/closed|destroyed|crashed|disconnected|Target page|navigat/i.test(String(error))) throw error;
        }),
      };
      await tab.goto(path);
      return tab;
    },
    device: ({ page }) => page.evaluate(readDevice, key),
    answered: () => until("every track() has answered", () => [...marked.values()].every(({ answer, leaving }) => leaving || answer !== undefined)),
    cutEdge: ground.cutEdge,
    restartEdge: ground.restartEdge,
    tracked: () => marked.size,
    broken: (sentence) => void broken.push(sentence),
    note: (sentence) => void notes.push(sentence),
  };

  let device: DeviceState = { pending: [], outbox: 0, leftBehind: 0, dropped: {}, isThere: false };
  let faultPosts = 0;
  try {
    await plan.run(trial);
    faultPosts = way.posts;
    // The fault is over; the shopper comes back.
    way.mode = { kind: "pass" };
    if (!browser) await trial.start();
    const last = await trial.tab("delivery").catch(async () => {
      await trial.start();
      return trial.tab("delivery");
    });
    await until("the device has nothing left to send", async () => {
      await last.run(`dispatchEvent(new Event("online"))`);
      device = await trial.device(last);
      return device.outbox + device.leftBehind === 0;
    }).catch((error: unknown) => broken.push(`${(error as Error).message}: ${device.outbox} in the outbox, ${device.leftBehind} left behind`));
    if (!device.isThere) notes.push("the device has no database at the end");
    await way.calm();
    await browser!.close();
  } catch (error) {
    broken.push(`the trial failed: ${(error as Error).stack ?? String(error)}`);
    await browser?.kill();
  }
  const ledger = await readLedger(ground.edgeUrl, id, merchantToken);
  const account = settle({ plan, marked, device, ledger, way, faultPosts, broken });
  shop.head.delete(key);
  removeProfile(profile);
  return { plan, account, notes, tookMs: Date.now() - startedMs };
}

function settle({ plan, marked, device, ledger, way, faultPosts, broken }: { plan: FaultPlan; marked: Map<string, Marked>; device: DeviceState; ledger: Ledger; way: Way; faultPosts: number; broken: string[] }): Account {
  const times = new Map<string, number>();
  for (const { marker } of ledger.events) if (marker !== undefined) times.set(marker, (times.get(marker) ?? 0) + 1);
  const pending = new Set(device.pending);
  const numbers = new Set(ledger.events.map(({ clientId, seq }) => `${clientId} ${seq}`));
  const dropped = Object.fromEntries(ledger.stats.dropped.filter(({ reason }) => reason !== "unused").map(({ reason, count }) => [reason, count]));

  const entries = [...marked];
  const gone = entries.filter(([marker]) => !times.has(marker) && !pending.has(marker));
  // What was given up by reason after it had resolved is told by number, not by marker.
  const refusedLater = (dropped["rejected"] ?? 0) + (dropped["expired"] ?? 0);
  const resolvedGone = gone.filter(([, { answer }]) => answer === "ok").map(([marker]) => marker);
  const lost = resolvedGone.length > refusedLater ? resolvedGone : [];
  const silent = gone.filter(([, { answer }]) => answer === undefined);
  const refused = gone.filter(([, { answer }]) => answer !== undefined && answer !== "ok");
  const doubled = [...times].filter(([, count]) => count > 1).map(([marker]) => marker);

  if (numbers.size !== ledger.events.length) broken.push(`${ledger.events.length - numbers.size} numbers are stored twice`);
  for (const acknowledged of way.acknowledged) if (!numbers.has(acknowledged)) broken.push(`${acknowledged} was acknowledged and is not stored`);
  const { events } = ledger.stats.totals;
  if (events !== ledger.events.length) broken.push(`the statistics have ${events} events, the ledger ${ledger.events.length}`);
  if (dropped["conflict"]) broken.push(`${dropped["conflict"]} numbers came with other content`);
  if (!plan.kills && silent.some(([, { leaving }]) => !leaving)) broken.push(`${silent.filter(([, { leaving }]) => !leaving).length} events are gone although nothing was killed: ${silent.slice(0, 5).map(([marker]) => marker).join(", ")}`);
  const toldDropped = Object.values(dropped).reduce((sum, count) => sum + count, 0);
  if (!plan.wipes && refused.length + resolvedGone.length > toldDropped) {
    const reasons = new Set(refused.map(([, { answer }]) => answer));
    broken.push(`${refused.length + resolvedGone.length} events are missing (${[...reasons].join(", ")}), the merchant is told of ${toldDropped}`);
  }
  const perFifty = (50 * faultPosts) / Math.max(1, marked.size);
  if (plan.maxPostsPer50 !== undefined && perFifty > plan.maxPostsPer50) broken.push(`${faultPosts} requests for ${marked.size} events while the edge was refusing`);
  // Where the browser is killed, the moment of leaving is not what is tried.
  const leaving = plan.kills ? [] : entries.filter(([, entry]) => entry.leaving);
  return {
    tracked: entries.length,
    resolved: entries.filter(([, { answer }]) => answer === "ok").length,
    counted: entries.filter(([marker]) => times.has(marker)).length,
    dropped,
    pending: entries.filter(([marker]) => pending.has(marker)).length,
    requests: faultPosts,
    leaving: { tracked: leaving.length, counted: leaving.filter(([marker]) => times.has(marker) || pending.has(marker)).length },
    clients: new Set(ledger.events.map(({ clientId }) => clientId)).size,
    unfinished: silent.length,
    lost, doubled, broken,
  };
}

/** Runs in the page. */
async function readDevice(key: string): Promise<DeviceState> {
  const name = `endcap-${key}`;
  const markerOf = (event: { params?: { items?: { item_id: string }[] } }) => event.params?.items?.[0]?.item_id;
  const state: DeviceState = { pending: [], outbox: 0, leftBehind: 0, dropped: {}, isThere: false };
  const pend = (marker: string | undefined) => void (marker !== undefined && state.pending.push(marker));
  for (const item of Object.keys(localStorage)) {
    if (!item.startsWith(`${name}/`)) continue;
    const words = JSON.parse(localStorage.getItem(item)!) as { entries: [number, string][]; events: object[]; steps: object[] };
    state.leftBehind += words.entries.length + words.events.length + words.steps.length;
    for (const [, json] of words.entries) pend(markerOf(JSON.parse(json) as object));
    for (const event of [...words.events, ...words.steps]) pend(markerOf(event));
  }
  if (!(await indexedDB.databases()).some((database) => database.name === name)) return state;
  state.isThere = true;
  const ask = <T>(request: IDBRequest<T>) => new Promise<T>((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const database = await ask(indexedDB.open(name));
  try {
    const [kept, ...outbox] = (await ask(database.transaction("state").objectStore("state").getAll())) as [{ dropped: DeviceState["dropped"] }, ...[number, string][]] | [];
    state.outbox = outbox.length;
    for (const [, json] of outbox) pend(markerOf(JSON.parse(json) as object));
    state.dropped = kept?.dropped ?? {};
  } finally {
    database.close();
  }
  return state;
}
