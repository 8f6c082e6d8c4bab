/** What the dashboard knows: who is signed in, what they look at, and the edge's latest answers. */
import { batch, computed, signal, type ReadonlySignal, type Signal } from "@preact/signals";
import type { ModelsResponse, SessionResponse, ShopResponse, StatsResponse } from "../../core/api.ts";
import type { Api, Failure } from "./api.ts";
import { createPoller } from "./poll.ts";
import { FIRST_VIEW, periodOf, searchOfView, viewOfSearch, type Period, type View } from "./range.ts";

/** Models change when somebody trains, so they are asked for less often than figures. */
const MODELS_INTERVAL_MS = 30_000;

export type Stage =
  | { name: "starting" }
  /** `token` is the link's; null when the address carries none. */
  | { name: "signed-out"; token: string | null; why: SignedOutReason; signingIn: boolean }
  /** The link shows another shop than the one signed in to. */
  | { name: "other-shop"; asked: string; session: SessionResponse }
  | { name: "signed-in"; session: SessionResponse };

/** `ended`: there was a session before. `link-spent`: used or too old. Anything else is the edge's own sentence. */
export type SignedOutReason = { kind: "no-session" | "ended" | "link-spent" } | { kind: "refused"; message: string };

/** Why the figures are not fresh, and when the next attempt is. */
export interface Trouble {
  failure: Extract<Failure, { kind: "unreachable" | "refused" }>;
  retryAtMs: number | null;
}

export interface Store {
  stage: ReadonlySignal<Stage>;
  shop: ReadonlySignal<ShopResponse | null>;
  view: ReadonlySignal<View>;
  /** Of the view, in the shop's days; null until the shop is known. */
  period: ReadonlySignal<Period | null>;
  /** Figures of the present period; null while they load. */
  stats: ReadonlySignal<StatsResponse | null>;
  /** The same for the period before. */
  before: ReadonlySignal<StatsResponse | null>;
  models: ReadonlySignal<ModelsResponse | null>;
  trouble: ReadonlySignal<Trouble | null>;
  /** When the figures were fetched. */
  freshAtMs: ReadonlySignal<number | null>;
  /** Ticks with every answer, so that ages are told anew. */
  nowMs: ReadonlySignal<number>;
  start(): void;
  stop(): void;
  signIn(): Promise<void>;
  signOut(): Promise<void>;
  show(change: Partial<View>): void;
  /** Leaves a link to another shop for the shop signed in to. */
  showOwnShop(): void;
  /** @returns null when done, else why not */
  setPaused(paused: boolean): Promise<Failure | null>;
  refresh(): void;
}

export function createStore({ api, window, nowMs: clock }: { api: Api; window: Window; nowMs: () => number }): Store {
  const { location, history } = window;
  const stage: Signal<Stage> = signal({ name: "starting" });
  const shop = signal<ShopResponse | null>(null);
  const view = signal<View>(FIRST_VIEW);
  const stats = signal<StatsResponse | null>(null);
  const before = signal<StatsResponse | null>(null);
  const models = signal<ModelsResponse | null>(null);
  const trouble = signal<Trouble | null>(null);
  const freshAtMs = signal<number | null>(null);
  const nowMs = signal(clock());
  let lastPeriod: Period | null = null;
  const period = computed(() => {
    const next = shop.value ? periodOf(view.value, shop.value.timeZone, nowMs.value) : null;
    return samePeriod(lastPeriod, next) ? lastPeriod : (lastPeriod = next);
  });
  let asking: AbortController | null = null;
  let beforeKey = "";
  let modelsAtMs = -Infinity;

  const poller = createPoller({
    ask,
    page: { document: window.document, window },
    nowMs: clock,
    setTimeout: (run, ms) => window.setTimeout(run, ms),
    clearTimeout: (id) => window.clearTimeout(id),
    onWait: (ms) => {
      if (trouble.value) trouble.value = { ...trouble.value, retryAtMs: clock() + ms };
    },
  });

  async function ask(): Promise<boolean> {
    const signedIn = stage.value;
    if (signedIn.name === "starting") return begin();
    if (signedIn.name !== "signed-in") return true;
    const id = signedIn.session.shop;
    if (!shop.value) {
      const answer = await api.shop(id);
      if (!answer.ok) return failed(answer.failure);
      batch(() => {
        view.value = viewOfSearch(location.search, answer.value.timeZone, clock());
        shop.value = answer.value;
      });
      history.replaceState(null, "", searchOfView(view.value, id));
    }
    nowMs.value = clock();
    const { fromMs, toMs, bucket, before: compared } = period.value!;
    const wanted = (asking = new AbortController());
    const nextBeforeKey = `${compared.fromMs} ${compared.toMs} ${bucket}`;
    const [present, past, registry] = await Promise.all([
      api.stats(id, { fromMs, toMs, bucket }, wanted.signal),
      nextBeforeKey === beforeKey ? null : api.stats(id, { ...compared, bucket }, wanted.signal),
      clock() - modelsAtMs < MODELS_INTERVAL_MS ? null : api.models(id),
    ]);
    if (wanted.signal.aborted) return true;
    for (const answer of [present, past, registry]) if (answer && !answer.ok) return failed(answer.failure);
    batch(() => {
      if (present.ok) stats.value = present.value;
      if (past?.ok) before.value = past.value;
      if (registry?.ok) models.value = registry.value;
      trouble.value = null;
      freshAtMs.value = nowMs.value = clock();
    });
    if (past) beforeKey = nextBeforeKey;
    if (registry) modelsAtMs = clock();
    return true;
  }

  /** Finds out who is signed in, and whether the address asks for something else. */
  async function begin(): Promise<boolean> {
    const token = tokenOf(location.hash);
    if (token !== null) {
      stage.value = { name: "signed-out", token, why: { kind: "no-session" }, signingIn: false };
      return true;
    }
    const answer = await api.session();
    if (!answer.ok && answer.failure.kind === "signed-out") {
      stage.value = { name: "signed-out", token: null, why: { kind: "no-session" }, signingIn: false };
      return true;
    }
    if (!answer.ok) return failed(answer.failure);
    enter(answer.value);
    return stage.value.name === "signed-in" ? ask() : true;
  }

  function enter(session: SessionResponse): void {
    const asked = new URLSearchParams(location.search).get("shop");
    trouble.value = null;
    stage.value = asked !== null && asked !== session.shop ? { name: "other-shop", asked, session } : { name: "signed-in", session };
  }

  function failed(failure: Failure): boolean {
    if (failure.kind === "aborted") return true;
    if (failure.kind === "forbidden" && freshAtMs.value !== null) {
      // This session worked a moment ago, so another one has taken its place: find out whose.
      forget({ name: "starting" });
      poller.now();
      return true;
    }
    if (failure.kind === "signed-out" || failure.kind === "forbidden") {
      forget({ name: "signed-out", token: null, why: { kind: "ended" }, signingIn: false });
      return true;
    }
    trouble.value = { failure, retryAtMs: trouble.value?.retryAtMs ?? null };
    return false;
  }

  /** Drops everything that belonged to the session. */
  function forget(next: Stage): void {
    asking?.abort();
    beforeKey = "";
    modelsAtMs = -Infinity;
    batch(() => {
      shop.value = stats.value = before.value = models.value = trouble.value = freshAtMs.value = null;
      stage.value = next;
    });
  }

  function change(next: View): void {
    const old = period.value;
    asking?.abort();
    batch(() => {
      nowMs.value = clock();
      view.value = next;
      if (samePeriod(old, period.value)) return;
      stats.value = before.value = null;
      beforeKey = "";
    });
    poller.now();
  }

  const onAddress = () => {
    if (tokenOf(location.hash) !== null) return forget({ name: "starting" }), poller.now();
    if (shop.value) change(viewOfSearch(location.search, shop.value.timeZone, clock()));
  };

  return {
    stage, shop, view, period, stats, before, models, trouble, freshAtMs, nowMs,
    start() {
      window.addEventListener("popstate", onAddress);
      window.addEventListener("hashchange", onAddress);
      poller.start();
    },
    stop() {
      window.removeEventListener("popstate", onAddress);
      window.removeEventListener("hashchange", onAddress);
      asking?.abort();
      poller.stop();
    },
    async signIn() {
      const current = stage.value;
      if (current.name !== "signed-out" || current.token === null || current.signingIn) return;
      stage.value = { ...current, signingIn: true };
      const answer = await api.login(current.token);
      if (!answer.ok && (answer.failure.kind === "unreachable" || (answer.failure.kind === "refused" && answer.failure.retry))) {
        // The token is still good: it stays in the address for another try.
        stage.value = { ...current, signingIn: false };
        failed(answer.failure);
        return;
      }
      history.replaceState(null, "", location.pathname + location.search);
      if (answer.ok) {
        enter(answer.value);
        poller.now();
        return;
      }
      const why: SignedOutReason = "message" in answer.failure ? { kind: "refused", message: answer.failure.message } : { kind: "link-spent" };
      batch(() => {
        trouble.value = null;
        stage.value = { name: "signed-out", token: null, why, signingIn: false };
      });
    },
    async signOut() {
      const answer = await api.logout();
      if (!answer.ok && answer.failure.kind !== "signed-out") return void failed(answer.failure);
      history.replaceState(null, "", location.pathname);
      forget({ name: "signed-out", token: null, why: { kind: "no-session" }, signingIn: false });
    },
    show(next) {
      const current = stage.value;
      if (current.name !== "signed-in") return;
      const changed = { ...view.value, ...next };
      history.pushState(null, "", searchOfView(changed, current.session.shop));
      change(changed);
    },
    showOwnShop() {
      history.replaceState(null, "", location.pathname);
      forget({ name: "starting" });
      poller.now();
    },
    async setPaused(paused) {
      const current = stage.value;
      if (current.name !== "signed-in") return null;
      const answer = await api.pause(current.session.shop, paused);
      if (!answer.ok) {
        if (answer.failure.kind === "signed-out") failed(answer.failure);
        return answer.failure;
      }
      if (models.value) models.value = { ...models.value, paused };
      modelsAtMs = -Infinity;
      poller.now();
      return null;
    },
    refresh: () => poller.now(),
  };
}

/** The one-time token of a login link's fragment; null if there is none. */
export function tokenOf(hash: string): string | null {
  return new URLSearchParams(hash.slice(1)).get("login") || null;
}

function samePeriod(a: Period | null, b: Period | null): boolean {
  return a === b || (!!a && !!b && a.fromMs === b.fromMs && a.toMs === b.toMs && a.bucket === b.bucket && a.before.toMs === b.before.toMs);
}
