/** Structured logs: one JSON object a line, of what happened and where, never of whom. */

/** Routes by their patterns, shops by their ids, errors by their names and places; no address, client, order or text of a page. */
export interface LogFields {
  shop?: string;
  shard?: number;
  /** `GET /v1/files/:sha256`: with the names of parameters, not what they were. */
  route?: string;
  status?: number;
  code?: string;
  attempt?: number;
  retryInMs?: number;
  error?: unknown;
}

/** What texts of errors may hold of a shopper: quoted values, addresses, long ids. */
const PERSONAL = /"[^"]*"|'[^']*'|\S+@\S+|\b[A-Za-z0-9_-]{16,}\b/g;
const MAX_TEXT = 300;

export function log(level: "info" | "warn" | "error", event: string, { error, ...fields }: LogFields = {}): void {
  const told = error === undefined ? {} : { error: nameOf(error), message: textOf(error), at: placeOf(error) };
  console[level](JSON.stringify({ level, event, ...fields, ...told }));
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
function textOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(PERSONAL, "…").slice(0, MAX_TEXT);
}
/** The two innermost places of our own code. */
function placeOf(error: unknown): string[] {
  const lines = (error instanceof Error ? (error.stack ?? "") : "").split("\n");
  return lines.filter((line) => line.trimStart().startsWith("at ")).slice(0, 2).map((line) => line.trim().slice(3).replace(/\S*\//, ""));
}
