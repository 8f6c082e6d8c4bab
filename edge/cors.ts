/** Which pages may read which answers. */
import { cors } from "hono/cors";

/** For public GETs, which are the same for every visitor. */
export const ANY_ORIGIN = { "access-control-allow-origin": "*" } as const;

/**
 * For POSTs from shops' pages: every answer may be read, refusals and failures too, since the tag acts by their status.
 * No cookie goes with these requests, and what a foreign page gets to read is that it is refused.
 */
export const readableByPages = cors({ origin: "*", allowMethods: ["POST"], allowHeaders: ["content-type"], exposeHeaders: ["retry-after"], maxAge: 86_400 });
