/** Reads the sequence files that recommender research shares: a session or a user a line, items only, without times. */
import { DAY_MS } from "../../core/calendar.ts";
import type { LogPiece, ReadContext, Reader } from "./reader.ts";
import { place, readRows } from "./rows.ts";

const START_MS = Date.UTC(2000, 0, 1);
/** Such files have no times: items of a line are taken to be a minute apart. */
const STEP_MS = 60_000;
/** Over so long the histories of all users are spread, each one's from beginning to end. */
const USERS_SPAN_MS = 365 * DAY_MS;
const PIECES = 1000;

const isSequence = (line: string) => /^[\w:.-]+(?:[ \t]+[\w:.-]+)*\s*$/.test(line);

/** Sessions come in the order of their time: the last tenth of the lines is the last tenth of the log. */
export const SESSION_LINES: Reader = {
  what: "a file of sessions, one a line",
  looks: "item ids separated by blanks, oldest first, such as train_seqs.txt",
  detects: ({ name, lines }) => /seqs?\b.*\.txt$|session/.test(name) && lines.slice(0, 20).every(isSequence),
  read: (path, context) => readSequences(path, context, { leading: false, spread: false }),
};

/** The last tenth of each user's history is the last tenth of the log. */
export const USER_LINES: Reader = {
  what: "a file of users' histories, one a line",
  looks: "item ids separated by blanks, oldest first, with the user's id in front where those count up from line to line, such as train_input.txt or Beauty.txt",
  detects: ({ name, lines }) => name.endsWith(".txt") && lines.length > 0 && lines.slice(0, 20).every(isSequence) && lines.slice(0, 20).some((line) => line.trim().split(/\s+/).length > 1),
  read: (path, context) => readSequences(path, context, { leading: true, spread: true }),
};

async function* readSequences(path: string, { report, onBytes }: ReadContext, { leading, spread }: { leading: boolean; spread: boolean }): AsyncGenerator<LogPiece[]> {
  report.remark(`${path} has no times: ${spread ? "each user's history is spread over a year, so that all reach from the first day to the last" : "sessions are taken to follow each other in the file's order"}.`);
  let pieces: LogPiece[] = [];
  let atMs = START_MS;
  let hasIds: boolean | undefined;
  const waiting: { line: number; ids: string[] }[] = [];
  function* actsOf(line: number, ids: string[]): Generator<LogPiece> {
    const client = hasIds ? ids.shift()! : `line ${line}`;
    for (const [i, itemId] of ids.entries()) {
      atMs += STEP_MS;
      const stepMs = spread ? START_MS + Math.round(((i + 0.5) / ids.length) * USERS_SPAN_MS) : atMs;
      yield { act: { line, client, name: "view_item", itemId, atMs: stepMs } };
    }
  }
  for await (const rows of readRows(path, { separator: "\n", onBytes })) {
    for (const { line, cells } of rows) {
      const ids = cells[0]!.trim().split(/\s+/);
      if (ids.length < 2) report.note("line with one item, which nothing follows", place(path, line));
      if (hasIds === undefined) {
        waiting.push({ line, ids });
        if (waiting.length < 3) continue;
        // Users' ids count up by one; items that do so in three lines would be a strange shop.
        const first = waiting.map((one) => Number(one.ids[0]));
        hasIds = leading && first.every((id, i) => Number.isInteger(id) && id === first[0]! + i);
        for (const one of waiting) pieces.push(...actsOf(one.line, one.ids));
        continue;
      }
      pieces.push(...actsOf(line, ids));
    }
    if (pieces.length < PIECES) continue;
    yield pieces;
    pieces = [];
  }
  if (hasIds === undefined) for (const one of waiting) pieces.push(...actsOf(one.line, one.ids));
  yield pieces;
}
