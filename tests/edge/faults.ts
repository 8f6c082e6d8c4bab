/** The edge as it is, with faults at its bindings: what R2, D1 and Durable Objects can do to it, when a test says so. */
import { createApp } from "../../edge/app.ts";
import type { Env } from "../../edge/env.ts";
import { ShopLedger as RealLedger } from "../../edge/ledger/ledger.ts";

/** Which fault how often, from 0 to 1. `lost` counterparts do what was asked, and lose the answer. */
interface Faults {
  r2Refuses: number;
  r2AnswerLost: number;
  ledger: number;
  ledgerAnswerLost: number;
  d1: number;
}
const NONE: Faults = { r2Refuses: 0, r2AnswerLost: 0, ledger: 0, ledgerAnswerLost: 0, d1: 0 };
let faults = NONE;

/** As the platform words and marks them. */
const LEDGER_ERRORS: readonly (readonly [message: string, properties: object])[] = [
  ["Durable Object is overloaded. Too many requests queued.", { overloaded: true, remote: false }],
  ["Durable Object is overloaded. Too much data queued.", { overloaded: true, remote: false }],
  ["Durable Object is overloaded. Requests queued for too long.", { overloaded: true, remote: false }],
  ["Durable Object is overloaded. Too many requests for the same object within a 10 second window.", { overloaded: true, remote: false }],
  ["Durable Object storage operation exceeded timeout which caused object to be reset.", { durableObjectReset: true, retryable: true }],
  ["Durable Object reset because its code was updated.", { durableObjectReset: true, retryable: true }],
  ["Durable Object's isolate exceeded its memory limit and was reset.", { durableObjectReset: true }],
  ["Network connection lost.", { retryable: true }],
];
const D1_ERRORS: readonly (readonly [message: string, properties: object])[] = [
  "D1 DB is overloaded. Requests queued for too long.",
  "D1 DB is overloaded. Too many requests queued.",
  "D1 DB reset because its code was updated.",
  "Internal error while starting up D1 DB storage caused object to be reset.",
  "D1 DB storage operation exceeded timeout which caused object to be reset.",
  "Cannot resolve D1 DB due to transient issue on remote node.",
  "Network connection lost.",
].map((message) => [`D1_ERROR: ${message}`, {}] as const);

function pick(errors: typeof LEDGER_ERRORS): Error {
  const [message, properties] = errors[Math.floor(Math.random() * errors.length)]!;
  return Object.assign(new Error(message), properties);
}
const strikes = (share: number) => Math.random() < share;

/** Every method of `target` that answers asynchronously, through `around`. */
function wrapped<T extends object>(target: T, around: (call: () => unknown, method: string) => unknown): T {
  return new Proxy(target, {
    get(_, name) {
      const value = Reflect.get(target, name, target) as unknown;
      if (typeof value !== "function") return value;
      // As a call on the target itself: methods of a Durable Object's stub have no `apply` of their own.
      return (...given: unknown[]) => around(() => (target as { [name: string | symbol]: (...given: unknown[]) => unknown })[name]!(...given), String(name));
    },
  });
}

function withFaults(env: Env): Env {
  const FILES = wrapped(env.FILES, async (call) => {
    if (strikes(faults.r2Refuses)) throw new Error("put: We encountered an internal error. Please try again. (10001)");
    const answer = await call();
    if (strikes(faults.r2AnswerLost)) throw new Error("Network connection lost.");
    return answer;
  });
  const stub = (real: object) => wrapped(real, async (call) => {
    if (strikes(faults.ledger)) throw pick(LEDGER_ERRORS);
    const answer = await call();
    if (strikes(faults.ledgerAnswerLost)) throw pick(LEDGER_ERRORS);
    return answer;
  });
  const LEDGER = wrapped(env.LEDGER, (call, method) => (method === "get" ? stub(call() as object) : call()));
  const statement = (real: D1PreparedStatement): D1PreparedStatement => wrapped(real, (call, method) => {
    if (method === "bind") return statement(call() as D1PreparedStatement);
    return strikes(faults.d1) ? Promise.reject(pick(D1_ERRORS)) : call();
  });
  const DB = wrapped(env.DB, (call, method) => {
    if (method === "prepare") return statement(call() as D1PreparedStatement);
    return strikes(faults.d1) ? Promise.reject(pick(D1_ERRORS)) : call();
  });
  return { ...env, FILES, LEDGER, DB };
}

/** What the ledgers have read and written, as the platform would put it on the bill. */
const rows = { read: 0, written: 0 };

function counted(ctx: DurableObjectState): DurableObjectState {
  const cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] = [];
  const add = () => {
    for (const cursor of cursors.splice(0)) [rows.read, rows.written] = [rows.read + cursor.rowsRead, rows.written + cursor.rowsWritten];
  };
  const exec = (...given: Parameters<SqlStorage["exec"]>) => {
    add();
    const cursor = ctx.storage.sql.exec(...given);
    cursors.push(cursor);
    return cursor;
  };
  const through = <T extends object>(target: T, changed: { [name: string]: unknown }): T => new Proxy(target, {
    get(_, name) {
      if (Object.hasOwn(changed, name)) return changed[name as string];
      const value = Reflect.get(target, name, target) as unknown;
      return typeof value === "function" ? (value as (...given: unknown[]) => unknown).bind(target) : value;
    },
  });
  return through(ctx, { storage: through(ctx.storage, { sql: through(ctx.storage.sql, { exec }) }) });
}

export class ShopLedger extends RealLedger {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, withFaults(env));
    Object.assign(this, { ctx: counted(ctx) });
  }

  /** The alarm as if it rang on two machines at once, and again. */
  async ringTwice(): Promise<void> {
    await Promise.all([super.alarm(), super.alarm()]);
    await super.alarm();
  }
}

const app = createApp({ now: Date.now, sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)), fetch: (url, init) => fetch(url, init) });

export default {
  async fetch(request, env, context): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === "/test/faults") {
      faults = { ...NONE, ...(await request.json<Partial<Faults>>()) };
      return new Response();
    }
    if (pathname === "/test/rows") return Response.json(rows);
    if (pathname.startsWith("/test/ring/")) {
      const stub = env.LEDGER.get(env.LEDGER.idFromName(decodeURIComponent(pathname.slice("/test/ring/".length)))) as unknown as ShopLedger;
      await stub.ringTwice();
      return new Response();
    }
    // Statements of a batch must be D1's own.
    return app.fetch(request, pathname.startsWith("/v1/events") ? withFaults(env) : env, context);
  },
} satisfies ExportedHandler<Env>;
