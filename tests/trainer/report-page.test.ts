import { expect, it } from "vitest";
import { ticksBetween } from "../../trainer/charts.ts";
import { reportPage, type ReportData } from "../../trainer/report-page.ts";

const figure = { value: 0.2, low: 0.1, high: 0.3 };
const figures = { ndcg10: figure, recall10: figure, mrr10: figure, coverage10: 0.4 };
const cutOff = { hitRate: figure, recall: figure, ndcg: figure, mrr: figure };
const ranker = (name: string) => ({
  name, figures: [cutOff, cutOff, cutOff], hitRateByLength: Array.from({ length: 20 }, (_, i) => i / 20),
  segments: [{ segment: "all" as const, cases: 300, ndcg10: figure }, { segment: "new products" as const, cases: 0, ndcg10: figure }],
  lists: { coverage: 0.4, novelty: 7, diversity: undefined, miscalibration: undefined, popularity: Array<number>(10).fill(0.1) },
});
const data = (over: Partial<ReportData> = {}): ReportData => ({
  shop: "<img src=x>", createdAtMs: Date.UTC(2026, 0, 5), bytes: 700_000, seconds: 30, losses: [5, 4, 3], blend: { blend: [1, 2, 0.5] },
  training: { dataHash: "a".repeat(64), seed: 1, steps: 3, backend: "wasm-simd", workers: 1, events: 10, items: 20, config: "{}" },
  evaluation: { protocol: "Time split.", cases: 300, clients: 100, model: figures, popularity: figures, itemKnn: figures, differences: { popularity: figure, itemKnn: figure } },
  verdict: { ok: true }, details: { cutOffs: [5, 10, 20], rankers: ["model", "network", "item-kNN", "popularity"].map(ranker), takenByPopularity: Array<number>(10).fill(0.1) },
  data: { events: 10, shoppers: 5, products: 20, moments: 8, objective: "next-view", fromMs: 0, trainUntilMs: 8, validateUntilMs: 9, cleaning: ["3 events came twice & count once"] },
  ...over,
});

it("is a page that fetches nothing, runs nothing, and shows names as they are", () => {
  const page = reportPage(data());
  expect(page).not.toMatch(/<script|<img|https?:\/\/(?!www\.w3\.org)|@import|url\(/i);
  expect(page).toContain("&#60;img src=x&#62;");
  expect(page).toContain("3 events came twice &#38; count once");
  expect(page).not.toMatch(/NaN|undefined|Infinity/);
  expect(page).toContain("The gate lets it pass.");
});

it("says why a model is not published", () => {
  const page = reportPage(data({ verdict: { ok: false, reasons: [{ code: "loses-to-popularity", sentence: "not better than popularity" }] } }));
  expect(page).toContain("This model is not published");
  expect(page).toContain("<li>not better than popularity</li>");
});

it("has scales of round numbers that hold all there is to show", () => {
  expect(ticksBetween(0, 0.322, 4)).toEqual([0, 0.1, 0.2, 0.3, 0.4]);
  expect(ticksBetween(-0.004, 0.009, 3)).toEqual([-0.005, 0, 0.005, 0.01]);
  expect(ticksBetween(0, 7)).toEqual([0, 2, 4, 6, 8]);
});
