/** The tag: wires consent, capture, store, sync and placements together on a shop's page. */
import { carouselFile, engineFile } from "virtual:endcap-bundles";
import type { ShopConfig } from "../core/api.ts";
import type { EventName } from "../core/events.ts";
import { drawArm } from "../core/slate.ts";
import type { Bridge, CarouselHost, StartCarousels } from "./bridge.ts";
import { isEventName } from "./capture/conform.ts";
import { watchDataLayer } from "./capture/data-layer.ts";
import { productOf, readJsonLd } from "./capture/json-ld.ts";
import { detectPageType, pagePath, watchNavigation } from "./capture/page.ts";
import { createRecorder, type CurrentPage } from "./capture/recorder.ts";
import { CONFIG_FRESH_MS, fetchConfig, readTag, type TagAttributes } from "./config.ts";
import { createConsent, type Grants } from "./consent.ts";
import { createFaults, type Faults } from "./faults.ts";
import { createJournal } from "./store/journal.ts";
import { OUTBOX_STORES, readTotals, type SentLine } from "./store/outbox.ts";
import { change } from "./store/shopper.ts";
import { createFlusher } from "./sync/flusher.ts";
import { watchPlacements } from "./ui/placements.ts";

/** A data layer that speaks within this time after the document is there is believed before JSON-LD. */
const JSON_LD_GRACE_MS = 400;
const MAX_DISMISSED = 200;

/** `window.endcap`, for the shop's own scripts. Nothing in it throws. */
export interface EndcapApi {
  /** Records an event by its GA4 name. Once it resolves with `ok`, the event is on disk. */
  track(name: string, params?: object): Promise<unknown>;
  consent(grants: Partial<Grants>): void;
  /** The ranking of a placement, for shops that draw it themselves. */
  recommend(options: { placement: string }): Promise<unknown>;
  diagnostics(): Promise<object>;
  /** Wipes this shop's data from the device. */
  forget(): Promise<void>;
}
declare global {
  interface Window {
    endcap?: EndcapApi;
    dataLayer?: unknown;
  }
}

const nowMs = () => Date.now();
// What the page patches later is not ours to run into.
const fetch = globalThis.fetch.bind(globalThis);

function start(tag: TagAttributes, faults: Faults): EndcapApi {
  const { edge, key } = tag;
  const consent = createConsent({ granted: tag.consentGranted, privacyControl: (navigator as { globalPrivacyControl?: boolean }).globalPrivacyControl === true });
  const journal = createJournal({ name: `endcap-${key}`, consent, faults, nowMs });
  const flusher = createFlusher({ edge, key, journal, faults, fetch, nowMs, random: Math.random, allowed: () => consent.grants().analytics });

  let jsonLd = readJsonLd(document);
  let events: string[] = [];
  let page: CurrentPage = describePage();
  function describePage(itemId?: string): CurrentPage {
    const type = detectPageType({ path: location.pathname, title: document.title, jsonLd, events });
    return { type, path: pagePath(location), itemId: type === "product" ? itemId : undefined };
  }
  const recorder = createRecorder({ journal, page: () => page, nowMs });

  // Configuration and placements.
  let config: ShopConfig | undefined;
  const changed: (() => void)[] = [];
  const announce = () => changed.forEach((listener) => faults.guard("change", listener)());
  const takeConfig = (fresh: ShopConfig) => {
    config = fresh;
    placements.look(config.placements, page.type);
    announce();
  };
  let carousels: Promise<CarouselHost> | undefined;
  const loadCarousels = () => (carousels ??= import(/* @vite-ignore */ `${edge}/${carouselFile}`).then((chunk: { startCarousels: StartCarousels }) => chunk.startCarousels(bridge)));
  const placements = watchPlacements({
    document, faults,
    onNear: (slot) => faults.watch("carousel", loadCarousels().then((host) => host.fill(slot))),
    onGone: (slot) => carousels && faults.watch("carousel", carousels.then((host) => host.clear(slot))),
  });
  const bridge: Bridge = {
    edge, key, fetch, nowMs, faults,
    signers: tag.signers,
    engineUrl: `${edge}/${engineFile}`,
    backend: tag.backend,
    config: () => config!,
    page: () => page,
    shopper: journal.shopper,
    arm: () => tag.arm ?? (journal.client() && config ? drawArm(config.shop, journal.client()!.id, config.holdoutShare) : "treatment"),
    grants: consent.grants,
    database: journal.database,
    track: (name, params) => void recorder.track(name, params),
    clicked(slate) {
      recorder.clicked(slate);
      flusher.sendLeaving();
    },
    dismissed(slate) {
      const { item_id } = slate.items[0]!;
      void recorder.track("rec_dismiss", slate);
      void journal.record(null, [change("dismissed", (dismissed) => [...dismissed, item_id].slice(-MAX_DISMISSED))]);
    },
    onChange: (listener) => void changed.push(listener),
  };
  journal.onChange(announce);
  journal.onStored(flusher.poke);

  const loadConfig = async () => {
    await journal.ready();
    const mayStore = () => consent.grants().personalization || consent.grants().analytics;
    const stored = mayStore() ? await journal.database().run(["meta"], "readonly", (transaction) => transaction.get<{ config: ShopConfig; atMs: number }>("meta", "config")) : undefined;
    if (stored && nowMs() - stored.atMs < CONFIG_FRESH_MS) takeConfig(stored.config);
    try {
      const fresh = await fetchConfig(tag, fetch);
      takeConfig(fresh);
      await keepConfig();
    } catch (error) {
      faults.note("config", error);
      if (stored && !config) takeConfig(stored.config);
    }
  };
  const keepConfig = async () => {
    if (config && journal.database().durable) await journal.database().run(["meta"], "readwrite", (transaction) => transaction.put("meta", "config", { config, atMs: nowMs() }));
  };

  // What the page does.
  const redescribe = (itemId?: string) => {
    const before = page;
    page = describePage(itemId ?? page.itemId);
    if (before.type === page.type && before.itemId === page.itemId) return;
    if (config) placements.look(config.placements, page.type);
    announce();
  };
  const capture = (name: EventName, params: Record<string, unknown>, form?: "object" | "gtag") => {
    events.push(name);
    const itemId = name === "view_item" ? (params["items"] as { item_id?: unknown }[] | undefined)?.[0]?.item_id : undefined;
    redescribe(itemId === undefined ? undefined : String(itemId));
    return recorder.track(name, params, form);
  };
  const checkDataLayer = watchDataLayer(window, {
    consent: consent.googleCommand,
    // A page view of the shop's is the one that we have seen ourselves.
    event: (name, params, form) => isEventName(name) && name !== "page_view" && !name.startsWith("rec_") && void capture(name, params, form),
  }, faults);

  let fallback: ReturnType<typeof setTimeout> | undefined;
  const readProduct = faults.guard("json-ld", () => {
    clearTimeout(fallback);
    fallback = undefined;
    jsonLd = readJsonLd(document);
    redescribe();
    const product = page.type === "product" && !events.includes("view_item") ? productOf(jsonLd) : undefined;
    if (product) void capture("view_item", { items: [product.item], currency: product.currency });
  });
  const beginPage = () => {
    // `document.referrer` is the origin only across origins; within the shop it says nothing that the path doesn't.
    const referrer = URL.canParse(document.referrer) ? new URL(document.referrer).origin : undefined;
    void recorder.track("page_view", { page_title: document.title, page_referrer: referrer });
    fallback = setTimeout(readProduct, JSON_LD_GRACE_MS);
  };
  watchNavigation(window, faults.guard("navigation", () => {
    if (fallback) readProduct();
    events = [];
    jsonLd = readJsonLd(document);
    recorder.turnPage();
    page = describePage();
    checkDataLayer();
    if (config) placements.look(config.placements, page.type);
    announce();
    beginPage();
  }));
  const whenParsed = faults.guard("page", () => {
    checkDataLayer();
    jsonLd = readJsonLd(document);
    page = describePage(page.itemId);
    if (config) placements.look(config.placements, page.type);
    beginPage();
  });
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", whenParsed);
  else whenParsed();

  // Coming and going.
  const listen = (target: EventTarget, type: string, listener: (event: Event) => void) => target.addEventListener(type, faults.guard(type, listener), { capture: true });
  const hide = () => {
    if (fallback) readProduct();
    recorder.hurry();
    flusher.sendLeaving();
  };
  listen(document, "visibilitychange", () => (document.visibilityState === "hidden" ? hide() : void journal.refresh()));
  listen(window, "pagehide", () => {
    hide();
    journal.leave();
  });
  listen(window, "pageshow", (event) => {
    if (!(event as PageTransitionEvent).persisted) return;
    recorder.turnPage();
    beginPage();
    faults.watch("store", journal.refresh().then(flusher.poke));
  });
  listen(window, "online", () => void flusher.flush());
  consent.onChange(() => faults.watch("consent", journal.refresh().then(keepConfig).then(flusher.poke)));
  if (consent.grants().analytics || consent.grants().personalization) faults.watch("store", journal.refresh().then(flusher.poke));
  faults.watch("config", loadConfig());

  const api: EndcapApi = {
    async track(name, params) {
      if (!isEventName(name) || name.startsWith("rec_")) return { ok: false, reason: "unknown-event" };
      return capture(name, { ...params });
    },
    consent: consent.update,
    async recommend({ placement }) {
      const found = config?.placements.find(({ id }) => id === placement);
      return found ? (await loadCarousels()).recommend(found) : null;
    },
    async diagnostics() {
      const [totals, sent] = await journal.database().run(OUTBOX_STORES, "readonly", async (transaction) => [
        { ...(await readTotals(transaction)), outboxEvents: (await transaction.all("outbox")).length }, await transaction.all<SentLine>("sent"),
      ] as const);
      return {
        consent: consent.grants(), page, arm: bridge.arm(), durable: journal.database().durable, ...totals, sent,
        carousels: carousels && (await carousels).diagnostics(), faults: faults.list(),
      };
    },
    forget() {
      flusher.stop();
      return journal.forget();
    },
  };
  return api;
}

/** The shop's scripts get an interface that refuses in values, whatever happens inside. */
function harmless(api: EndcapApi, faults: Faults): EndcapApi {
  const safe: Record<string, unknown> = {};
  for (const [name, method] of Object.entries(api) as [string, (...args: unknown[]) => unknown][]) {
    safe[name] = (...args: unknown[]) => {
      const answer = faults.guard(name, method)(...args);
      return answer instanceof Promise ? answer.catch((error: unknown) => (faults.note(name, error), null)) : answer;
    };
  }
  return safe as unknown as EndcapApi;
}

const faults = createFaults();
faults.guard("start", () => {
  const script = document.currentScript;
  const tag = script instanceof HTMLScriptElement ? readTag(script) : null;
  if (tag && !window.endcap) window.endcap = harmless(start(tag, faults), faults);
})();

