/** The dashboard's requests to the edge, with every way they can fail as a value. */
import { routes, type ApiError, type LoginRequest, type ModelsResponse, type PauseRequest, type SessionResponse, type ShopResponse, type StatBucket, type StatsResponse } from "../../core/api.ts";

export type Failure =
  /** The edge could not be reached, or what answered was not the edge. */
  | { kind: "unreachable" }
  /** No session, or no longer one. */
  | { kind: "signed-out" }
  /** A session, but of another shop: somebody signed in to that one in another tab. */
  | { kind: "forbidden"; message: string }
  /** The edge refused and said why. */
  | { kind: "refused"; code: string; message: string; retry: boolean }
  /** The dashboard itself no longer wants the answer. */
  | { kind: "aborted" };
export type Answer<T> = { ok: true; value: T } | { ok: false; failure: Failure };

export interface Api {
  session(): Promise<Answer<SessionResponse>>;
  login(token: string): Promise<Answer<SessionResponse>>;
  logout(): Promise<Answer<null>>;
  shop(shop: string): Promise<Answer<ShopResponse>>;
  stats(shop: string, query: { fromMs: number; toMs: number; bucket: StatBucket }, signal?: AbortSignal): Promise<Answer<StatsResponse>>;
  models(shop: string): Promise<Answer<ModelsResponse>>;
  pause(shop: string, paused: boolean): Promise<Answer<null>>;
}

export function createApi({ fetch }: { fetch: typeof globalThis.fetch }): Api {
  async function ask<T>(path: string, init: RequestInit = {}): Promise<Answer<T>> {
    let response: Response;
    let body: unknown;
    try {
      response = await fetch(path, { credentials: "same-origin", cache: "no-store", ...init });
      const text = await response.text();
      body = text === "" ? null : JSON.parse(text);
    } catch {
      return { ok: false, failure: init.signal?.aborted ? { kind: "aborted" } : { kind: "unreachable" } };
    }
    if (response.ok) return { ok: true, value: body as T };
    const error = (body as Partial<ApiError> | null)?.error;
    if (!error) return { ok: false, failure: { kind: "unreachable" } };
    if (response.status === 401) return { ok: false, failure: { kind: "signed-out" } };
    if (response.status === 403) return { ok: false, failure: { kind: "forbidden", message: error.message } };
    return { ok: false, failure: { kind: "refused", ...error } };
  }
  const post = (body: object): RequestInit => ({ method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  return {
    session: () => ask(routes.session),
    login: (token) => ask(routes.login, post({ token } satisfies LoginRequest)),
    logout: () => ask(routes.logout, post({})),
    shop: (shop) => ask(routes.admin.shop(shop)),
    stats: (shop, { fromMs, toMs, bucket }, signal) => ask(`${routes.admin.stats(shop)}?fromMs=${fromMs}&toMs=${toMs}&bucket=${bucket}`, { signal }),
    models: (shop) => ask(routes.admin.models(shop)),
    pause: (shop, paused) => ask(routes.admin.pause(shop), post({ paused } satisfies PauseRequest)),
  };
}
