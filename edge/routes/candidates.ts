/** The second stage of a large shop: items of the long tail, for devices that hold its head and rank both together. Nothing is stored. */
import { candidatePaths, CANDIDATES_REQUEST_SCHEMA } from "../../core/api.ts";
import { byPopularity } from "../../core/model/part.ts";
import type { Shelf } from "../../core/ranking/recommend.ts";
import { chooseCandidates, packCandidates } from "../../core/ranking/candidates.ts";
import type { App, Services } from "../app.ts";
import { ANY_ORIGIN } from "../cors.ts";
import { numberVariable } from "../env.ts";
import { publicPost } from "../public-post.ts";
import { refuse } from "../refusal.ts";
import type { EdgeShelf } from "../shelf.ts";
import { historySent, MAX_REQUEST_BYTES, PUBLIC_CACHE } from "./recommend.ts";

type ModelShelf = Shelf & { model: NonNullable<Shelf["model"]> };

export function candidateRoutes(app: App, services: Services): void {
  const { now, shops, shelves } = services;
  const requests = publicPost(app, services, {
    path: candidatePaths.personal,
    noun: "request",
    schema: CANDIDATES_REQUEST_SCHEMA,
    maxBytes: MAX_REQUEST_BYTES,
    shorten: "Send a shorter history.",
    whenLimited: "Wait, and rank what the device holds.",
  });

  app.post(candidatePaths.personal, async (c) => {
    const received = await requests.receive(c);
    if (!received.ok) return received.refusal;
    const { shop, value: request } = received;
    const limited = requests.limit([{ name: `key ${shop.id}`, perMinute: numberVariable(c.env, "RATE_LIMIT_PER_KEY") }]);
    if (limited) return limited;
    const found = judge(await shelves.of(c.env, shop), request.model_version, request.head);
    if (!found.ok) return found.refusal;
    const nowMs = now();
    const history = historySent(request.history ?? [], nowMs);
    const page = request.itemId === undefined ? [] : [{ item_id: request.itemId, kind: "view" as const, atMs: nowMs }];
    const cart = (request.cart ?? []).map((item_id) => ({ item_id, kind: "cart" as const, atMs: nowMs }));
    const chosen = chooseCandidates(found.shelf, [history, page, cart], found.isHeld);
    const visited = [...history, ...page, ...cart].map(({ item_id }) => item_id);
    return c.json(packCandidates(found.shelf, chosen, visited), 200, { "cache-control": "no-store" });
  });

  app.get(decodeURIComponent(candidatePaths.ofItem(":key", ":version", ":head", ":itemId")), async (c) => {
    const { key = "", version = "", head = "", itemId = "" } = c.req.param() as { [name: string]: string };
    const shop = await shops.byWriteKey(c.env.DB, key);
    if (!shop) return refuse(404, "unknown-key", "This write key belongs to no shop here. Copy the tag again from the dashboard.", { headers: ANY_ORIGIN });
    const found = judge(await shelves.of(c.env, shop), Number(version), head);
    if (!found.ok) return found.refusal;
    const { shelf, isHeld } = found;
    if (!shelf.model.model.indexOf.has(itemId)) return refuse(404, "unknown-item", `The shop's model has no product "${itemId}".`, { headers: ANY_ORIGIN });
    const chosen = chooseCandidates(shelf, [[{ item_id: itemId, kind: "view", atMs: 0 }]], isHeld);
    return Response.json(packCandidates(shelf, chosen, [itemId]), { headers: { ...ANY_ORIGIN, "cache-control": PUBLIC_CACHE } });
  });
}

/** Whether candidates can be had for what a device says it holds. */
function judge(shelf: EdgeShelf | null, version: number, name: string): { ok: true; shelf: ModelShelf; isHeld: (index: number) => boolean } | { ok: false; refusal: Response } {
  const refused = (status: 404 | 409, code: string, message: string) => ({ ok: false, refusal: refuse(status, code, message, { headers: ANY_ORIGIN }) }) as const;
  const head = shelf?.heads.find((one) => one.name === name);
  if (!shelf?.model || !head) return refused(404, "no-head", "The shop's devices hold all of its products: there is no tail to choose from.");
  if (shelf.model.version !== version) return refused(409, "other-version", `The shop serves version ${shelf.model.version} of its model, not ${version}. Load the configuration again.`);
  return { ok: true, shelf: shelf as ModelShelf, isHeld: heldBy(shelf.model.model, head.items) };
}

/** Models are kept by their shelves; so is what follows from them. */
const orders = new WeakMap<ModelShelf["model"]["model"], Uint32Array>();

function heldBy(model: ModelShelf["model"]["model"], items: number): (index: number) => boolean {
  let places = orders.get(model);
  if (!places) {
    places = new Uint32Array(model.itemIds.length);
    byPopularity(model).forEach((item, place) => (places![item] = place));
    orders.set(model, places);
  }
  return (index) => places[index]! < items;
}
