/** What a reader left out, and why: counts by reason, with the first places to look at. */

const EXAMPLES_PER_REASON = 3;

export interface CleaningReport {
  /** Counts one thing that was left out or changed. @param place file and line, and what stood there */
  note(reason: string, place?: string, count?: number): void;
  /** Something the reader decided, that a person should know. */
  remark(sentence: string): void;
  count(reason: string): number;
  reasons(): { reason: string; count: number; examples: readonly string[] }[];
  remarks(): readonly string[];
  /** For people: a sentence a line, the most frequent reason first. */
  print(): string;
}

export function createCleaningReport(): CleaningReport {
  const counts = new Map<string, { count: number; examples: string[] }>();
  const remarks: string[] = [];
  const sorted = () => [...counts].map(([reason, entry]) => ({ reason, ...entry })).sort((a, b) => b.count - a.count);
  return {
    note(reason, place, count = 1) {
      let entry = counts.get(reason);
      if (!entry) counts.set(reason, (entry = { count: 0, examples: [] }));
      entry.count += count;
      if (place !== undefined && entry.examples.length < EXAMPLES_PER_REASON) entry.examples.push(place);
    },
    remark(sentence) {
      if (!remarks.includes(sentence)) remarks.push(sentence);
    },
    count: (reason) => counts.get(reason)?.count ?? 0,
    reasons: sorted,
    remarks: () => remarks,
    print() {
      const lines = remarks.map((remark) => `  ${remark}`);
      for (const { reason, count, examples } of sorted()) {
        lines.push(`  ${count.toLocaleString("en").padStart(9)}  ${reason}`);
        for (const example of examples) lines.push(`             e.g. ${example}`);
      }
      return lines.join("\n");
    },
  };
}
