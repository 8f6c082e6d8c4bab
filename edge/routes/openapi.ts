/** `GET /v1/openapi.json`: what the API is. */
import { merchantPaths } from "../../core/merchant-api.ts";
import { openApi } from "../../core/openapi.ts";
import type { App, Services } from "../app.ts";
import { ANY_ORIGIN } from "../cors.ts";

export function openApiRoutes(app: App, _services: Services): void {
  app.get(merchantPaths.openapi, (c) => c.json(openApi(new URL(c.req.url).origin), 200, { ...ANY_ORIGIN, "cache-control": "public, max-age=300" }));
}
