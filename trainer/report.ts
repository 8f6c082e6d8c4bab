/** What training found, for the terminal: what was left out of the log, and a table of figures. */
import type { Figure, Figures } from "../core/weights/manifest.ts";
import type { Assessment } from "./assess.ts";
import type { CleaningReport } from "./prepare.ts";

/** One line for every kind of thing that was left out or put together; none for what was not. */
export function cleaningLines(report: CleaningReport): string[] {
  const lines: string[] = [];
  const say = (count: number, text: string) => count > 0 && lines.push(`${count.toLocaleString("en")} ${text}`);
  say(report.duplicateEvents, "events came twice and count once");
  say(report.wrongTimes, "events are dated before 1995 or in the future, and are left out");
  say(report.erasedEvents, "acts of shoppers who have been erased since are left out");
  say(report.returnedEntries, "products came back to the shop, and do not count as bought");
  say(report.invalidProducts, "catalogue rows are broken or repeat an id, and are left out");
  say(report.unknownProductEvents, `events name products that the catalogue lacks (${report.unknownProducts} different ones): nothing is learnt about those`);
  say(report.botEvents, `events of ${report.botClients} clients that behave like programs are left out`);
  say(report.fastSessionEvents, `events of ${report.fastSessions} sessions, too fast for anybody to have read what was opened, are left out`);
  say(report.joinedClients, `clients are ${report.joinedPersons.toLocaleString("en")} persons who logged in on several, and count as one shopper each`);
  say(report.clippedEntries, `oldest actions of ${report.clippedClients} very busy clients are left out`);
  return lines;
}

/** The table of figures. */
export function figuresTable({ evaluation, network }: Pick<Assessment, "evaluation" | "network">): string {
  const rows: [string, Partial<Figures>][] = [
    ["popularity", evaluation.popularity],
    ["item-kNN", evaluation.itemKnn],
    ["network alone", network],
    ["the model (blend)", evaluation.model],
    ...(evaluation.incumbent ? [["incumbent", evaluation.incumbent] as [string, Figures]] : []),
    ...(evaluation.oracle ? [["oracle (best possible)", evaluation.oracle] as [string, Partial<Figures>]] : []),
  ];
  const cell = (figure: Figure | undefined) => (figure ? `${figure.value.toFixed(4)} [${figure.low.toFixed(4)}, ${figure.high.toFixed(4)}]` : "").padEnd(26);
  const head = `${"".padEnd(24)}${"NDCG@10 [95 %]".padEnd(26)}${"Recall@10 [95 %]".padEnd(26)}${"MRR@10 [95 %]".padEnd(26)}coverage@10`;
  const lines = rows.map(([name, { ndcg10, recall10, mrr10, coverage10 }]) => `${name.padEnd(24)}${cell(ndcg10)}${cell(recall10)}${cell(mrr10)}${coverage10 === undefined ? "" : `${(100 * coverage10).toFixed(0)} %`}`);
  return [head, ...lines].map((line) => line.trimEnd()).join("\n");
}
