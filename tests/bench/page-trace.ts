/** Reads from a Chromium trace what a page's main thread did, in processor time: other programs on the machine don't count. */

/** What `Browser.startTracing` has to be asked for. */
export const CATEGORIES = ["devtools.timeline", "disabled-by-default-devtools.timeline", "v8", "toplevel"];
/** Beyond this a task blocks: https://web.dev/articles/tbt */
const LONG_MS = 50;

/** Milliseconds of the main thread's processor time. */
export interface MainThread {
  /** All tasks. */
  totalMs: number;
  longestMs: number;
  /** What tasks take beyond 50 ms each. */
  blockingMs: number;
  /** The tag's scripts, with everything that they call, and all microtasks: these pages' own scripts use none. */
  ownMs: number;
  /** The most of it in one task. */
  longestOwnMs: number;
  /** What tasks would block less by without it. */
  ownBlockingMs: number;
}

interface TraceEvent {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  /** Wall and processor time in microseconds: when it began, and how long it took. */
  ts: number;
  dur?: number;
  tdur?: number;
  args: { name?: string; data?: { url?: string } };
}

/** @param tagOrigin where the tag's scripts come from */
export function readTrace(trace: Buffer, tagOrigin: string): MainThread {
  const { traceEvents } = JSON.parse(trace.toString()) as { traceEvents: TraceEvent[] };
  const isOwn = ({ name, args }: TraceEvent) =>
    name === "BlinkScheduler_PerformMicrotaskCheckpoint" || ((name === "EvaluateScript" || name === "FunctionCall") && args.data?.url?.startsWith(tagOrigin) === true);
  // The browser may have started renderers beside the page's: the page's is the one with scripts.
  const scripts = traceEvents.filter(({ name }) => name === "EvaluateScript");
  const main = scripts[0];
  if (!main) throw new Error("The trace shows no script.");
  const events = traceEvents.filter(({ pid, tid, ph }) => pid === main.pid && tid === main.tid && ph === "X").sort((a, b) => a.ts - b.ts || b.dur! - a.dur!);
  const result: MainThread = { totalMs: 0, longestMs: 0, blockingMs: 0, ownMs: 0, longestOwnMs: 0, ownBlockingMs: 0 };
  let taskMs = 0;
  let ownInTaskMs = 0;
  const endTask = () => {
    result.longestOwnMs = Math.max(result.longestOwnMs, ownInTaskMs);
    result.ownBlockingMs += blockingOf(taskMs) - blockingOf(taskMs - ownInTaskMs);
  };
  let taskEnds = -Infinity;
  let ownEnds = -Infinity;
  for (const event of events) {
    const ms = (event.tdur ?? 0) / 1000;
    if (event.ts >= taskEnds && /RunTask$/.test(event.name)) {
      endTask();
      taskEnds = event.ts + event.dur!;
      taskMs = ms;
      ownInTaskMs = 0;
      result.totalMs += ms;
      result.longestMs = Math.max(result.longestMs, ms);
      result.blockingMs += blockingOf(ms);
    } else if (event.ts >= ownEnds && isOwn(event)) {
      ownEnds = event.ts + event.dur!;
      ownInTaskMs += ms;
      result.ownMs += ms;
    }
  }
  endTask();
  return result;
}

function blockingOf(taskMs: number): number {
  return Math.max(0, taskMs - LONG_MS);
}
