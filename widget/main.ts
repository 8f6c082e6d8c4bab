/** The tag: wires consent, capture, store, sync and placements together on a shop's page. */
import { carouselFile, consentFile, engineFile, identityFile, panelFile, redactionFile, formsFile, listsFile, troubleFile, readerFile, systemsFile } from "virtual:endcap-bundles";
import type { ShopConfig } from "../core/api.ts";
import { DAY_MS } from "../core/calendar.ts";
import type { EventItem, ShopEventName } from "../core/events.ts";
import type { Bridge, CarouselChunk, CarouselHost, ConsentChunk, FormsChunk, IdentityChunk, ListsChunk, PanelChunk, ReaderChunk, RedactionChunk } from "./bridge.ts";
import { conform, isShopEvent } from "./capture/conform.ts";
import { watchDataLayer } from "./capture/data-layer.ts";
import { detectPageType, isOffLimits, isTelling, pagePath, watchNavigation } from "./capture/page.ts";
import { createRecorder, type CurrentPage, type Voice } from "./capture/recorder.ts";
import { CONFIG_FRESH_MS, fetchConfig, readTag, type TagAttributes } from "./config.ts";
import { createConsent, type Grants } from "./consent.ts";
import { choiceNameOf } from "./consent/choice.ts";
import { watchExperience, type TroubleChunk } from "./experience/experience.ts";
import { createFaults, type Faults } from "./faults.ts";
import type { Reading } from "./reader/product.ts";
import { createJournal } from "./store/journal.ts";
import { change } from "./store/shopper.ts";
import { createFlusher } from "./sync/flusher.ts";
import type { Systems, SystemsChunk, SystemsHost } from "./systems/host.ts";
import type { Forms } from "./forms/forms.ts";
import type { Lists } from "./lists/lists.ts";
import { watchPlacements } from "./ui/placements.ts";

/** A data layer that speaks within this time after the document is there is believed before what is read. */
const GRACE_MS = 400;

/** A shopper's choice in our prompt or panel holds for this long. */
const CHOICE_MS = 182 * DAY_MS;

/** `window.endcap`, for the shop's own scripts. Nothing in it throws. */
export interface EndcapApi {
  /** Records an event by its GA4 name. Once it resolves with `ok`, the event is on disk. */
  track(name: string, params?: object): Promise<unknown>;
  /** Tells the product of this page, or what the page does not say of it; believed before what is read. */
  product(product: Partial<EventItem> & { currency?: string }): Promise<unknown>;
  consent(grants: Partial<Grants>): void | Promise<void>;
  /** The ranking of a placement, for shops that draw it themselves. */
  recommend(options: { placement: string }): Promise<unknown>;
  diagnostics(): Promise<object>;
  /** Wipes this shop's data from the device; the edge is asked to erase its own until it has, on later pages too. */
  forget(): Promise<void>;
  /** Joins what this device has done with a login; null on logout. What leaves the device is a hash. */
  identify(userId: string | number | null): Promise<unknown>;
  /** Opens the shopper's panel, e.g. from a link in the shop's footer. */
  privacy(): Promise<void>;
}
declare global {
  interface Window {
    endcap?: EndcapApi;
    dataLayer?: unknown;
    Shopify?: unknown;
    analytics?: unknown;
    rudderanalytics?: unknown;
    wc_add_to_cart_params?: unknown;
    __tcfapi?: unknown;
  }
}

const nowMs = () => Date.now();
// What the page patches later is not ours to run into.
const fetch = globalThis.fetch.bind(globalThis);

function start(tag: TagAttributes, faults: Faults): EndcapApi {
  const { edge, key } = tag;
  const journalName = `endcap-${key}`;
  const filesName = `endcap-files-${key}`;
  const choiceName = choiceNameOf(key);
  const erasureName = `endcap-erase-${key}:`;
  const load = <T>(file: string): Promise<T> => import(/* @vite-ignore */ `${edge}/${file}`);
  const identity = () => load<IdentityChunk>(identityFile);
  const hasBanner = () => window.__tcfapi || window.Shopify;
  const consent = createConsent({
    // What a banner is about to say is waited for.
    granted: tag.attributes["consent"] === "granted" && !hasBanner(),
    privacyControl: (navigator as { globalPrivacyControl?: boolean }).globalPrivacyControl === true,
    onChange: () => reload(),
  });
  const changed: (() => void)[] = [];
  const announce = () => changed.forEach((listener) => faults.guard("change", listener)());
  const forget = async () => {
    await journal.forget();
    faults.watch("erasure", identity().then((chunk) => chunk.forgotten(bridge)));
  };
  const journal = createJournal({
    name: journalName, filesName, consent, faults, nowMs,
    upgrade: async (name) => (await loadChunk()).upgradeDatabase(name),
    decide: (step, shopper) => recorder.decide(step, shopper),
    prepare: (steps) => recorder.prepare(steps),
    onChange: announce,
    onForget: ({ id, secret }) => faults.guard("erasure", () => localStorage.setItem(erasureName + id, secret))(),
    onStored: () => flusher.poke(),
  });
  const flusher = createFlusher({ edge, key, journal, faults, fetch, nowMs, random: Math.random, allowed: () => journal.mayStore() && consent.grants().analytics });
  const reload = () => faults.watch("store", journal.exchange().then(flusher.poke));

  let events: string[] = [];
  let page: CurrentPage;
  let config: ShopConfig | undefined;
  let quiet = false;
  let reading: Reading | undefined;
  const offLimits = () => (quiet ||= isOffLimits(document, hasOptedIn(tag)));
  const describe = (itemId?: string) => {
    quiet = false;
    if (offLimits()) return void (page = { type: "checkout", path: pagePath(location) });
    const type = detectPageType({ path: location.pathname, title: document.title, read: reading?.type, events });
    page = { type, path: pagePath(location), itemId: type === "product" ? itemId ?? reading?.product?.id : undefined };
    if (config) placements.look(config.placements, type);
  };
  const recorder = createRecorder({ journal, page: () => page, offLimits, loadRedaction: () => load<RedactionChunk>(redactionFile), faults, nowMs });

  let chunk: Promise<CarouselChunk> | undefined;
  let carousels: Promise<CarouselHost> | undefined;
  const loadChunk = () => (chunk ??= load<CarouselChunk>(carouselFile));
  const loadCarousels = () => (carousels ??= loadChunk().then(({ startCarousels }) => startCarousels(bridge)));
  const placements = watchPlacements({
    document, faults,
    onNear: (slot) => faults.watch("carousel", loadCarousels().then((host) => host.fill(slot))),
    onGone: (slot) => carousels && faults.watch("carousel", carousels.then((host) => host.clear(slot))),
  });
  const bridge: Bridge = {
    ...tag, engineFile, filesName, journalName, choiceName, erasureName, fetch, nowMs, faults, consent, journal, recorder, forget, identity,
    privacy: async () => (await load<PanelChunk>(panelFile)).openPanel(bridge),
    config: () => config,
    page: () => page,
    reading: () => reading,
    sendLeaving: flusher.sendLeaving,
    onChange: (listener) => void changed.push(listener),
  };

  describe();

  /** Follows banners, also those that come late: at the latest before the visitor's next click is over. */
  const followConsent = () => {
    if (hasBanner() || (tag.attributes["consent"] === "prompt" && !consent.said.shopper)) faults.watch("consent", load<ConsentChunk>(consentFile).then((sources) => sources.followConsent(bridge)));
  };
  faults.guard("storage", () => {
    const choice = JSON.parse(localStorage.getItem(choiceName) ?? "{}");
    if (nowMs() - choice.atMs < CHOICE_MS) consent.update(choice, "shopper");
    if (Object.keys(localStorage).some((name) => name.startsWith(erasureName))) faults.watch("erasure", identity().then(({ erase }) => erase(bridge)));
  })();
  followConsent();

  const takeConfig = (fresh: ShopConfig) => {
    config = fresh;
    placements.look(config.placements, page.type);
    announce();
  };
  const loadConfig = async () => {
    await journal.ready();
    const stored = journal.shopper().config;
    if (stored && nowMs() - stored.atMs < CONFIG_FRESH_MS) takeConfig(stored.config);
    try {
      const fresh = { config: await fetchConfig(tag, fetch), atMs: nowMs() };
      takeConfig(fresh.config);
      void journal.record(null, [change("config", () => fresh)]);
    } catch (error) {
      faults.note("config", error);
      if (stored) takeConfig(stored.config);
    }
  };

  // What the page does.
  let lists: Lists | undefined;
  let listing: Promise<Lists> | undefined;
  const loadLists = () => (listing ??= load<ListsChunk>(listsFile).then(({ watchLists }) => (lists = watchLists({ ...bridge, conform }))));
  let forms: Forms | undefined;
  let forming: Promise<unknown> | undefined;
  const redescribe = (itemId = page.itemId) => {
    const before = page;
    describe(itemId);
    if (before.type !== page.type || before.itemId !== page.itemId) announce();
    if (quiet) return;
    if (page.type === "category" || page.type === "search" || /[?&][qs]=/.test(location.search)) faults.watch("lists", loadLists());
    if (tag.attributes["forms"] === "on" && document.forms[0]) faults.watch("forms", (forming ??= load<FormsChunk>(formsFile).then(({ watchForms }) => (forms = watchForms(bridge)))));
  };
  const capture = (name: ShopEventName, params: Record<string, unknown>, voice?: Voice) => {
    events.push(name);
    const itemId = name === "view_item" ? (params["items"] as { item_id?: unknown }[] | undefined)?.[0]?.item_id : undefined;
    redescribe(itemId === undefined ? undefined : String(itemId));
    if (name === "view_item") viewed = params;
    // Of a list, what is seen counts; the shop's word for it names the products.
    if (name === "view_item_list" && voice !== "api") return loadLists().then((lists) => lists.told(params, voice), () => recorder.track(name, params, voice));
    return recorder.track(name, params, voice);
  };

  let viewed: ReturnType<SystemsHost["viewed"]>;
  let systems: Systems | undefined;
  let starting: Promise<Systems> | undefined;
  const loadSystems = () => (starting ??= load<SystemsChunk>(systemsFile).then(({ startSystems }) => (systems = startSystems({ ...bridge, capture, viewed: () => viewed }))));
  let hasDataLayer = false;
  /** What the page may have got since: another data layer, a banner, a shop system; or nothing, so that its own words have to be read. */
  const look = () => {
    checkDataLayer();
    followConsent();
    if (quiet) return;
    if (!fallback) readProduct();
    const { type } = page;
    if (window.Shopify || window.analytics || window.rudderanalytics || window.wc_add_to_cart_params || document.querySelector("[class*=woocommerce]") ||
      type === "cart" || type === "thank_you" || (type === "product" && !hasDataLayer && document.readyState === "complete")) faults.watch("systems", loadSystems());
  };
  const checkDataLayer = watchDataLayer(window, {
    consent: consent.googleCommand,
    // A page view of the shop's is the one that we have seen ourselves.
    event: (name, params, voice) => {
      if (name === "page_view") return;
      hasDataLayer = true;
      void capture(name, params, voice);
    },
    legacy: (ecommerce) => faults.watch("systems", loadSystems().then(({ legacy }) => legacy(ecommerce))),
  }, faults);

  let fallback: ReturnType<typeof setTimeout> | undefined;
  /** Tells the product that has been read, once the data layer has had its time and has told none. */
  const tellProduct = () => {
    if (!fallback && page.type === "product" && !events.includes("view_item") && reading?.view) void capture("view_item", reading.view, reading.source);
  };
  const shownPage = { document, location, globals: window as never };
  let stopReading: (() => void) | undefined;
  /** The product of the page before, which a single-page shop may still show. */
  let staleId: string | undefined;
  /** Has the page read where it may be of a product, once for each page. */
  const readProduct = () => {
    if (quiet || stopReading || events.includes("view_item") || (page.type !== "product" && !isTelling(document))) return;
    const stop = (stopReading = () => {});
    faults.watch("reader", load<ReaderChunk>(readerFile).then(({ watchProduct }) => {
      if (stopReading === stop) stopReading = watchProduct(shownPage, staleId, (read) => {
        reading = read;
        redescribe();
        tellProduct();
      }, (error) => faults.note("reader", error));
    }));
  };
  const endGrace = faults.guard("reader", () => {
    if (!fallback) return;
    clearTimeout(fallback);
    fallback = undefined;
    readProduct();
    tellProduct();
  });
  const beginPage = () => {
    // `document.referrer` is the origin only across origins; within the shop it says nothing that the path doesn't.
    const referrer = /^https?:\/\/[^/]+/.exec(document.referrer)?.[0];
    void recorder.track("page_view", { page_title: document.title, page_referrer: referrer });
    fallback = setTimeout(endGrace, GRACE_MS);
    readProduct();
  };
  const readPage = faults.guard("page", () => {
    redescribe();
    look();
    if (!quiet) beginPage();
  });
  /** What is known of the view is recorded: it is over, or may be. */
  const leave = () => {
    endGrace();
    experience.leave();
    lists?.leave();
    forms?.leave();
  };
  watchNavigation(window, faults.guard("navigation", () => {
    leave();
    stopReading?.();
    staleId = page.path === pagePath(location) ? undefined : page.itemId;
    stopReading = reading = undefined;
    experience.restart();
    events = [];
    recorder.turnPage();
    viewed = undefined;
    describe();
    announce();
    readPage();
    lists?.turnPage();
    if (!quiet) systems?.turnPage();
  }));
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", readPage);
  else readPage();

  // Coming and going.
  const listen = (target: EventTarget, type: string, listener: (event: Event) => void) => target.addEventListener(type, faults.guard(type, listener), { capture: true });
  const experience = watchExperience({
    faults,
    listen: (target, type, listener) => listen(target, type, (event) => quiet || listener(event)),
    record: (name, params) => void recorder.record(name, params, []),
    page: () => page,
    loadTrouble: tag.attributes["experience"] !== "off" && (() => load<TroubleChunk>(troubleFile)),
  });
  const hide = () => {
    leave();
    systems?.leave();
    flusher.sendLeaving();
  };
  listen(document, "visibilitychange", () => (document.visibilityState === "hidden" ? hide() : void journal.exchange()));
  listen(window, "pagehide", () => {
    hide();
    journal.leave(recorder.undecided());
  });
  listen(window, "pageshow", (event) => {
    if (!(event as PageTransitionEvent).persisted) return;
    experience.restart(event.timeStamp);
    recorder.turnPage();
    journal.comeBack();
    beginPage();
    reload();
  });
  for (const type of ["load", "click"]) listen(window, type, look);
  listen(window, "online", () => void flusher.flush());
  if (journal.mayStore()) reload();
  faults.watch("config", loadConfig());

  return {
    track: async (name, params) => (isShopEvent(name) ? capture(name, { ...params }, "api") : { ok: false, reason: "unknown-event" }),
    product: async ({ currency, ...item }) => {
      events.push("view_item");
      // What is told in full is not kept waiting.
      const view = item.item_id ? reading?.view : (await (await load<ReaderChunk>(readerFile)).readPage(shownPage)).view;
      return capture("view_item", { ...view, value: item.price ?? view?.value, currency: currency ?? view?.currency, items: [{ ...view?.items[0], ...item }] }, "api");
    },
    consent: consent.update,
    recommend: async ({ placement }) => (await loadCarousels()).recommend(placement),
    diagnostics: async () => (await loadCarousels()).diagnostics(),
    forget,
    identify: async (userId) => (await identity()).identify(bridge, userId),
    privacy: bridge.privacy,
  };
}

function hasOptedIn({ attributes }: TagAttributes): boolean {
  return attributes["checkout"] === "on";
}

/** The shop's scripts get an interface that refuses in values, whatever happens inside. */
function harmless(api: EndcapApi, faults: Faults): EndcapApi {
  const safe: Record<string, unknown> = {};
  for (const [name, method] of Object.entries(api) as [string, (...args: unknown[]) => unknown][]) {
    safe[name] = (...args: unknown[]) => new Promise((resolve) => resolve(method(...args))).catch((error: unknown) => (faults.note(name, error), null));
  }
  return safe as unknown as EndcapApi;
}

const faults = createFaults();
faults.guard("start", () => {
  const tag = readTag(document);
  // An element with that id is not the tag.
  if (tag && !window.endcap?.track && !isOffLimits(document, hasOptedIn(tag))) window.endcap = harmless(start(tag, faults), faults);
})();

