/** The carousels of a page: what each shows, when it changes, and what is recorded of it. */
import { render } from "preact";
import { slateParams, type DrawnSlate } from "../../core/slate.ts";
import { createId } from "../../core/ids.ts";
import type { ShopperContext } from "../../core/ranking/policy.ts";
import type { Bridge, CarouselHost, Slot } from "../bridge.ts";
import { createLearner } from "./adaptation.ts";
import { armOf } from "./arm.ts";
import { surfaceOf } from "./colours.ts";
import { recordClick, recordDismissal } from "./deeds.ts";
import { diagnose } from "./diagnostics.ts";
import { takeHeadingStyle } from "./heading.ts";
import { createImpressions } from "./impressions.ts";
import { priceFormat } from "./price.ts";
import { Row } from "./row.tsx";
import { createShelfSource } from "./shelf.ts";
import { release, reserve } from "./space.ts";
import { carouselStyle } from "./style.ts";
import { whySentence } from "./why.ts";

export { upgradeDatabase } from "../store/upgrade.ts";

/** Fewer products than this are no shelf. */
const MIN_ITEMS = 3;

/** Pages in the background have no frames. */
const FRAME_DEADLINE_MS = 100;

interface Shown extends Slot {
  root: ShadowRoot;
  slate: DrawnSlate | null;
  /** A new ranking waits until nobody points at the cards or has the focus on them. */
  touched: boolean;
  stale: boolean;
}

export function startCarousels(bridge: Bridge): CarouselHost {
  const { faults } = bridge;
  const source = createShelfSource(bridge);
  const learner = createLearner(bridge);
  const impressions = createImpressions();
  let slots: Shown[] = [];
  let drawing: Promise<void> | undefined;
  let again = false;
  let hasRead = false;

  const track = (name: "rec_render" | "rec_view", slate: DrawnSlate) => void bridge.recorder.record(name, slateParams(slate), []);
  const contextFor = (shown: readonly string[]): ShopperContext => {
    const { history, cart, dismissed } = bridge.journal.shopper();
    return { itemId: bridge.page().itemId, cart: Object.keys(cart), history, dismissed, shown, choices: learner.choices(), nowMs: bridge.nowMs() };
  };

  /** Draws every carousel, from the top of the page down, so that no product stands on it twice. */
  const drawAll = async () => {
    slots.sort((a, b) => (a.host.compareDocumentPosition(b.host) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1));
    const shown: string[] = [];
    for (const slot of slots) {
      await draw(slot, shown);
      for (const { item_id } of slot.slate?.items ?? []) shown.push(item_id);
    }
    const last = slots.findLast(({ slate }) => slate?.items.length);
    if (last) learner.remember(last.slate!);
    source.prepareNextPage(() => contextFor([]));
  };
  const redraw = () => {
    again = true;
    drawing ??= (async () => {
      while (again) {
        again = false;
        await drawAll();
      }
    })().finally(() => (drawing = undefined));
    return drawing;
  };
  const redrawSoon = () => faults.watch("draw", redraw());

  const draw = async (slot: Shown, shown: readonly string[]) => {
    const context = contextFor(shown);
    const { placement } = slot;
    if (armOf(bridge) === "holdout") return withhold(slot);
    const ranked = await source.rank(placement, context);
    if (!slots.includes(slot)) return;
    const slate = ranked && slot.touched && slot.slate ? settle(slot, ranked, context) : ranked;
    if (!slate || slate.items.length < MIN_ITEMS) return take(slot);
    if (slot.slate && sameItems(slot.slate, slate)) return;
    slot.slate = slate;
    reserve(slot.host);
    takeHeadingStyle(slot.host);
    slot.host.style.setProperty("--found-surface", surfaceOf(slot.host));
    paint(slot, slate);
    track("rec_render", slate);
    impressions.watch(slot.host, () => track("rec_view", slate));
    source.startEngineSoon();
  };

  /** Cards under a pointer or the focus stay where they are: only what must go goes, and the best of the rest follows. */
  const settle = (slot: Shown, ranked: DrawnSlate, context: ShopperContext): DrawnSlate => {
    slot.stale = true;
    const current = slot.slate!;
    const gone = new Set([...context.dismissed, ...context.shown]);
    const kept = current.cards.filter(({ id }) => !gone.has(id));
    if (kept.length === current.cards.length) return current;
    const added = ranked.cards.filter(({ id }) => !kept.some((card) => card.id === id)).slice(0, current.cards.length - kept.length);
    const cards = [...kept, ...added];
    const scores = new Map([...current.items, ...ranked.items].map(({ item_id, score }) => [item_id, score]));
    return { ...ranked, slate_id: createId(), cards, items: cards.map(({ id }, position) => ({ item_id: id, position, score: scores.get(id)!, propensity: 1 })) };
  };

  const paint = (slot: Shown, slate: DrawnSlate) => {
    const { currency, locale } = bridge.config()!;
    render(
      <Row
        title={slot.placement.title}
        cards={slate.cards}
        price={priceFormat(locale, currency)}
        why={(itemId) => {
          const shelf = source.shelf();
          return shelf ? whySentence(shelf, slate.strategy, itemId, contextFor([])) : "Chosen by this shop.";
        }}
        onClick={(itemId) => recordClick(bridge, slateParams(slate, itemId))}
        onDismiss={(itemId) => recordDismissal(bridge, slate, itemId, learner.dismissal(slate, itemId))}
        onPrivacy={() => faults.watch("privacy", bridge.privacy())}
      />,
      slot.root,
    );
  };
  /** Nothing good to show: the place goes, its title included. */
  const take = (slot: Shown) => {
    impressions.unwatch(slot.host);
    slot.slate = null;
    render(null, slot.root);
    release(slot.host);
  };
  /** The comparison sees the shop as it was; that a carousel would have stood here is recorded once. */
  const withhold = (slot: Shown) => {
    if (slot.slate?.arm === "holdout") return;
    take(slot);
    slot.slate = { slate_id: createId(), placement: slot.placement.id, strategy: slot.placement.strategy, model_version: 0, arm: "holdout", items: [], cards: [] };
    track("rec_render", slot.slate);
  };

  const watchTouch = (slot: Shown) => {
    const { host } = slot;
    const touch = (touched: boolean) => faults.guard("touch", () => {
      slot.touched = touched || host.matches(":hover") || host.matches(":focus-within");
      if (slot.touched || !slot.stale) return;
      slot.stale = false;
      redrawSoon();
    });
    for (const type of ["pointerenter", "focusin"]) host.addEventListener(type, touch(true));
    for (const type of ["pointerleave", "focusout"]) host.addEventListener(type, () => setTimeout(touch(false)));
  };

  const refresh = async () => {
    await source.load();
    learner.learn();
    await redraw();
  };
  source.onChange(redrawSoon);
  bridge.onChange(() => {
    learner.learn();
    // What is here already re-ranks at once; a new catalogue or model joins when it has come.
    redrawSoon();
    // The first reading waits for the first frame.
    if (hasRead) faults.watch("shelf", refresh());
  });

  return {
    async fill({ placement, host }) {
      const root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
      root.adoptedStyleSheets = [carouselStyle()];
      const slot: Shown = { placement, host, root, slate: null, touched: false, stale: false };
      slots.push(slot);
      watchTouch(slot);
      learner.learn();
      await redraw();
      // Drawn from what the last page has prepared: first the frame, then the reading.
      if (!source.shelf()) await nextFrame();
      if (hasRead) return;
      hasRead = true;
      await refresh();
    },
    clear({ host }) {
      impressions.unwatch(host);
      slots = slots.filter((slot) => slot.host !== host);
      if (host.shadowRoot) render(null, host.shadowRoot);
    },
    async recommend(id) {
      const placement = bridge.config()?.placements.find((known) => known.id === id);
      if (!placement) return null;
      await source.load();
      return source.rank(placement, contextFor([]), { because: true });
    },
    diagnostics: () => diagnose(bridge, {
      ...source.diagnostics(),
      slates: slots.map(({ placement, slate }) => ({ placement: placement.id, strategy: slate?.strategy, items: slate?.items.length ?? 0 })),
    }),
  };
}

/** Resolves once the next frame is out. */
function nextFrame(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, FRAME_DEADLINE_MS);
    requestAnimationFrame(() => setTimeout(resolve));
  });
}

function sameItems(a: DrawnSlate, b: DrawnSlate): boolean {
  return a.items.length === b.items.length && a.items.every(({ item_id }, place) => item_id === b.items[place]!.item_id);
}
