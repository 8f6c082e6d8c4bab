/** A shop's pages on an origin of their own, with a script that records marked events and says so at once. */
import { createServer } from "node:http";
import { tagSnippet } from "../../core/tag.ts";

export interface Shop {
  origin: string;
  /** HTML to stand before the tag, by write key: what a fault does to the page itself. */
  head: Map<string, string>;
  close(): Promise<void>;
}

/**
 * What every page can do. Each event carries a marker as its product's id; `bookkeeper` is the test's own line to
 * this page, and what it has heard it has heard: a page that is killed cannot take it back.
 */
const PAGE_SCRIPT = `
const say = (...words) => globalThis.bookkeeper?.(JSON.stringify(words));
function record(marker, leaving = false) {
  say("tracked", marker, leaving);
  endcap.track("select_item", { items: [{ item_id: marker, item_name: "A product of this shop, with a name as long as names are" }] })
    .then((result) => say("answered", marker, result?.ok === true ? "ok" : String(result?.reason)));
}
function recordMany(prefix, count, leaving) { for (let i = 0; i < count; i += 1) record(prefix + i, leaving); }
function recordAndLeave(prefix, count, url) { recordMany(prefix, count, true); location.href = url; }
addEventListener("pageshow", (event) => { if (event.persisted) say("restored"); });
`;

export async function openShop({ port, edge }: { port: number; edge: string }): Promise<Shop> {
  const head = new Map<string, string>();
  const page = (key: string, path: string) => `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A shop</title><script>${PAGE_SCRIPT}</script>${head.get(key) ?? ""}
${tagSnippet(edge, key, [], { consent: "granted" })}</head><body><h1>${path}</h1></body></html>`;
  const server = createServer((request, response) => {
    const [, key = "", path = ""] = new URL(request.url!, "http://shop").pathname.split("/");
    response.writeHead(200, { "content-type": "text/html; charset=utf-8" });
    response.end(key === "elsewhere" || key === "favicon.ico" ? "<!doctype html><title>Elsewhere</title>" : page(key, path));
  });
  await new Promise<void>((listening) => server.listen(port, "localhost", listening));
  return {
    origin: `http://localhost:${port}`,
    head,
    close: () => new Promise((closed) => {
      server.close(() => closed());
      server.closeAllConnections();
    }),
  };
}
