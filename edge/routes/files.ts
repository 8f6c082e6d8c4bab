/** `GET /v1/files/:sha256`: immutable public files, by content. */
import { routes } from "../../core/api.ts";
import { SHA256_PATTERN } from "../../core/ids.ts";
import type { App, Services } from "../app.ts";
import { ANY_ORIGIN } from "../cors.ts";
import { publicFile } from "../db/models.ts";
import { refuse } from "../refusal.ts";

const SHA256 = new RegExp(SHA256_PATTERN);

export function fileRoutes(app: App, _services: Services): void {
  app.get(routes.file(":sha256"), async (c) => {
    const sha256 = c.req.param("sha256") ?? "";
    const file = SHA256.test(sha256) ? await publicFile(c.env.DB, sha256) : null;
    const object = file && (await c.env.FILES.get(file.object));
    if (!object) return refuse(404, "unknown-file", "No shop here has published a file with this SHA-256.", { headers: ANY_ORIGIN });
    return new Response(object.body, {
      headers: {
        ...ANY_ORIGIN,
        "content-type": file.kind === "snapshot" ? "application/json" : "application/octet-stream",
        "content-length": String(object.size),
        "cache-control": "public, max-age=31536000, immutable",
        etag: `"${sha256}"`,
      },
    });
  });
}
