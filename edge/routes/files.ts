/** `GET /v1/files/:sha256`: immutable public files, by content. */
import { routes } from "../../core/api.ts";
import { SHA256_PATTERN } from "../../core/ids.ts";
import type { App, Services } from "../app.ts";
import { ANY_ORIGIN } from "../cors.ts";
import { publicFile } from "../db/models.ts";
import { refuse } from "../refusal.ts";

const SHA256 = new RegExp(SHA256_PATTERN);
/** The one form of range that devices ask for: all from here on. */
const REST = /^bytes=(\d{1,12})-$/;

export function fileRoutes(app: App, _services: Services): void {
  app.get(routes.file(":sha256"), async (c) => {
    const sha256 = c.req.param("sha256") ?? "";
    const file = SHA256.test(sha256) ? await publicFile(c.env.DB, sha256) : null;
    const from = Number(REST.exec(c.req.header("range") ?? "")?.[1] ?? 0);
    const size = from > 0 && file ? (await c.env.FILES.head(file.object))?.size : undefined;
    if (size !== undefined && from >= size) return refuse(416, "range-not-satisfiable", `The file has ${size} bytes.`, { headers: { ...ANY_ORIGIN, "content-range": `bytes */${size}` } });
    const object = file && (await c.env.FILES.get(file.object, from > 0 ? { range: { offset: from } } : undefined));
    if (!object) return refuse(404, "unknown-file", "No shop here has published a file with this SHA-256.", { headers: ANY_ORIGIN });
    return new Response(object.body, {
      status: from > 0 ? 206 : 200,
      headers: {
        ...ANY_ORIGIN,
        "content-type": file.kind === "snapshot" ? "application/json" : "application/octet-stream",
        "accept-ranges": "bytes",
        "content-length": String(object.size - from),
        ...(from > 0 && { "content-range": `bytes ${from}-${object.size - 1}/${object.size}` }),
        "cache-control": "public, max-age=31536000, immutable",
        etag: `"${sha256}"`,
      },
    });
  });
  // Browsers that do not know that a range may be asked for across origins ask first.
  app.options(routes.file(":sha256"), () => new Response(null, { status: 204, headers: { ...ANY_ORIGIN, "access-control-allow-headers": "range", "access-control-max-age": "86400" } }));
}
