/** A shop's catalogue, in and out: uploaded or fetched from its address; the whole of it is replaced, or nothing is. */
import { CATALOGUE_FEED_SCHEMA, routes, type CatalogueFeed, type CatalogueVersionsResponse } from "../../core/api.ts";
import { FEED_FORMATS } from "../../core/feeds/feed.ts";
import { merchantOnly } from "../access.ts";
import type { App, Services } from "../app.ts";
import { BodyTooLargeError, readJson, textOf } from "../body.ts";
import { fetchFeed } from "../catalogue/fetch-feed.ts";
import { importFeed } from "../catalogue/import.ts";
import { readIndex, readParts } from "../catalogue/store.ts";
import { deleteFeed, feedOf, listVersions, setFeed, type StoredFeed } from "../db/catalogues.ts";
import { refuse } from "../refusal.ts";
import { streamText } from "../stream.ts";

const MAX_CATALOGUE_BYTES = 512 * 1024 * 1024;
const MAX_GRACE_DAYS = 90;
const NO_STORE = { "cache-control": "no-store" };

export function catalogueRoutes(app: App, services: Services): void {
  const merchant = merchantOnly(services);

  app.put(routes.admin.catalogue(":shop"), merchant, async (c) => {
    const given = c.req.query("format");
    const format = FEED_FORMATS.find((name) => name === given);
    if (given !== undefined && format === undefined) return refuse(400, "unknown-format", `"${given}" is no format; say ${FEED_FORMATS.join(", ")}, or nothing.`);
    const graceDays = Number(c.req.query("graceDays") ?? 0);
    if (!(Number.isInteger(graceDays) && graceDays >= 0 && graceDays <= MAX_GRACE_DAYS)) return refuse(400, "invalid-grace", `graceDays is a whole number up to ${MAX_GRACE_DAYS}.`);
    try {
      const outcome = await importFeed(c.env, {
        shop: c.get("shop"), source: "upload", format, chunks: textOf(c.req.raw.body, MAX_CATALOGUE_BYTES), graceDays, guarded: c.req.query("guarded") === "true", nowMs: services.now(),
      });
      if (!outcome.ok) return refuse(outcome.status, outcome.code, outcome.message);
      services.shops.clear();
      return c.json(outcome.report);
    } catch (error) {
      if (!(error instanceof BodyTooLargeError)) throw error;
      return refuse(413, "catalogue-too-large", `${error.message} Nothing was imported.`);
    }
  });

  app.get(routes.admin.catalogue(":shop"), merchant, async (c) => {
    const shop = c.get("shop");
    const index = await readIndex(c.env, shop.id, shop.catalogueSha256);
    async function* text(): AsyncGenerator<string> {
      yield `{"currency":${JSON.stringify(shop.currency)},"products":[`;
      let first = true;
      for await (const part of readParts(c.env, shop.id, index)) {
        yield first ? part : `,${part}`;
        first = false;
      }
      yield "]}";
    }
    return new Response(streamText(text()), { headers: { ...NO_STORE, "content-type": "application/json" } });
  });

  app.get(routes.admin.catalogueVersions(":shop"), merchant, async (c) =>
    c.json({ versions: await listVersions(c.env.DB, c.get("shop").id) } satisfies CatalogueVersionsResponse, 200, NO_STORE));

  app.get(routes.admin.catalogueFeed(":shop"), merchant, async (c) => {
    const feed = await feedOf(c.env.DB, c.get("shop").id);
    return feed ? c.json(shown(feed), 200, NO_STORE) : noFeed();
  });

  app.put(routes.admin.catalogueFeed(":shop"), merchant, async (c) => {
    const parsed = await readJson(c.req.raw, CATALOGUE_FEED_SCHEMA, "feed");
    if (!parsed.ok) return parsed.refusal;
    const { url, format = null, everyMinutes = 60, graceDays = 7 } = parsed.value;
    if (!isPublicAddress(url)) return refuse(400, "invalid-feed", `feed.url: "${url}" is not an http or https address of a public server.`);
    const { id } = c.get("shop");
    await setFeed(c.env.DB, id, { url, format, everyMinutes, graceDays }, services.now());
    return c.json(shown((await feedOf(c.env.DB, id))!), 200, NO_STORE);
  });

  app.delete(routes.admin.catalogueFeed(":shop"), merchant, async (c) => {
    await deleteFeed(c.env.DB, c.get("shop").id);
    return c.body(null, 204);
  });

  app.post(routes.admin.catalogueFetch(":shop"), merchant, async (c) => {
    const feed = await feedOf(c.env.DB, c.get("shop").id);
    if (!feed) return noFeed();
    const fetched = await fetchFeed(c.env, services.fetch, feed, services.now());
    services.shops.clear();
    return c.json(shown(fetched as StoredFeed), 200, NO_STORE);
  });
}

function shown({ url, format, everyMinutes, graceDays, nextAtMs, lastAtMs, lastOutcome, lastMessage, failures }: StoredFeed): CatalogueFeed {
  return { url, format, everyMinutes, graceDays, nextAtMs, lastAtMs, lastOutcome, lastMessage, failures };
}

function noFeed(): Response {
  return refuse(404, "no-feed", "This shop's catalogue is not fetched from anywhere. Set its feed's address first.");
}

/** Workers cannot reach private networks; names that mean this machine are refused all the same. */
function isPublicAddress(text: string): boolean {
  try {
    const { protocol, hostname, username } = new URL(text);
    return (protocol === "https:" || protocol === "http:") && username === "" && !/^(localhost|.*\.(local|internal|localhost)|\d+(\.\d+){3}|\[.*\])$/i.test(hostname);
  } catch {
    return false;
  }
}
