/** The shop's shelf on this device: its cards and its model, from disk or the edge, and the engine that ranks them. */
import { MAX_CART_ITEMS_SENT, MAX_DISMISSED_SENT, MAX_HISTORY_SENT, MAX_SHOWN_SENT, routes, type RecommendRequest, type ShopConfig } from "../../core/api.ts";
import type { CatalogueSnapshot } from "../../core/catalogue.ts";
import { createShelf, recommend, type RecommendOptions, type Shelf } from "../../core/ranking/recommend.ts";
import type { ShopperContext } from "../../core/ranking/policy.ts";
import type { DrawnSlate, Placement } from "../../core/slate.ts";
import { headFor } from "../../core/weights/head.ts";
import type { Bridge } from "../bridge.ts";
import { fetchConfig } from "../config.ts";
import type { Engine } from "../engine/client.ts";
import { loadModel, type LoadedModel } from "../engine/model.ts";
import { BACKEND_NAMES, TASKS, type Calibration } from "../engine/protocol.ts";
import { createRankInSlices } from "../engine/slices.ts";
import { toJson } from "../json.ts";
import { armOf } from "./arm.ts";
import { createFiles, type StoredCards } from "../store/files.ts";
import { logSent } from "../store/outbox.ts";
import { createDrafts } from "./drafts.ts";
import type { ModelShelf, Tail } from "./tail.ts";

/** What can wait starts once the page is quiet, or after this long on one that never is. */
const IDLE_DEADLINE_MS = 4_000;
/** How often an open page that is looked at asks whether there is another model. */
const FOLLOW_MS = 10 * 60_000;

export interface ShelfSource {
  /** What is on the shelf now; null until something could be had. */
  shelf(): Shelf | null;
  /** Fetches what the newest configuration names; gives what there is when the edge can't be reached. */
  load(): Promise<Shelf | null>;
  rank(placement: Placement, context: ShopperContext, options?: RecommendOptions): Promise<DrawnSlate | null>;
  /** The shelf has other contents. */
  onChange(listener: () => void): void;
  /** Once the page is idle: makes what the next one may begin with. */
  prepareNextPage(contextNow: () => ShopperContext): void;
  /** Starts the engine when the page is idle. */
  startEngineSoon(): void;
  diagnostics(): object;
}

/** Plain loops that take no longer than this are not worth a worker on every page: starting one costs a hundred times as much. */
const NO_WORKER_MS = 4;

/** What the script element says of models: whose to trust, and on which backend to run them. */
function readAttributes({ signers = "", backend }: DOMStringMap) {
  return { signers: signers.split(",").map((signer) => signer.trim()).filter(Boolean), backend: BACKEND_NAMES.find((name) => name === backend) };
}

export function createShelfSource(bridge: Bridge): ShelfSource {
  const { edge, faults } = bridge;
  const fetch = bridge.fetch;
  const files = createFiles(bridge);
  const { connection, deviceMemory } = navigator as { connection?: { saveData?: boolean }; deviceMemory?: number };
  const head = headFor({ saveData: connection?.saveData, deviceMemory });
  const { backend: forced, signers } = readAttributes(bridge.attributes);
  const listeners: (() => void)[] = [];
  const announce = () => listeners.forEach((listener) => listener());
  let shelf: Shelf | null = null;
  /** What the shelf lacks of a large shop. */
  let tail: Tail | null = null;
  /** What the shelf was made of. */
  let loaded = "";
  let weights: { bytes: ArrayBuffer; version: number } | null = null;
  let loading: Promise<Shelf | null> | undefined;
  const rankHere = createRankInSlices(() => performance.now());
  let engine: Engine | null = null;
  /** What serves on this device, as far as it is known. */
  let calibration: Calibration | null = null;
  let engineDue = false;
  const drafts = createDrafts(bridge, files);
  let preparing = false;
  let lookedAtMs = bridge.nowMs();
  /** What this page has found since it was opened. */
  let followed: ShopConfig | undefined;
  const newest = () => followed ?? bridge.config();
  const whenIdle = (run: () => Promise<void>) => {
    const start = () => faults.watch("engine", run());
    // Safari has no idle callbacks.
    if (typeof requestIdleCallback === "function") requestIdleCallback(start, { timeout: IDLE_DEADLINE_MS });
    else setTimeout(start, IDLE_DEADLINE_MS);
  };
  let modelRefusal: string | null = null;

  const fetchCards = async (sha256: string): Promise<CatalogueSnapshot> => {
    const response = await fetch(edge + routes.file(sha256), { credentials: "omit", referrerPolicy: "origin" });
    if (!response.ok) throw new Error(`catalogue: ${response.status}`);
    return response.json();
  };
  const loadCards = async ({ catalogue }: ShopConfig): Promise<StoredCards | undefined> => {
    const stored = await files.cards();
    if (!catalogue) return undefined;
    const { sha256 } = catalogue;
    if (stored?.sha256 === sha256 && !(stored.partial && head === "standard")) return stored;
    try {
      const { currency, cards, more } = await fetchCards(sha256);
      const rest = more && head === "standard" ? await fetchCards(more.sha256) : undefined;
      const fresh: StoredCards = { sha256, currency, cards: [...cards, ...(rest?.cards ?? [])], partial: more !== undefined && !rest };
      return await files.keepCards(fresh).catch(() => fresh);
    } catch (error) {
      faults.note("catalogue", error);
      return stored;
    }
  };

  const loadVersion = async (config: ShopConfig, later: boolean) => {
    const model = config.manifest ? await loadModel({ config, edge, signers, fetch, cache: files.weights, head, nowMs: bridge.nowMs(), later }) : null;
    const refused = model?.ok ? model.refused : model;
    modelRefusal = refused ? `${refused.reason}: ${refused.message}` : null;
    if (modelRefusal) faults.note("model", modelRefusal);
    return model?.ok ? model : null;
  };

  /** Its code is fetched by large shops only; without it, the head is what there is. */
  const loadTail = async (own: ModelShelf): Promise<Tail | null> => {
    try {
      return await (await import("./tail.ts")).createTail(bridge, files, own, head, announce);
    } catch (error) {
      faults.note("tail", error);
      return null;
    }
  };

  /** Between two rankings: each of them takes shelf and engine as it finds them. */
  const fill = async (cards: StoredCards, model: LoadedModel | null) => {
    weights = model && { bytes: model.bytes, version: model.version };
    const own = createShelf(cards.cards, model && { model: model.model, version: model.version });
    tail = model && !model.whole ? await loadTail(own as ModelShelf) : null;
    shelf = own;
    engine?.stop();
    engine = null;
    if (engineDue) whenIdle(runEngine);
  };

  const loadShelf = async (): Promise<Shelf | null> => {
    const config = newest();
    if (!config) return shelf;
    const wanted = `${config.catalogue?.sha256} ${config.manifest?.signature}`;
    if (shelf && loaded === wanted) return shelf;
    const [cards, model] = await Promise.all([loadCards(config), loadVersion(config, true)]);
    if (!cards) return shelf;
    loaded = wanted;
    await fill(cards, model);
    if (model?.newer) {
      whenIdle(async () => {
        const fresh = await loadVersion(config, false);
        // A later configuration has its own.
        if (loaded !== wanted || !fresh || fresh.version === model.version) return;
        await fill(cards, fresh);
        announce();
      });
    }
    return shelf;
  };

  const runEngine = async () => {
    if (!weights) return;
    const { bytes, version } = weights;
    const browser = navigator.userAgent;
    const stored = await files.calibration();
    const remembered = stored?.version === version && stored.browser === browser ? stored.calibration : undefined;
    calibration = remembered ?? null;
    // Measured on this device: the loops of this very chunk are quick enough, and a worker would only cost.
    if (!forced && remembered && needsNoWorker(remembered)) return;
    const { startEngine } = await import("../engine/client.ts");
    const started = await startEngine({
      engineUrl: `${edge}/${bridge.engineFile}`,
      bytes,
      forced,
      remembered,
      rankHere,
      onFallback: (reason, detail) => faults.note("engine", `${reason}: ${detail}`),
    });
    // Meanwhile another version may have come.
    if (weights?.bytes !== bytes) return started.stop();
    engine?.stop();
    engine = started;
    calibration = started.diagnostics().calibration;
    if (!forced && calibration && !(remembered && isSame(calibration, remembered))) await files.keepCalibration({ version, browser, calibration });
    announce();
  };

  /** Where the device has no cards at all, the edge ranks; only with leave to send it the history. */
  const askEdge = async (placement: Placement, context: ShopperContext): Promise<DrawnSlate | null> => {
    const { analytics, personalization } = bridge.consent.grants();
    if (!analytics || !personalization) return null;
    const request: RecommendRequest = {
      key: bridge.key,
      placement: placement.id,
      itemId: context.itemId,
      cart: context.cart.slice(-MAX_CART_ITEMS_SENT),
      dismissed: context.dismissed.slice(-MAX_DISMISSED_SENT),
      shown: context.shown.slice(-MAX_SHOWN_SENT),
      history: context.history.slice(-MAX_HISTORY_SENT).map(({ item_id, kind, atMs }) => ({ item_id, kind, ageMs: Math.max(0, context.nowMs - atMs) })),
    };
    const body = toJson(request);
    const response = await fetch(edge + routes.recommend, { method: "POST", credentials: "omit", referrerPolicy: "origin", headers: { "Content-Type": "text/plain" }, body });
    // The shopper's ledger names this too, though nothing of it is kept by the edge.
    faults.watch("ledger", bridge.journal.run((state) => logSent(state, body, bridge.nowMs())));
    return response.ok ? ((await response.json()) as DrawnSlate) : null;
  };

  /** A page may stay open for days: a paused model and a new version reach it too. */
  const follow = async () => {
    if (document.hidden || bridge.nowMs() - lookedAtMs < FOLLOW_MS) return;
    lookedAtMs = bridge.nowMs();
    const before = loaded;
    followed = await fetchConfig(bridge, fetch);
    await load();
    if (loaded !== before) announce();
  };
  const followNow = () => faults.watch("config", follow());
  document.addEventListener("visibilitychange", followNow);
  setInterval(followNow, FOLLOW_MS);

  const load = () => (loading ??= loadShelf().finally(() => (loading = undefined)));

  const source: ShelfSource = {
    shelf: () => tail?.shelf() ?? shelf,
    load,
    async rank(placement, context, options) {
      if (!shelf && !options) {
        const draft = await drafts.take(placement, context).catch(() => null);
        if (draft && !shelf) return { ...draft, arm: armOf(bridge) };
      }
      // A change may ask for a ranking while the cards are still on their way from the disk: that is no reason to ask the edge.
      const own = shelf ?? (await load().catch(() => null));
      tail?.want(context);
      if (own) return recommend(tail?.shelf() ?? own, placement, context, armOf(bridge), engine ? engine.rank.bind(engine) : rankHere, options);
      try {
        return await askEdge(placement, context);
      } catch (error) {
        faults.note("recommend", error);
        return null;
      }
    },
    onChange: (listener) => void listeners.push(listener),
    prepareNextPage(contextNow) {
      if (!shelf || preparing) return;
      preparing = true;
      whenIdle(async () => {
        preparing = false;
        await drafts.prepare(contextNow(), (placement, context) => source.rank(placement, context));
      });
    },
    startEngineSoon() {
      if (engineDue) return;
      engineDue = true;
      whenIdle(runEngine);
    },
    diagnostics: () => ({
      backend: engine?.diagnostics().backend ?? { encode: "loops", score: "loops" },
      engine: engine?.diagnostics() ?? null,
      calibration,
      modelVersion: shelf?.model?.version ?? 0,
      modelRefusal,
      products: shelf?.cards.length ?? 0,
      tail: tail && { head, answers: tail.answers(), products: tail.shelf().cards.length },
    }),
  };
  return source;
}

function needsNoWorker({ chosen, measurements }: Calibration): boolean {
  return chosen.encode === "loops" && chosen.score === "loops" && measurements.filter(({ backend }) => backend === "loops").reduce((sum, { p95Ms }) => sum + p95Ms, 0) <= NO_WORKER_MS;
}
function isSame(one: Calibration, other: Calibration): boolean {
  return one.adapter === other.adapter && TASKS.every((task) => one.chosen[task] === other.chosen[task]);
}
