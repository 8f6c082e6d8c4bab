/** Refusals: one form for everything the edge will not do. */
import type { ApiError } from "../core/api.ts";

export interface RefusalOptions {
  /** Whether the same request may succeed later. */
  retry?: boolean;
  retryAfterSeconds?: number;
  headers?: { [name: string]: string };
}

/**
 * @param code stable; programs may depend on it
 * @param message a sentence for a person: what is wrong, and what to do
 */
export function refuse(status: 400 | 401 | 403 | 404 | 405 | 409 | 410 | 411 | 413 | 415 | 416 | 422 | 429 | 500 | 503, code: string, message: string, options: RefusalOptions = {}): Response {
  const body: ApiError = { error: { code, message, retry: options.retry ?? false } };
  const headers = new Headers({ "cache-control": "no-store", ...options.headers });
  if (options.retryAfterSeconds !== undefined) headers.set("retry-after", String(Math.max(1, Math.ceil(options.retryAfterSeconds))));
  return Response.json(body, { status, headers });
}
