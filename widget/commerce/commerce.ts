/** The commerce chunk: makes events of what a shop's voices tell, and fetches what watches lists, forms and shop systems. */
import type { PageType } from "../../core/events.ts";
import type { Bridge } from "../bridge.ts";
import type { Word } from "../capture/recorder.ts";
import type { Forms } from "../forms/forms.ts";
import type { Lists } from "../lists/lists.ts";
import type { Systems, SystemsHost } from "../systems/host.ts";
import { conform } from "./conform.ts";
import { decide } from "./decide.ts";
import type { Commerce } from "./host.ts";
import { createMender } from "./mend.ts";

/** What an event says about the page it happens on. */
const PAGE_OF: { [name: string]: PageType } = {
  view_item: "product", view_item_list: "category", view_cart: "cart", begin_checkout: "checkout", add_shipping_info: "checkout",
  add_payment_info: "checkout", purchase: "thank_you", search: "search", view_search_results: "search",
};

export function start(bridge: Bridge): Commerce {
  const { attributes, faults, load, nowMs, page, recorder } = bridge;
  const mender = createMender();
  let view = bridge.view();
  let viewed: ReturnType<SystemsHost["viewed"]>;
  let hasDataLayer = false;

  let lists: Lists | undefined;
  let listing: Promise<Lists> | undefined;
  let forms: Forms | undefined;
  let forming: Promise<unknown> | undefined;
  let systems: Systems | undefined;
  let starting: Promise<Systems> | undefined;
  const loadLists = () => (listing ??= load("lists").then(({ watchLists }) => (lists = watchLists({ ...bridge, conform, tell }))));
  const loadForms = () => (forming ??= load("forms").then(({ watchForms }) => (forms = watchForms(bridge))));
  const loadSystems = () => (starting ??= load("systems").then(({ startSystems }) => (systems = startSystems({ ...bridge, capture, viewed: () => viewed }))));

  /** Follows the page to another view: what was seen may be seen again. */
  const follow = () => {
    if (view === bridge.view()) return;
    view = bridge.view();
    viewed = undefined;
    mender.turnPage();
    lists?.turnPage();
    systems?.turnPage();
  };
  /** Records a word, unless another voice has told the same. */
  const record = async (word: Word) => {
    if (view.seen) mender.note(view.seen);
    const mended = mender.mend(word);
    return "ok" in mended ? mended : recorder.take(mended, decide);
  };
  const wordOf = (name: Word["name"], params: object, voice: Word["voice"]): Word => ({ name, params, voice, atMs: nowMs(), on: page() });
  const tell: SystemsHost["capture"] = (name, params, voice) => record(wordOf(name, params, voice));
  const capture: SystemsHost["capture"] = async (name, params, voice) => {
    bridge.view().told.push(name);
    return take(wordOf(name, params, voice));
  };

  const take = async (word: Word) => {
    follow();
    const { name, voice, on } = word;
    if (!name) return loadSystems().then((watching) => watching.legacy(word.params as Record<string, unknown>));
    const params = word.params as { items?: { item_id?: unknown }[] };
    if (on.path === page().path) {
      const itemId = name === "view_item" ? params.items?.[0]?.item_id : undefined;
      view.type = name === "purchase" ? "thank_you" : (view.type ?? PAGE_OF[name]);
      if (itemId !== undefined) view.itemId = String(itemId);
      bridge.redescribe();
      word.on = page();
    }
    if (/^(gtag|data|univ)/.test(voice)) hasDataLayer = true;
    if (name === "view_item") viewed = params as typeof viewed;
    // Of a list, what is seen counts; the shop's word for it names the products.
    if (name === "view_item_list" && voice !== "api") {
      const watching = await loadLists().catch((error: unknown) => faults.note("lists", error));
      if (watching) return watching.told(params as Record<string, unknown>, voice);
    }
    return record(word);
  };

  return {
    take,
    mend(steps) {
      const voices = createMender();
      return steps.flatMap((step) => {
        if (!step.voice) return step;
        // Its page is gone: nothing more of that list was seen.
        if (step.name === "view_item_list" && step.voice !== "api") return [];
        const mended = voices.mend(step as Word);
        return "ok" in mended ? [] : mended;
      });
    },
    decide,
    async product({ currency, ...item }) {
      // What is told in full is not kept waiting.
      const read = item.item_id ? bridge.view().reading?.view : (await (await load("reader")).readPage({ document, location, globals: window as never })).view;
      return take(wordOf("view_item", { ...read, value: item.price ?? read?.value, currency: currency ?? read?.currency, items: [{ ...read?.items[0], ...item }] }, "api"));
    },
    look(event) {
      follow();
      const { type } = page();
      if (/^(cate|sear)/.test(type) || /[?&][qs]=/.test(location.search)) faults.watch("lists", loadLists());
      if (attributes["forms"] === "on" && document.forms[0]) faults.watch("forms", loadForms());
      const isSystem = window.Shopify || window.analytics || window.rudderanalytics || window.wc_add_to_cart_params || document.querySelector("[class*=woocommerce]");
      if (systems || !(isSystem || /^(cart|than)/.test(type) || (type === "product" && !hasDataLayer && event))) return;
      faults.watch("systems", loadSystems().then((watching) => event && watching.see(event)));
    },
    leave(isHiding) {
      lists?.leave();
      forms?.leave();
      if (isHiding) systems?.leave();
    },
  };
}
