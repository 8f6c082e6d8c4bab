/** Which pages may read which answers. */

/** For public GETs, which are the same for every visitor. */
export const ANY_ORIGIN = { "access-control-allow-origin": "*" } as const;

/** For POSTs from a shop's own pages. */
export function shopOriginHeaders(origin: string): { [name: string]: string } {
  return { "access-control-allow-origin": origin, "access-control-expose-headers": "retry-after", vary: "origin" };
}

/** The answer to a preflight from a shop's page. */
export function preflight(origin: string): Response {
  return new Response(null, {
    status: 204,
    headers: { ...shopOriginHeaders(origin), "access-control-allow-methods": "POST", "access-control-allow-headers": "content-type", "access-control-max-age": "86400" },
  });
}
