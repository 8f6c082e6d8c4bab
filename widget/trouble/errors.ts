/** Tells of script errors of the shop's pages: what failed and where. The recorder takes out what shoppers may have typed. */
import type { RecordEvent } from "../experience/experience.ts";

/** A page that fails in a loop says enough with its first errors. */
const MAX_ERRORS = 5;
/** Less than the schema's: what the recorder takes out leaves a word in its place. */
const MAX_MESSAGE_CHARS = 450;
const MAX_SOURCE_CHARS = 180;
/** The first address in a stack, with its line; the column after it ends it. */
const FRAME = /([a-z][\w.+-]*:\/\/[^\s()]+?):(\d+):\d+/i;
/** Pages can't help it, and nothing is broken. */
const HARMLESS = /^ResizeObserver loop/;

export interface Errors {
  take(event: Event): void;
}

/** @param edge its own scripts, whose faults are not the shop's */
export function watchErrors({ edge, record }: { edge: string; record: RecordEvent }): Errors {
  const told = new Set<string>();
  return {
    take(event) {
      const { message, filename, lineno, error, reason } = event as Partial<ErrorEvent & PromiseRejectionEvent>;
      const thrown = (error ?? reason) as { stack?: unknown } | undefined;
      const [, frame = "", frameLine] = FRAME.exec(String(thrown?.stack ?? "")) ?? [];
      const source = filename || frame;
      // Browsers' extensions run in the page too, under addresses of their own.
      if ((source && !/^https?:/i.test(source)) || source.startsWith(`${edge}/`)) return;
      const text = (message ?? textOf(reason)).slice(0, MAX_MESSAGE_CHARS);
      if (!text || HARMLESS.test(text)) return;
      const params = {
        message: text,
        ...(source && { source: source.split(/[?#]/, 1)[0]!.slice(0, MAX_SOURCE_CHARS) }),
        ...((lineno || frameLine) && { line: Number(lineno || frameLine) }),
      };
      const key = JSON.stringify(params);
      if (told.has(key) || told.size >= MAX_ERRORS) return;
      told.add(key);
      record("script_error", params);
    },
  };
}

/** What a promise was rejected with may be anything. */
function textOf(reason: unknown): string {
  const { message, name } = (typeof reason === "object" && reason !== null ? reason : {}) as { message?: unknown; name?: unknown };
  if (typeof message === "string") return `${typeof name === "string" ? name : "Error"}: ${message}`;
  return typeof reason === "object" ? Object.prototype.toString.call(reason) : String(reason);
}
