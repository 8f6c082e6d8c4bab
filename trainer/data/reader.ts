/** What every reader of a log does, and what it is told of a file before one is chosen. */
import { readFileSync } from "node:fs";
import type { ImportLine } from "../../core/api.ts";
import { parse, type Infer } from "../../core/schema.ts";
import { ACT_NAMES, actNameOf, dayOrderOf, isAmbiguousDate, type Act, type DayOrder } from "./acts.ts";
import type { CleaningReport } from "./cleaning.ts";
import { DataFileError, place, separatorOf, sizeOf, splitRow, type OnBytes } from "./rows.ts";

/** The beginning of a file. */
export interface Head {
  path: string;
  /** The name without folder and `.gz`, in lower case. */
  name: string;
  lines: readonly string[];
  /** The first line's value, where it is a JSON object. */
  json: { readonly [name: string]: unknown } | undefined;
  /** The first line's cells as column names: lower case, words joined by one underscore. */
  columns: readonly string[];
}

export interface ReadContext {
  report: CleaningReport;
  onBytes?: OnBytes;
  /** The catalogue's ids, where there is one: of several ids that a file gives a product, the one in here is its own. */
  known?: ReadonlySet<string>;
  /** How dates such as 3/4/2026 are meant, where a person has said so. */
  dates?: DayOrder;
  /** What the columns of a table mean, where a person has written it down. */
  mapping?: Mapping;
}

/** What a log tells, piece by piece: acts, whole batches of a client's own numbered events, or that a client has been erased. */
export type LogPiece = { act: Act } | { line: Pick<ImportLine, "clientId" | "events"> & Partial<ImportLine> } | { erased: string };

/** One row of the table of formats. */
export interface Reader {
  /** For messages, e.g. `a GA4 export`. */
  what: string;
  /** What its files look like, for the help. */
  looks: string;
  detects(head: Head): boolean;
  /** Pieces come in lists, some hundreds at a time. @throws DataFileError */
  read(path: string, context: ReadContext): AsyncGenerator<LogPiece[]>;
}

const column = { type: "string", minLength: 1 } as const;

/** A mapping file: what the columns of a shop's own table mean. */
export const MAPPING_SCHEMA = {
  type: "object",
  required: ["columns"],
  properties: {
    columns: {
      type: "object",
      required: ["client", "item", "time"],
      properties: {
        client: { ...column, description: "who" }, item: { ...column, description: "the product's id in the catalogue" }, time: column, event: { ...column, description: "which act" },
        price: column, quantity: column, transaction: { ...column, description: "the order" }, title: column, brand: column, category: column, person: { ...column, description: "who was logged in" },
      },
      description: "the header's cells, as they stand",
    },
    event: { type: "string", description: "which act every row is, where there is no column for it" },
    dates: { type: "string", enum: ["day-first", "month-first"] },
    separator: { type: "string", minLength: 1, maxLength: 1 },
  },
} as const;
/** Beside what the schema names, `events`: from the file's words for acts to GA4's. */
export type Mapping = Infer<typeof MAPPING_SCHEMA> & { events?: { readonly [theirs: string]: string } };

/** @throws DataFileError if the file is missing, no JSON, or says nothing that can be followed */
export function readMapping(path: string): Mapping {
  sizeOf(path);
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new DataFileError(`${path} is not JSON (${(cause as Error).message}). A mapping looks like {"columns": {"client": "customer", "item": "article", "time": "day"}}`, { cause });
  }
  const parsed = parse(MAPPING_SCHEMA, value, "mapping");
  if (!parsed.ok) throw new DataFileError(`${path}: ${parsed.path} ${parsed.message}`);
  const events = (value as { events?: unknown }).events ?? {};
  const mapping: Mapping = { ...parsed.value, events: {} };
  if (typeof events !== "object" || Array.isArray(events)) throw new DataFileError(`${path}: mapping.events must be an object such as {"Kauf": "purchase"}`);
  for (const [theirs, ours] of Object.entries(events as object)) {
    if (typeof ours !== "string" || actNameOf(ours) === undefined) throw new DataFileError(`${path}: mapping.events["${theirs}"] must be one of ${ACT_NAMES.join(", ")}, not ${JSON.stringify(ours)}`);
    mapping.events = { ...mapping.events, [theirs]: ours };
  }
  if (mapping.event !== undefined && actNameOf(mapping.event) === undefined) throw new DataFileError(`${path}: mapping.event must be one of ${ACT_NAMES.join(", ")}, not "${mapping.event}"`);
  return mapping;
}

/**
 * In which order the dates of a file have day and month.
 * @param texts the dates of its first rows
 * @param told what a person says of it
 * @throws DataFileError where it stays open whether 3/4 is in March or in April
 */
export function dayOrderIn(path: string, texts: readonly string[], told: DayOrder): DayOrder {
  if (told !== undefined) return told;
  const order = dayOrderOf(texts);
  if (order !== "both" && (order !== undefined || !texts.some(isAmbiguousDate))) return order;
  const example = texts.findIndex(isAmbiguousDate);
  throw new DataFileError(`${path}, line ${example + 2}: "${texts[example]}" may be a day and a month or a month and a day. Say which with --dates day-first or --dates month-first`);
}

/** A field of a JSON log that names something; undefined where it is missing or empty. */
export function textIn(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : typeof value === "number" ? String(value) : undefined;
}

/** A field of a JSON log that counts something, written as a number or as text; undefined where it is neither. */
export function numberIn(value: unknown): number | undefined {
  const number = typeof value === "number" ? value : typeof value === "string" && value !== "" ? Number(value) : NaN;
  return Number.isFinite(number) ? number : undefined;
}

/** Of the ids that a file gives a product, the catalogue's; else the first that is not empty. */
export function productId(candidates: readonly (string | undefined)[], known: ReadonlySet<string> | undefined): string | undefined {
  const ids = candidates.map((id) => id?.trim()).filter((id): id is string => id !== undefined && id !== "");
  return ids.find((id) => known?.has(id)) ?? ids[0];
}

/** So many rows that cannot be used, and not one that can, are enough to stop early. */
const HOPELESS_ROWS = 1000;
/** From so many rows on that cannot be used, there must be more that can. */
const TOLERATED_ROWS = 100;

/** Counts what a reader can use of a file and what not: a file read wrongly must not look like a small shop. */
export interface RowGuard {
  good(): void;
  /** @throws DataFileError where it is clear that the file is something else */
  bad(line: number, reason: string, what?: string): void;
  /** @throws DataFileError if most of the file could not be used */
  end(): void;
}

export function createRowGuard(path: string, report: CleaningReport): RowGuard {
  let good = 0;
  let bad = 0;
  const reasons = new Map<string, { count: number; example: string }>();
  const refuse = () => {
    const [reason, { example }] = [...reasons].sort((a, b) => b[1].count - a[1].count)[0]!;
    return new DataFileError(`${path}: ${good === 0 ? `none of ${bad.toLocaleString("en")}` : `only ${good.toLocaleString("en")} of ${(good + bad).toLocaleString("en")}`} rows can be used. Most often: ${reason} (${example}). Check the export, or say with --mapping and --dates what its columns mean`);
  };
  return {
    good() {
      good += 1;
    },
    bad(line, reason, what) {
      bad += 1;
      const where = place(path, line, what);
      report.note(reason, where);
      const entry = reasons.get(reason);
      if (entry) entry.count += 1;
      else reasons.set(reason, { count: 1, example: where });
      if (good === 0 && bad >= HOPELESS_ROWS) throw refuse();
    },
    end() {
      if (bad > 0 && (good === 0 || (bad >= TOLERATED_ROWS && bad > good))) throw refuse();
    },
  };
}

/** A header cell as the columns of all readers are named. */
export function columnName(cell: string): string {
  return cell.trim().toLowerCase().replace(/[^\p{L}\p{N}#]+/gu, "_").replace(/^_|_$/g, "");
}

export function headFrom(path: string, lines: readonly string[]): Head {
  const first = lines[0] ?? "";
  let json: Head["json"];
  if (first.trimStart().startsWith("{")) {
    try {
      json = JSON.parse(first) as Head["json"];
    } catch {
      // Then it is no JSON line, and no reader of JSON lines takes it.
    }
  }
  const name = path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1).toLowerCase().replace(/\.gz$/, "");
  return { path, name, lines, json, columns: (splitRow(first, separatorOf(first)) ?? []).map(columnName) };
}
