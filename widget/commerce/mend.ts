/** From a voice's word to an event: brought into shape, and left out where another voice has told the same. */
import type { EventItem, EventName } from "../../core/events.ts";
import type { Refusal, Step, Voice, Word } from "../capture/recorder.ts";
import { toJson } from "../json.ts";
import type { Reading } from "../reader/product.ts";
import { conform, isShopEvent } from "./conform.ts";

/** Another voice that tells of such an action within this time means the same one. */
const TWIN_MS = 5_000;
/** What happens to a page, not on it: another voice means the same one for as long as the page is open. */
const OF_PAGE = /^(page_|view_|search|begin_|purchase)/;
/** An event must fit a batch: beyond this its items keep only what counting and learning need. */
const MAX_EVENT_CHARS = 16 * 1024;

export interface Mender {
  /** @returns the event; a refusal for what no event can be made of, and for what another voice has told */
  mend(word: Word): Step | Refusal;
  /** Counts a view that was recorded without any voice's word as told, once. */
  note(seen: Reading): void;
  /** Another page begins: what was seen on the last one may be seen again. */
  turnPage(): void;
}

export function createMender(): Mender {
  let told: { name: EventName; key: string; voice: Voice | undefined; atMs: number }[] = [];
  let noted: Reading | undefined;

  const keyOf = (name: EventName, params: object) => (name === "view_item" ? (params as { items: EventItem[] }).items.map(({ item_id }) => item_id).join() : name);
  /**
   * True where this page has shown this action already. Shops tell of one action in several ways, under different
   * ids even: so what one voice tells for the n-th time is what another has told for the n-th time.
   */
  const repeats = (step: Step, voice: Voice): boolean => {
    const { name, atMs } = step;
    told = told.filter((action) => OF_PAGE.test(action.name) || atMs - action.atMs < TWIN_MS);
    const key = keyOf(name, step.params);
    const alike = told.filter((action) => action.name === name);
    const countOf = (one: Voice | undefined) => alike.filter((action) => action.voice === one).length;
    const isOnce = name === "view_item" || name === "view_cart";
    const before = isOnce ? alike.filter((action) => action.key === key) : [];
    if (before.some((action) => action.voice === voice)) return true;
    told.push({ name, key, voice, atMs });
    return before.length > 0 || [...new Set(alike.map((action) => action.voice))].some((one) => countOf(one) > countOf(voice));
  };

  return {
    mend({ voice, ...word }) {
      const { name, params: given } = word;
      if (!isShopEvent(name)) return { ok: false, reason: "unknown-event" };
      const params = conform(name, withoutSlate(given)) as { items?: EventItem[] } | undefined;
      if (!params) return { ok: false, reason: "malformed" };
      if (toJson(params).length > MAX_EVENT_CHARS) params.items = params.items?.map(({ item_id, price, quantity }) => ({ item_id, price, quantity }));
      const mended: Step = { ...word, params, source: voice === "gtag" || voice === "universal" ? "data-layer" : voice, listsItems: Array.isArray((given as { items?: unknown }).items) };
      // A page's view is the one that the tag has seen itself.
      return name === "page_view" || repeats(mended, voice) ? { ok: false, reason: "repeated" } : mended;
    },
    note(seen) {
      if (seen === noted) return;
      noted = seen;
      told.push({ name: "view_item", key: keyOf("view_item", seen.view!), voice: seen.source, atMs: 0 });
    },
    turnPage() {
      told = told.filter(({ name }) => !OF_PAGE.test(name));
    },
  };
}

/** Slate ids are hearsay from outside. */
function withoutSlate(given: unknown): unknown {
  if (typeof given !== "object" || given === null) return {};
  const { slate_id, placement, ...copy } = given as Record<string, unknown>;
  return copy;
}
