/** A shop whose devices hold its popular head: what the edge adds of the long tail, when, and by whose leave. */
import type { BrowserContext } from "@playwright/test";
import { candidatePaths, CANDIDATES_REQUEST_SCHEMA, routes, type Candidates, type CandidatesRequest } from "../../core/api.ts";
import type { CatalogueSnapshot } from "../../core/catalogue.ts";
import type { HistoryEntry } from "../../core/history.ts";
import { sha256Hex } from "../../core/ids.ts";
import { chooseCandidates, packCandidates } from "../../core/ranking/candidates.ts";
import { createShelf, type Shelf } from "../../core/ranking/recommend.ts";
import { parse } from "../../core/schema.ts";
import { headFile } from "../../core/weights/head.ts";
import { carouselReady, delivered, diagnostics, expect, GRANTED, itemsIn, ofCategory, test } from "./fixtures.ts";
import { CARDS, publish, snapshot, teaModel } from "./shop/assortment.ts";
import { KEY, type Edge } from "./shop/edge.ts";

/** The first of every category, and the first three; the tail are nine or more of each. */
const HEADS = { light: 5, standard: 15 };
const VERSION = 3;
const whole = createShelf(CARDS, { model: teaModel(), version: VERSION }) as Shelf & { model: NonNullable<Shelf["model"]> };

interface LargeShop {
  /** Products whose candidates were asked for by their public files. */
  publicly: string[];
  personally: CandidatesRequest[];
  /** Files fetched, by what they are. */
  files: string[];
  /** Holds answers back until it is called. */
  release(): void;
}

/** Makes the test's shop a large one, as the edge would publish it. */
async function makeLarge(context: BrowserContext, edge: Edge, { held = false } = {}): Promise<LargeShop> {
  const published = await publish(VERSION, HEADS);
  const model = teaModel();
  const files = new Map<string, { name: string; bytes: Buffer }>();
  const add = async (name: string, bytes: Uint8Array) => {
    const sha256 = await sha256Hex(bytes);
    files.set(sha256, { name, bytes: Buffer.from(bytes) });
    return { sha256, bytes: bytes.length };
  };
  const write = (part: CatalogueSnapshot) => new TextEncoder().encode(JSON.stringify(part));
  await add("light rows", headFile(model, HEADS.light));
  await add("standard rows", headFile(model, HEADS.standard));
  const rest = CARDS.slice(HEADS.light, HEADS.standard);
  const more = { ...(await add("more cards", write({ ...snapshot, cards: rest }))), products: rest.length };
  edge.signer = published.signer;
  edge.config.manifest = published.manifest;
  edge.config.catalogue = { ...(await add("cards", write({ ...snapshot, cards: CARDS.slice(0, HEADS.light), more }))), products: HEADS.light };

  let release = () => {};
  const released = held ? new Promise<void>((resolve) => (release = resolve)) : Promise.resolve();
  const shop: LargeShop = { publicly: [], personally: [], files: [], release: () => release() };
  const headers = { "access-control-allow-origin": "*" };
  const answer = (histories: HistoryEntry[][], head: "light" | "standard"): Candidates =>
    packCandidates(whole, chooseCandidates(whole, histories, (index) => index < HEADS[head]), histories.flat().map(({ item_id }) => item_id));
  await context.route(`${edge.origin}${routes.file("")}*`, (route) => {
    const file = files.get(route.request().url().split("/").at(-1)!);
    if (file) shop.files.push(file.name);
    return file ? route.fulfill({ body: file.bytes, headers }) : route.fulfill({ status: 404, headers });
  });
  await context.route(`${edge.origin}${candidatePaths.personal}**`, async (route) => {
    const request = route.request();
    await released;
    if (request.method() === "POST") {
      const asked = request.postDataJSON() as CandidatesRequest;
      shop.personally.push(asked);
      const history = (asked.history ?? []).map(({ item_id, kind, ageMs }) => ({ item_id, kind, atMs: Date.now() - ageMs }));
      return route.fulfill({ json: answer([history], asked.head), headers });
    }
    const [key, version, head, itemId] = request.url().split("/").slice(-4) as [string, string, "light" | "standard", string];
    expect([key, version]).toEqual([KEY, String(VERSION)]);
    shop.publicly.push(itemId);
    return route.fulfill({ json: answer([[{ item_id: itemId, kind: "view", atMs: Date.now() }]], head), headers });
  });
  return shop;
}
const inTail = (ids: readonly string[]) => ids.filter((id) => CARDS.findIndex((card) => card.id === id) >= HEADS.standard);

test("draws the head at once, and the tail's products join when they arrive @once", async ({ page, context, shop, edge }) => {
  const large = await makeLarge(context, edge, { held: true });
  await page.goto(`${shop.origin}/product/tea-9`);
  expect(inTail(await carouselReady(page, "product-similar"))).toEqual([]);
  large.release();
  await expect.poll(async () => ofCategory(inTail(await itemsIn(page, "product-similar")), "tea")).toBeGreaterThanOrEqual(6);
  expect(large.publicly).toEqual(["tea-9"]);
  expect(large.files.sort()).toEqual(["cards", "more cards", "standard rows"]);
  // A device with the whole model would show the same.
  const slate = await page.evaluate(() => (window as unknown as { endcap: { recommend(options: object): Promise<{ items: { item_id: string }[] }> } }).endcap.recommend({ placement: "product-similar" }));
  expect(ofCategory(slate.items.map(({ item_id }) => item_id), "tea")).toBe(11);
});

test("ranks the tail on the next page from what the browser keeps, whatever the edge answers @once", async ({ page, context, shop, edge }) => {
  const large = await makeLarge(context, edge);
  for (const id of ["kettles-8", "kettles-9"]) {
    await page.goto(`${shop.origin}/product/${id}`);
    await expect.poll(async () => inTail(await itemsIn(page, "product-similar")).length).toBeGreaterThan(0);
  }
  await delivered(page);
  await context.route(`${edge.origin}/v1/**`, (route) => route.abort());
  await page.goto(shop.origin);
  expect(ofCategory(inTail(await carouselReady(page)), "kettles")).toBeGreaterThanOrEqual(6);
  expect(large.publicly).toEqual(["kettles-8", "kettles-9"]);
  expect(large.personally).toEqual([]);
});

for (const [tag, allowed] of [[GRANTED, true], ["", false]] as const) {
  test(`${allowed ? "asks once, with the history," : "never sends a history"} for what public files lack ${allowed ? "with" : "without"} consent @once`, async ({ page, context, shop, edge }) => {
    const large = await makeLarge(context, edge);
    shop.options = { tag };
    await page.goto(shop.origin);
    await carouselReady(page);
    // Put in the cart from a list: no page of the product, and no public file of it.
    await page.evaluate(() => (window as unknown as { endcap: { track(name: string, params: object): Promise<unknown> } }).endcap.track("add_to_cart", { items: [{ item_id: "honey-11" }] }));
    if (allowed) await expect.poll(async () => ofCategory(inTail(await itemsIn(page)), "honey")).toBeGreaterThanOrEqual(6);
    else await page.goto(`${shop.origin}/product/honey-10`);
    await expect.poll(() => (allowed ? large.personally.length : large.publicly.length)).toBe(1);
    expect(large.publicly).toEqual(allowed ? [] : ["honey-10"]);
    expect(large.personally.map(({ history }) => history!.map(({ item_id }) => item_id))).toEqual(allowed ? [["honey-11"]] : []);
    for (const request of large.personally) expect(parse(CANDIDATES_REQUEST_SCHEMA, request)).toMatchObject({ ok: true });
    expect((await diagnostics(page)).faults.filter(({ where }) => where !== "engine")).toEqual([]);
  });
}

test("gives a device that saves data the light head only @once", async ({ page, context, shop, edge }) => {
  const large = await makeLarge(context, edge);
  await page.addInitScript(() => Object.defineProperty(navigator, "connection", { value: { saveData: true } }));
  await page.goto(shop.origin);
  await expect.poll(() => itemsIn(page)).toHaveLength(HEADS.light);
  expect(large.files.sort()).toEqual(["cards", "light rows"]);
});

test("keeps nothing of the tail for who asked to be forgotten @once", async ({ page, context, shop, edge }) => {
  const large = await makeLarge(context, edge);
  await page.goto(`${shop.origin}/product/cups-9`);
  await expect.poll(async () => inTail(await itemsIn(page, "product-similar")).length).toBeGreaterThan(0);
  await delivered(page);
  await page.evaluate(() => (window as unknown as { endcap: { forget(): Promise<void> } }).endcap.forget());
  await page.goto(shop.origin);
  expect(inTail(await carouselReady(page))).toEqual([]);
  expect(large.personally).toEqual([]);
});
