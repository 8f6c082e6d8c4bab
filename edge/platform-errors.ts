/**
 * Which failures are the platform's passing ones: the same request may succeed later, and counts once however often it comes.
 *
 * @see https://developers.cloudflare.com/durable-objects/best-practices/error-handling/
 * @see https://developers.cloudflare.com/d1/observability/debug-d1/
 */

/** What D1 and Durable Objects say where the error carries no property that would; parts of their sentences. */
const PASSING = [
  "is overloaded",
  "reset because its code was updated",
  "caused object to be reset",
  "exceeded its memory limit and was reset",
  "due to transient issue on remote node",
  "Network connection lost",
  "storage operation exceeded timeout",
];
/** SQLite's words for a Durable Object that may hold no more. */
const FULL = ["SQLITE_FULL", "database or disk is full", "SQLITE_IOERR", "disk I/O error", "broken.outputGateBroken"];

export type PlatformTrouble = "busy" | "full";

/** @returns null for every other error: a fault of ours */
export function platformTrouble(error: unknown): PlatformTrouble | null {
  const { overloaded, retryable } = error as { overloaded?: boolean; retryable?: boolean };
  const text = messages(error);
  if (FULL.some((words) => text.includes(words))) return "full";
  return overloaded === true || retryable === true || PASSING.some((words) => text.includes(words)) ? "busy" : null;
}

/** An error's message with those of its causes. */
function messages(error: unknown): string {
  let text = "";
  for (let at: unknown = error; at instanceof Error; at = at.cause) text += `${at.message}\n`;
  return text;
}
