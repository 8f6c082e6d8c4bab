/** Turns what the page shows and does into events: one real action, one event. */
import type { EventItem, EventName, EventParams, EventSource, PageType, ShopEventName } from "../../core/events.ts";
import { appendEntries, entriesOf } from "../../core/history.ts";
import { isSuspicious } from "../../core/suspicion.ts";
import type { RedactionChunk } from "../bridge.ts";
import type { Faults } from "../faults.ts";
import { toJson } from "../json.ts";
import type { Journal, Recorded, RecordedEvent, TrackResult } from "../store/journal.ts";
import { change, continueSession, type Change, type Shopper } from "../store/shopper.ts";
import { conform } from "./conform.ts";

/** Who tells of an action: a source, or one of the data layer's further ways of writing. */
export type Voice = EventSource | "gtag" | "universal";

/** Another voice that tells of such an action within this time means the same one. */
const TWIN_MS = 5_000;
/** What happens to a page, not on it: another voice means the same one for as long as the page is open. */
const OF_PAGE = /^(page_|view_|search|begin_|purchase)/;
/** An event must fit a batch: beyond this its items keep only what counting and learning need. */
const MAX_EVENT_CHARS = 16 * 1024;
const KEPT_HISTORY = 200;
const KEPT_ORDERS = 50;

export interface CurrentPage {
  type: PageType;
  path: string;
  /** The product of a product page. */
  itemId?: string;
}

export interface Recorder {
  /** Records one event of the shop's. @returns what became of it; a refusal for what no event can be made of, or what another voice has told */
  track(name: ShopEventName, params: unknown, voice?: Voice): Promise<TrackResult | Refusal>;
  /** Records an event as it is, with the changes that it makes. */
  record(name: EventName, params: object, changes: Change[]): Promise<TrackResult | Refusal>;
  /** What waits for the disk, to be left to the next page: this one is over. */
  undecided(): Step[];
  /**
   * What is to be recorded of a step: the event, with the changes that it makes and the click that led to it, and what
   * follows from it; nothing of an order that is known.
   */
  decide(step: Step, shopper: Shopper): Recorded[];
  /** Gets ready to decide about these. @returns false where that needs what cannot be had now */
  prepare(steps: readonly Step[]): Promise<boolean>;
  /** Another page begins: what was seen on the last one may be seen again. */
  turnPage(): void;
}
/** What has happened, before it is known whether it has been recorded already and which click led to it. */
export interface Step {
  name: ShopEventName;
  params: Commerce;
  source?: EventSource | undefined;
  /** The cart's contents, or a list of products, were told at all. */
  told: boolean;
  atMs: number;
  on: CurrentPage;
}
export type Refusal = { ok: false; reason: "malformed" | "repeated" | "off-limits" };

export type Commerce = { items?: EventItem[]; slate_id?: string; placement?: string };

/**
 * @param options.offLimits whether nothing may be recorded on this page
 * @param options.loadRedaction asked for when something has been told that may identify a person
 */
export function createRecorder({ journal, page, offLimits, loadRedaction, faults, nowMs }: {
  journal: Journal; page: () => CurrentPage; offLimits: () => boolean; loadRedaction: () => Promise<RedactionChunk>; faults: Faults; nowMs: () => number;
}): Recorder {
  let redaction: RedactionChunk | undefined;
  let told: { name: EventName; key: string; voice: Voice | undefined; atMs: number }[] = [];

  /**
   * True where this page has shown this action already. Shops tell of one action in several ways, under different
   * ids even: so what one voice tells for the n-th time is what another has told for the n-th time.
   */
  const repeats = (name: EventName, { items }: Commerce, voice: Voice | undefined, atMs: number): boolean => {
    told = told.filter((action) => OF_PAGE.test(action.name) || atMs - action.atMs < TWIN_MS);
    const key = name === "view_item" ? items!.map(({ item_id }) => item_id).join() : name;
    const alike = told.filter((action) => action.name === name);
    const countOf = (one: Voice | undefined) => alike.filter((action) => action.voice === one).length;
    const isOnce = name === "view_item" || name === "page_view" || name === "view_cart";
    const before = isOnce ? alike.filter((action) => action.key === key) : [];
    if (before.some((action) => action.voice === voice)) return true;
    told.push({ name, key, voice, atMs });
    return before.length > 0 || [...new Set(alike.map((action) => action.voice))].some((one) => countOf(one) > countOf(voice));
  };

  const eventOf = (name: EventName, params: object, atMs = nowMs(), { type, path } = page(), source?: EventSource): RecordedEvent =>
    ({ name, occurredAtMs: atMs, source, page: { type, path: redaction ? redaction.redactPath(path) : isSuspicious(path) ? undefined : path }, params: redaction ? redaction.redactParams(params) : params });

  const decide = ({ name, params, source, told, atMs, on }: Step, { clicks, orders, session }: Shopper): Recorded[] => {
    const items = params.items ?? [];
    const changes = cartChanges(name, told, items);
    const entries = entriesOf({ name, params, occurredAtMs: atMs } as Parameters<typeof entriesOf>[0]);
    if (entries.length > 0) changes.push(change("history", (history) => appendEntries(history, entries).slice(-KEPT_HISTORY)));
    if (name === "purchase") {
      const { transaction_id } = params as EventParams<"purchase">;
      if (orders.includes(transaction_id)) return [];
      changes.push(change("orders", (orders) => [...orders, transaction_id].slice(-KEPT_ORDERS)));
    }
    const event = eventOf(name, params, atMs, on, source);
    const made = [{ event, changes }];
    const isView = name === "view_item";
    const { id } = continueSession(session, atMs);
    const cause = (isView || name === "add_to_cart") && clicks.findLast((click) => click.sessionId === id && items.some(({ item_id }) => item_id === click.itemId));
    if (cause && !(isView && cause.viewed)) {
      const { slate_id, placement } = cause.slate;
      event.params = { ...params, slate_id, placement };
      changes.push(change("clicks", (clicks) => clicks.map((click) => (click.slate.slate_id === slate_id && click.itemId === cause.itemId ? { ...click, [isView ? "viewed" : "carted"]: true } : click))));
      if (!isView && !cause.carted) made.push({ event: eventOf("rec_add_to_cart", cause.slate, atMs, on), changes: [] });
    }
    return made;
  };
  const take = (step: Step): Promise<TrackResult | Refusal> => {
    const [first] = decide(step, journal.shopper()).map(({ event, changes }) => journal.record(event, changes));
    return first ?? refuse("repeated");
  };

  const isUnclear = ({ params, on }: Pick<Step, "params" | "on">) => !redaction && isSuspicious(toJson(params) + on.path);
  const prepare = async (steps: readonly Step[]) => {
    if (steps.some(isUnclear)) await loadRedaction().then((chunk) => (redaction = chunk), (error) => faults.note("redaction", error));
    return !steps.some(isUnclear);
  };
  /**
   * Whether an order is known, or a click led here, only the disk can tell, and how to redact only a chunk knows: until
   * they are here, what happens waits. Without the chunk, what needs it is left to the next page.
   */
  let waiting: { step: Step; resolve: (result: Promise<TrackResult | Refusal>) => void }[] = [];
  let isSettling = false;
  const settle = async () => {
    await journal.ready();
    await prepare(waiting.map(({ step }) => step));
    isSettling = false;
    const clear = waiting.filter(({ step }) => !isUnclear(step));
    waiting = waiting.filter(({ step }) => isUnclear(step));
    for (const { step, resolve } of clear) resolve(take(step));
  };
  const wait = (step: Step) => new Promise<TrackResult | Refusal>((resolve) => {
    waiting.push({ step, resolve });
    if (!isSettling) faults.watch("settle", settle());
    isSettling = true;
  });

  return {
    track(name, given, voice) {
      if (offLimits()) return refuse("off-limits");
      const params = conform(name, withoutSlate(given)) as Commerce | undefined;
      if (!params) return refuse("malformed");
      if (toJson(params).length > MAX_EVENT_CHARS) params.items = params.items?.map(({ item_id, price, quantity }) => ({ item_id, price, quantity }));
      const step: Step = { name, params, source: voice === "gtag" || voice === "universal" ? "data-layer" : voice, told: Array.isArray((given as Commerce).items), atMs: nowMs(), on: page() };
      if (repeats(name, params, voice, step.atMs)) return refuse("repeated");
      return journal.isLoading() || isSettling || isUnclear(step) ? wait(step) : take(step);
    },
    async record(name, params, changes) {
      if (offLimits()) return refuse("off-limits");
      const step = { name, params, told: false, atMs: nowMs(), on: page() } as Step;
      // Slates, web_vitals, user_engagement and a login's hash hold nothing but numbers and the catalogue's own ids, and what follows a click cannot wait.
      if (!/^(rec|web|user|login)/.test(name) && isUnclear(step)) return wait(step);
      return journal.record(eventOf(name, params, step.atMs, step.on), changes);
    },
    undecided: () => waiting.splice(0).map(({ step }) => step),
    prepare,
    decide,
    turnPage() {
      told = told.filter(({ name }) => !OF_PAGE.test(name));
    },
  };
}

function refuse(reason: Refusal["reason"]): Promise<Refusal> {
  return Promise.resolve({ ok: false, reason });
}

/** What an event tells about the contents of the cart. */
function cartChanges(name: EventName, told: boolean, items: EventItem[]): Change[] {
  const add = (sign: number) => change("cart", (cart) => {
    const next = { ...cart };
    for (const { item_id, quantity } of items) {
      const left = (next[item_id] ?? 0) + sign * (quantity ?? (sign > 0 ? 1 : Infinity));
      if (left > 0) next[item_id] = left;
      else delete next[item_id];
    }
    return next;
  });
  if (name === "add_to_cart") return [add(1)];
  if (name === "remove_from_cart") return [add(-1)];
  if (name === "purchase") return [change("cart", () => ({}))];
  // The whole cart, when its contents are told at all; an empty list is an empty cart.
  if ((name === "view_cart" || name === "begin_checkout") && told) {
    const contents = Object.fromEntries(items.map(({ item_id, quantity }) => [item_id, quantity ?? 1]));
    return [change("cart", () => contents)];
  }
  return [];
}

/** Slate ids are hearsay from outside. */
function withoutSlate(given: unknown): unknown {
  if (typeof given !== "object" || given === null) return {};
  const { slate_id, placement, ...copy } = given as Record<string, unknown>;
  return copy;
}
