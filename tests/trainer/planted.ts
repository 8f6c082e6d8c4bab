/** Small shops with a known rule, for tests of what is learnt. */
import { DAY_MS } from "../../core/calendar.ts";
import type { ExportLine } from "../../core/api.ts";
import type { Product } from "../../core/catalogue.ts";
import { seededRandom } from "../../core/ids.ts";
import { createDatasetBuilder, type Dataset } from "../../trainer/prepare.ts";

export const START_MS = Date.UTC(2026, 0, 1);

export function product(id: string, category?: string): Product {
  return { id, title: `Thing ${id}`, link: `/${id}`, price: 10, ...(category && { product_type: category }) };
}

/** One client's views, a minute apart. */
export function viewLine(clientId: string, items: readonly string[], startMs = START_MS, firstSeq = 1): ExportLine {
  return {
    clientId, receivedAtMs: startMs,
    events: items.map((item_id, i) => ({ seq: firstSeq + i, name: "view_item", occurredAtMs: startMs + i * 60_000, sessionId: `session-${clientId}`, params: { items: [{ item_id }] } })),
  };
}

export function orderLine(clientId: string, orders: readonly (readonly string[])[], startMs = START_MS): ExportLine {
  return {
    clientId, receivedAtMs: startMs,
    events: orders.map((items, i) => ({
      seq: 1 + i, name: "purchase", occurredAtMs: startMs + i * DAY_MS, sessionId: `session-${clientId}`,
      params: { transaction_id: `${clientId}-${i}`, items: items.map((item_id) => ({ item_id })) },
    })),
  };
}

export function datasetOf(products: readonly Product[], lines: readonly ExportLine[]): Dataset {
  const builder = createDatasetBuilder({ catalogue: products });
  for (const line of lines) builder.add(line);
  return builder.finish();
}

const CATEGORIES = 24;
const PER_CATEGORY = 10;

/**
 * The rule: from a product of one category, the next is any of the category that follows. Pairs of products are met
 * too rarely to count them, so who only counts pairs cannot know it; the best possible NDCG@10 is about .45.
 */
export function plantedShop(clients: number, seed: number): { products: Product[]; lines: ExportLine[] } {
  const random = seededRandom(seed);
  const id = (category: number) => `p${category}-${Math.floor(random() * PER_CATEGORY)}`;
  const products = Array.from({ length: CATEGORIES * PER_CATEGORY }, (_, i) => product(`p${Math.floor(i / PER_CATEGORY)}-${i % PER_CATEGORY}`, `Shop > Category ${Math.floor(i / PER_CATEGORY)}`));
  const lines = Array.from({ length: clients }, (_, client) => {
    let category = Math.floor(random() * CATEGORIES);
    const items = Array.from({ length: 6 }, () => {
      category = (category * 5 + 1) % CATEGORIES;
      return id(category);
    });
    return viewLine(`client-${String(client).padStart(5, "0")}`, items, START_MS + Math.floor(random() * 100 * DAY_MS));
  });
  return { products, lines };
}

/** A shop where people look at anything: nothing can be learnt. */
export function randomShop(clients: number, seed: number): { products: Product[]; lines: ExportLine[] } {
  const random = seededRandom(seed);
  const products = Array.from({ length: 60 }, (_, i) => product(`r${i}`));
  const lines = Array.from({ length: clients }, (_, client) =>
    viewLine(`client-${String(client).padStart(5, "0")}`, Array.from({ length: 6 }, () => `r${Math.floor(random() * 60)}`), START_MS + Math.floor(random() * 100 * DAY_MS)));
  return { products, lines };
}
