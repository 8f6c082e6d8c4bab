/** The report as a page that needs nothing else: what the model is worth, to whom, and what it was made of. */
import type { Verdict } from "../core/gate.ts";
import type { Estimate } from "../core/metrics.ts";
import type { Evaluation, Manifest } from "../core/weights/manifest.ts";
import { barPlot, escapeText as text, formatNumber, intervalPlot, legend, linePlot } from "./charts.ts";
import type { Details, RankingFigures } from "./details.ts";
import { TRAIN_SHARE, VALIDATION_SHARE } from "./prepare.ts";

/** All that the page and the JSON file beside it say. */
export interface ReportData {
  shop: string;
  createdAtMs: number;
  training: Manifest["training"];
  evaluation: Evaluation;
  verdict: Verdict;
  details: Details;
  /** Of each training step, nats a moment. */
  losses: readonly number[];
  blend: { blend: readonly number[] };
  data: { events: number; shoppers: number; products: number; moments: number; objective: string; fromMs: number; trainUntilMs: number; validateUntilMs: number; cleaning: readonly string[] };
  seconds: number;
  bytes: number;
}

/** What each ranker is called and drawn in; the model first. */
const LOOKS: { readonly [name: string]: { title: string; color: string } } = {
  model: { title: "the model", color: "model" },
  network: { title: "its network alone", color: "network" },
  "item-kNN": { title: "item-kNN", color: "knn" },
  popularity: { title: "best sellers", color: "popular" },
  incumbent: { title: "model in service", color: "incumbent" },
};
const look = (name: string) => LOOKS[name] ?? { title: name, color: "network" };
/** More points than a plot has pixels say nothing. */
const CURVE_POINTS = 300;

export function reportPage(data: ReportData): string {
  const { shop, evaluation, verdict, details, createdAtMs } = data;
  const rankers = details.rankers.map((ranker) => ({ ...ranker, ...look(ranker.name) }));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="content-security-policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${text(shop)}: model of ${day(createdAtMs)}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
  <p class="eyebrow">${text(shop)}, ${day(createdAtMs)}</p>
  <h1>${verdict.ok ? "This model is better than what it must beat" : "This model is not published"}</h1>
  <p class="verdict ${verdict.ok ? "good" : "bad"}">${verdict.ok ? "The gate lets it pass." : `The gate refuses it:</p><ul class="reasons">${verdict.reasons.map(({ sentence }) => `<li>${text(sentence)}</li>`).join("")}</ul><p class="quiet">`}</p>
  <dl class="tiles">${tiles(data)}</dl>
</header>
<main>
<section>
  <h2>How good is it?</h2>
  <p>NDCG@10 with 95 % intervals: 1 would be every shopper's next choice in first place.</p>
  ${intervalPlot({ label: "NDCG@10 of each ranking", rows: [...rankers.map(({ title, color, figures }) => ({ name: title, color, ...figures[details.cutOffs.indexOf(10)]!.ndcg })), ...(evaluation.oracle ? [{ name: "best possible", color: "popular", ...evaluation.oracle.ndcg10 }] : [])] })}
  <h3>What it adds, case by case</h3>
  <p>The model's NDCG@10 less the other's on the same cases. The gate wants the intervals of the first two to lie right of 0.</p>
  ${differences(evaluation).map((row) => intervalPlot({ label: `Difference in NDCG@10, ${row.name}`, zero: true, rows: [row] })).join("")}
</section>
<section>
  <h2>How soon does it hit?</h2>
  <p>Share of cases in which something that the shopper chose next is among the first places.</p>
  ${linePlot({ label: "Hit rate by length of the list", xLabel: "places shown", lines: rankers.map(({ title, color, hitRateByLength }) => ({ name: title, color, points: hitRateByLength.map((y, i) => [i + 1, y] as const) })) })}
  ${legend(rankers.map(({ title, color }) => ({ name: title, color })))}
  <div class="scroll" tabindex="0" role="region" aria-label="All figures"><table>
    <thead><tr><th scope="col">Cut-off</th><th scope="col">Ranking</th><th scope="col">HR</th><th scope="col">Recall</th><th scope="col">NDCG</th><th scope="col">MRR</th></tr></thead>
    <tbody>${details.cutOffs.map((k, i) => rankers.map(({ title, name, figures }, r) => figureRow(r === 0 ? `@${k}` : "", title, figures[i]!, name === "model")).join("")).join("")}</tbody>
  </table></div>
</section>
<section>
  <h2>For whom?</h2>
  <p>NDCG@10 where it is hardest: shoppers who had never been there before the test began, and products that nobody had touched.</p>
  ${segments(rankers)}
</section>
<section>
  <h2>What are its lists like?</h2>
  <div class="scroll" tabindex="0" role="region" aria-label="Figures of the lists"><table>
    <thead><tr><th scope="col">Ranking</th><th scope="col">Coverage</th><th scope="col">Novelty</th><th scope="col">Diversity</th><th scope="col">Miscalibration</th></tr></thead>
    <tbody>${rankers.map(({ title, name, lists }) => `<tr${name === "model" ? ' class="ours"' : ""}><th scope="row">${text(title)}</th><td>${percent(lists.coverage)}</td><td>${formatNumber(lists.novelty)} bits</td><td>${lists.diversity === undefined ? "–" : percent(lists.diversity)}</td><td>${lists.miscalibration === undefined ? "–" : `${formatNumber(lists.miscalibration)} bits`}</td></tr>`).join("")}</tbody>
  </table></div>
  <p class="quiet">Coverage: products in anybody's first ten. Novelty: how little known the listed products were. Diversity: pairs of a list from different categories. Miscalibration: how far a list's mix of categories is from the shopper's own; 0 is the same.</p>
  <h3>Does it only show what sells anyway?</h3>
  <p>Products in ten equal groups, the most popular first: what the lists hold beside what shoppers then chose.</p>
  ${popularityPlot(details)}
</section>
<section>
  <h2>How did it learn?</h2>
  ${curve(data.losses)}
  <p class="quiet">Loss in nats a moment, averaged over neighbouring steps. The last fifth of the steps learns from the newest part too. The parts are added as ${data.blend.blend.map((weight) => formatNumber(weight)).join(" : ")} (network, co-visitation, popularity), fitted on the validation part.</p>
</section>
<section>
  <h2>What was it made of?</h2>
  ${splitBar(data.data)}
  <ul>${[`${count(data.data.events)} events of ${count(data.data.shoppers)} shoppers, ${count(data.data.products)} products, ${count(data.data.moments)} moments to predict (${data.data.objective})`, ...data.data.cleaning].map((line) => `<li>${text(line)}</li>`).join("")}</ul>
  <p>${text(evaluation.protocol)} ${count(evaluation.cases)} cases of ${count(evaluation.clients)} shoppers.</p>
  <details><summary>To make the same weights again</summary><dl class="facts">${facts(data)}</dl></details>
</section>
</main>
</body>
</html>
`;
}

function tiles({ details, evaluation, data, bytes, seconds }: ReportData): string {
  const ours = details.rankers[0]!.figures[details.cutOffs.indexOf(10)]!;
  const { itemKnn, model } = evaluation;
  const lead = itemKnn.ndcg10.value > 0 ? `${model.ndcg10.value >= itemKnn.ndcg10.value ? "+" : "−"}${Math.abs(Math.round((model.ndcg10.value / itemKnn.ndcg10.value - 1) * 100))} %` : "–";
  return ([["NDCG@10", formatNumber(ours.ndcg.value)], ["hits in ten", percent(ours.hitRate.value)], ["against item-kNN", lead], ["products", count(data.products)], ["size", bytes < 1e6 ? `${Math.round(bytes / 1024)} KiB` : `${(bytes / 2 ** 20).toFixed(1)} MiB`], ["made in", seconds < 120 ? `${Math.round(seconds)} s` : `${(seconds / 60).toFixed(1)} min`]] as const)
    .map(([name, value]) => `<div><dt>${name}</dt><dd>${value}</dd></div>`).join("");
}

function differences({ differences: { popularity, itemKnn, incumbent } }: Evaluation) {
  return [
    { name: "less best sellers", color: "popular", ...popularity }, { name: "less item-kNN", color: "knn", ...itemKnn },
    ...(incumbent ? [{ name: "less model in service", color: "incumbent", ...incumbent }] : []),
  ];
}

function figureRow(cutOff: string, title: string, { hitRate, recall, ndcg, mrr }: RankingFigures, isOurs: boolean): string {
  const cell = ({ value, low, high }: Estimate) => `<td>${formatNumber(value)} <small>${formatNumber(low)}–${formatNumber(high)}</small></td>`;
  return `<tr${isOurs ? ' class="ours"' : ""}><th scope="row">${cutOff}</th><th scope="row">${text(title)}</th>${[hitRate, recall, ndcg, mrr].map(cell).join("")}</tr>`;
}

function segments(rankers: readonly (Details["rankers"][number] & { title: string; color: string })[]): string {
  const [first] = rankers;
  return first!.segments.map(({ segment, cases }, i) => (segment === "all" ? "" : cases === 0
    ? `<h3>${segment}</h3><p class="quiet">None in the test part.</p>`
    : `<h3>${segment} <small>${count(cases)} cases</small></h3>${intervalPlot({ label: `NDCG@10, ${segment}`, rows: rankers.map(({ title, color, segments: own }) => ({ name: title, color, ...own[i]!.ndcg10 })) })}`)).join("");
}

function popularityPlot({ rankers, takenByPopularity }: Details): string {
  const series = [{ name: "chosen by shoppers", color: "taken", values: takenByPopularity }, ...rankers.filter(({ name }) => name === "model" || name === "item-kNN").map(({ name, lists }) => ({ name: look(name).title, color: look(name).color, values: lists.popularity }))];
  return barPlot({ label: "Places by the products' popularity", series, groups: takenByPopularity.map((_, i) => `${i + 1}`), xLabel: "tenth of the products, most popular first" }) + legend(series);
}

/** Neighbouring steps are averaged into as many points as can be seen. */
function curve(losses: readonly number[]): string {
  const size = Math.max(1, Math.ceil(losses.length / CURVE_POINTS));
  const points: [number, number][] = [];
  for (let from = 0; from < losses.length; from += size) {
    const part = losses.slice(from, from + size);
    points.push([from + part.length, part.reduce((sum, loss) => sum + loss, 0) / part.length]);
  }
  return points.length < 2 ? "" : linePlot({ label: "Loss by training step", xLabel: "step", fromZero: false, lines: [{ name: "loss", color: "model", points }] });
}

function splitBar({ fromMs, trainUntilMs, validateUntilMs }: ReportData["data"]): string {
  const parts = [["learns", TRAIN_SHARE, fromMs], ["validates", VALIDATION_SHARE, trainUntilMs], ["tests", 1 - TRAIN_SHARE - VALIDATION_SHARE, validateUntilMs]] as const;
  return `<ol class="split">${parts.map(([name, share, from]) => `<li style="flex-grow:${Math.round(share * 100)}"><strong>${name}</strong><small>${day(from)}</small></li>`).join("")}</ol>`;
}

function facts({ training }: ReportData): string {
  const shown: [string, unknown][] = [["data hash", training.dataHash], ["seed", training.seed], ["steps", training.steps], ["parent", training.parent ?? "none"], ["back end", training.backend], ["workers", training.workers], ["configuration", training.config]];
  return shown.map(([name, value]) => `<dt>${name}</dt><dd>${text(String(value))}</dd>`).join("");
}

function day(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
function count(value: number): string {
  return value.toLocaleString("en");
}
function percent(share: number): string {
  return `${share >= 0.1 ? Math.round(share * 100) : (share * 100).toFixed(1)} %`;
}

/** Colours tell the rankings apart also for those who see few of them (Okabe & Ito), on light and on dark ground. */
const STYLE = `
:root{color-scheme:light dark;--ground:#fbfaf8;--card:#fff;--ink:#1d2126;--quiet:#5d6670;--rule:#e3e1dc;--model:#0b6e99;--network:#7fb8d3;--knn:#c2571a;--popular:#8a8f98;--incumbent:#7a4fa3;--taken:#2e8b57;--good:#1c7c4a;--bad:#b3261e}
@media(prefers-color-scheme:dark){:root{--ground:#14171a;--card:#1c2024;--ink:#eceef0;--quiet:#a3acb5;--rule:#31373d;--model:#56b4e9;--network:#3f7896;--knn:#f0924f;--popular:#8f979f;--incumbent:#c3a1e6;--taken:#5cc98c;--good:#5cc98c;--bad:#ff8a80}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
header,main{max-width:1080px;margin:0 auto;padding:0 20px}
header{padding-top:36px}
h1{font-size:clamp(1.5rem,4.5vw,2.2rem);line-height:1.2;margin:.2em 0 .3em;text-wrap:balance}
h2{font-size:1.25rem;margin:0 0 .3em}
h3{font-size:1rem;margin:1.4em 0 .2em}
h3 small,td small{color:var(--quiet);font-weight:400}
td small{display:block;font-size:.75rem}
p{margin:.3em 0 .8em;max-width:68ch}
.eyebrow,.quiet{color:var(--quiet)}
.eyebrow{margin:0;overflow-wrap:anywhere}
.quiet{font-size:.875rem}
.verdict{font-weight:600}.good{color:var(--good)}.bad{color:var(--bad)}
.reasons{margin:.2em 0 1em;padding-left:1.2em}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(125px,1fr));gap:10px;margin:18px 0 24px}
.tiles div{background:var(--card);border:1px solid var(--rule);border-radius:10px;padding:12px 14px}
.tiles dt{font-size:.8125rem;color:var(--quiet)}
.tiles dd{margin:0;font-size:1.45rem;font-weight:650;font-variant-numeric:tabular-nums}
main{columns:2;column-gap:20px;padding-bottom:40px}
section{break-inside:avoid;margin-bottom:20px;background:var(--card);border:1px solid var(--rule);border-radius:14px;padding:20px 22px;min-width:0}
@media(max-width:900px){main{columns:1}header,main{padding-left:14px;padding-right:14px}section{padding:16px 14px}}
svg{display:block;width:100%;max-width:560px;height:auto;margin:.4em 0}
svg text{font:13px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;fill:var(--ink);font-variant-numeric:tabular-nums}
svg .tick{fill:var(--quiet);font-size:12px}
svg .value{font-weight:600}
svg .grid{stroke:var(--rule)}svg .zero{stroke:var(--ink);stroke-width:1.5}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:4px 16px;padding:0;margin:.2em 0 1em;font-size:.875rem}
.legend span{display:inline-block;width:12px;height:12px;border-radius:3px;margin-right:6px;vertical-align:-1px}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums;font-size:.9rem;white-space:nowrap}
th,td{text-align:left;padding:5px 12px 5px 0;border-bottom:1px solid var(--rule);font-weight:400}
thead th{color:var(--quiet);font-size:.8125rem}
.ours th,.ours td{font-weight:650}
.split{list-style:none;display:flex;padding:0;margin:.6em 0 1em;gap:3px}
.split li{flex-basis:0;min-width:92px;padding:8px;font-size:.875rem;white-space:nowrap;border-radius:6px;background:color-mix(in srgb,var(--model) 18%,transparent);line-height:1.25}
.split li+li{background:color-mix(in srgb,var(--knn) 22%,transparent)}
.split li:last-child{background:color-mix(in srgb,var(--taken) 26%,transparent)}
.split small{display:block;color:var(--quiet);font-size:.75rem}
ul{padding-left:1.2em;margin:.4em 0 1em}
summary{cursor:pointer}
.facts{font-size:.8125rem}.facts dt{color:var(--quiet)}.facts dd{margin:0 0 .5em;overflow-wrap:anywhere;font-family:ui-monospace,monospace}
`;
