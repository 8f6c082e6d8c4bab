/** The tag: wires consent, capture, store, sync and placements together on a shop's page. */
import { build } from "virtual:endcap-bundles";
import type { ShopConfig } from "../core/api.ts";
import { DAY_MS } from "../core/calendar.ts";
import type { EventName } from "../core/events.ts";
import type { Bridge, CarouselHost, View } from "./bridge.ts";
import { watchDataLayer } from "./capture/data-layer.ts";
import { detectPageType, isOffLimits, isTelling, pagePath, watchNavigation } from "./capture/page.ts";
import { createRecorder, type CurrentPage, type Voice } from "./capture/recorder.ts";
import type { Commerce, GivenProduct } from "./commerce/host.ts";
import { CONFIG_FRESH_MS, fetchConfig, readTag, type TagAttributes } from "./config.ts";
import { createConsent, type Grants } from "./consent.ts";
import { watchExperience } from "./experience/experience.ts";
import { createFaults, type Faults } from "./faults.ts";
import { toJson } from "./json.ts";
import { choiceName, erasureName } from "./names.ts";
import { createJournal } from "./store/journal.ts";
import { change } from "./store/shopper.ts";
import { createFlusher } from "./sync/flusher.ts";
import type { PlacementWatch } from "./ui/placements.ts";

/** Of a title, whole words; longer ones are the page's content. */
const TITLE = /^[^]{1,500}(?!\S)/;

/** A shopper's choice in our prompt or panel holds for this long. */
const CHOICE_MS = 182 * DAY_MS;

/** What shops may write themselves where a carousel is to be. */
const ELEMENT = "endcap-carousel";

/** `window.endcap`, for the shop's own scripts. Nothing in it throws. */
export interface EndcapApi {
  /** Records an event by its GA4 name. Once it resolves with `ok`, the event is on disk. */
  track(name: string, params?: object): Promise<unknown>;
  /** Tells the product of this page, or what the page does not say of it; believed before what is read. */
  product(product: GivenProduct): Promise<unknown>;
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
  const { edge, key, attributes } = tag;
  const changed: (() => void)[] = [];
  let view: View = { told: [] };
  let page: CurrentPage;
  let config: ShopConfig | undefined;
  let quiet = false;
  let commerce: Commerce | undefined;
  let starting: Promise<Commerce> | undefined;
  let carousels: Promise<CarouselHost> | undefined;
  let placements: Promise<PlacementWatch> | undefined;

  const load: Bridge["load"] = (name) => import(/* @vite-ignore */ `${edge}/${name}-${build}.js`);
  const loadCommerce = () => (starting ??= load("commerce").then((chunk) => (commerce = chunk.start(bridge))));
  const loadCarousels = () => (carousels ??= load("carousel").then((chunk) => {
    // What a page with carousels hears changes them at once, also without the edge.
    use(loadCommerce(), experience.begin);
    return chunk.start(bridge);
  }));
  /** Lets a chunk do its part, once it is here. */
  const use = <T>(chunk: Promise<T>, part: (chunk: T) => unknown) => faults.watch("chunk", chunk.then(part));
  const announce = () => changed.forEach((listener) => faults.guard("change", listener)());
  const offLimits = () => (quiet ||= isOffLimits(document, attributes));
  const place = () => {
    if (!config || !(placements || config.placements.some((placement) => placement.page === page.type) || document.querySelector(ELEMENT))) return;
    placements ??= load("placements").then((chunk) => chunk.start({
      faults,
      onNear: (slot) => use(loadCarousels(), (host) => host.fill(slot)),
      onGone: (slot) => carousels && use(carousels, (host) => host.clear(slot)),
    }));
    use(placements, (watch) => watch.look(config!.placements, page.type));
  };
  const describe = () => {
    quiet = false;
    const path = pagePath();
    const { reading, type = reading?.type, itemId = reading?.product?.id } = view;
    page = { type: offLimits() ? "checkout" : detectPageType(path, document.title, type), path };
    if (page.type === "product") page.itemId = itemId;
    place();
  };
  const redescribe = () => {
    const before = toJson(page);
    describe();
    if (toJson(page) !== before) announce();
  };

  const tellView: Bridge["tellView"] = ({ told, reading }, remember) => {
    const { view: read, source } = reading ?? {};
    if (!read || page.type !== "product" || told.includes("view_item")) return;
    told.push("view_item");
    // Whether a carousel's click led here, the commerce chunk can tell.
    if (journal.shopper().clicks[0]) return recorder.hear("view_item", read, source!);
    view.seen = reading;
    const atMs = nowMs();
    return recorder.record("view_item", read, [change("history", (history) => remember(history, read.items[0]!.item_id, atMs))], source);
  };

  // The parts are put in below, each beside those that it needs.
  const bridge = {
    ...tag, faults, fetch, nowMs, load, loadCommerce, announce, offLimits, redescribe, tellView,
    async forget() {
      await journal.forget();
      use(load("identity"), (chunk) => chunk.forgotten(bridge));
    },
    privacy: async () => (await load("panel")).start(bridge),
    config: () => config,
    page: () => page,
    view: () => view,
    onChange: (listener) => void changed.push(listener),
  } as Bridge;
  const hasBanner = () => window.__tcfapi || window.Shopify;
  const consent = (bridge.consent = createConsent({
    // What a banner is about to say is waited for.
    granted: attributes["consent"] === "granted" && !hasBanner(),
    privacyControl: (navigator as { globalPrivacyControl?: boolean }).globalPrivacyControl === true,
    onChange: () => reload(),
  }));
  const journal = (bridge.journal = createJournal(bridge));
  const flusher = (bridge.flusher = createFlusher(bridge));
  const recorder = (bridge.recorder = createRecorder(bridge));
  const reload = () => faults.watch("store", journal.exchange().then(flusher.poke));
  const hear = (name: EventName, params: object, voice: Voice) => {
    view.told.push(name);
    return recorder.hear(name, params, voice);
  };

  describe();

  /** Follows banners, also those that come late: at the latest before the visitor's next click is over. */
  const followConsent = () => {
    if (hasBanner() || (attributes["consent"] === "prompt" && !consent.said.shopper)) use(load("consent"), (chunk) => chunk.start(bridge));
  };
  faults.guard("storage", () => {
    const choice = JSON.parse(localStorage.getItem(choiceName(key)) ?? "0");
    if (nowMs() - choice.atMs < CHOICE_MS) consent.update(choice, "shopper");
    if (Object.keys(localStorage).some((name) => name.startsWith(erasureName(key)))) use(load("identity"), (chunk) => chunk.erase(bridge));
  })();

  const takeConfig = (known: ShopConfig | undefined) => {
    config = known;
    place();
    announce();
  };
  const loadConfig = async () => {
    await journal.ready();
    const stored = journal.shopper().config;
    if (stored && nowMs() - stored.atMs < CONFIG_FRESH_MS) takeConfig(stored.config);
    const fresh = await fetchConfig(tag, fetch).catch((error: unknown) => faults.note("config", error));
    takeConfig(fresh ?? stored?.config);
    if (fresh) void journal.record(null, [change("config", () => ({ config: fresh, atMs: nowMs() }))]);
  };

  // What the page does.
  /** What the page may have got since: another data layer, a banner, a shop system; or nothing, so that its own words have to be read. */
  const look = (event?: Event) => {
    checkDataLayer();
    followConsent();
    place();
    if (quiet) return;
    const { type } = page;
    const current = view;
    if (!current.isRead && !current.told.includes("view_item") && (type === "product" || (type === "other" && isTelling()))) {
      current.isRead = true;
      use(load("reader"), (chunk) => chunk.start(bridge, current));
    }
    // Once a pointer has come, or a click, there is somebody who may do something.
    if (commerce || /^(cate|sear|cart|than)/.test(type) || /[rk]$/.test(`${event?.type}`) || attributes["forms"] || window.Shopify || window.analytics || window.rudderanalytics ||
      document.querySelector("[class*=woocommerce]") || /[?&][qs]=/.test(location.search)) use(loadCommerce(), (chunk) => chunk.look(event));
  };
  const checkDataLayer = watchDataLayer(window, {
    consent: consent.googleCommand,
    told: (name, params, voice) => faults.watch("data layer", hear(name, params, voice)),
  }, faults);
  const recordView = () => recorder.record("page_view", {
    // Half an address would not be known for one.
    page_title: TITLE.exec(document.title)?.[0],
    // `document.referrer` is the origin only across origins; within the shop it says nothing that the path doesn't.
    page_referrer: /^https?:\/\/[^/]{1,190}/.exec(document.referrer)?.[0],
  });
  const readPage = faults.guard("page", () => {
    redescribe();
    look();
    if (!quiet) void recordView();
  });
  /** What is known of the view is recorded: it is over, or may be. */
  const leave = (isHiding?: boolean) => {
    view.leave?.();
    experience.leave();
    commerce?.leave(isHiding);
  };
  watchNavigation(faults.guard("navigation", () => {
    leave();
    experience.restart();
    view = { told: [], staleId: page.path === pagePath() ? undefined : page.itemId };
    describe();
    announce();
    readPage();
  }), (onChange) => use(load("history"), (chunk) => chunk.start(onChange)));
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", readPage);
  else readPage();

  // Coming and going.
  const listen = (target: EventTarget, type: string, listener: (event: Event) => unknown, once?: boolean) => target.addEventListener(type, faults.guard(type, listener), { capture: true, once });
  const experience = watchExperience(bridge, (target, type, listener) => listen(target, type, (event) => quiet || listener(event)));
  const hide = () => {
    leave(true);
    flusher.sendLeaving();
  };
  listen(document, "visibilitychange", () => (document.hidden ? hide() : journal.exchange()));
  listen(window, "pagehide", () => {
    hide();
    journal.leave(recorder.undecided());
  });
  listen(window, "pageshow", (event) => {
    if (!(event as PageTransitionEvent).persisted) return;
    experience.restart(event.timeStamp);
    journal.comeBack();
    void recordView();
    reload();
  });
  for (const type of ["load", "click"]) listen(window, type, look);
  listen(window, "pointerover", look, true);
  listen(window, "online", flusher.flush);
  if (journal.mayStore()) reload();
  faults.watch("config", loadConfig());

  return {
    track: (name, params) => hear(name as EventName, { ...params }, "api"),
    async product(product) {
      view.told.push("view_item");
      return (await loadCommerce()).product(product);
    },
    consent: consent.update,
    recommend: async ({ placement }) => (await loadCarousels()).recommend(placement),
    diagnostics: async () => (await loadCarousels()).diagnostics(),
    forget: bridge.forget,
    identify: async (userId) => (await load("identity")).identify(bridge, userId),
    privacy: bridge.privacy,
  };
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
  if (tag && !window.endcap?.track && !isOffLimits(document, tag.attributes)) window.endcap = harmless(start(tag, faults), faults);
})();

