import { expect, it } from "vitest";
import { watch } from "../../trainer/watch.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Watches by a clock that runs only while it waits, and what a training takes. */
async function watchFor(hours: number, { wishes = new Map<number, number>(), trainMs = 0, fail = () => undefined as unknown }: { wishes?: Map<number, number>; trainMs?: number; fail?: (nowMs: number) => unknown } = {}) {
  let nowMs = 0;
  const done: [what: string, minute: number][] = [];
  const minute = () => Math.round(nowMs / MINUTE_MS);
  let wish: number | undefined;
  const failing = (what: string) => {
    done.push([what, minute()]);
    const error = fail(nowMs);
    if (error) throw error;
  };
  await watch({
    shop: "gifts", everyMs: 24 * HOUR_MS, now: () => nowMs, stopped: () => nowMs >= hours * HOUR_MS,
    client: {
      models: async () => {
        for (const [at, version] of wishes) if (at <= minute()) [wish] = [version, wishes.delete(at)];
        return { paused: false, models: [], ...(wish !== undefined && { requested: { version: wish, requestedAtMs: 0 } }) };
      },
    },
    train: async () => {
      failing("train");
      nowMs += trainMs;
    },
    restore: async (version) => {
      failing(`restore ${version}`);
      wish = undefined;
    },
    onError: (error) => void done.push([(error as Error).message, minute()]),
    wait: async (ms) => void (nowMs += Math.max(1000, ms)),
  });
  return done;
}

it("trains at once and then at its times, and serves within a minute what the dashboard asks for", async () => {
  expect(await watchFor(49, { wishes: new Map([[90, 3]]) })).toEqual([["train", 0], ["restore 3", 90], ["train", 24 * 60], ["train", 48 * 60]]);
});

it("goes on when something went wrong, and tries again", async () => {
  const done = await watchFor(25, { wishes: new Map([[90, 3]]), fail: (nowMs) => (nowMs < 92 * MINUTE_MS ? new Error("no answer from the edge") : undefined) });
  expect(done.slice(0, 7)).toEqual([["train", 0], ["no answer from the edge", 0], ["restore 3", 90], ["no answer from the edge", 90], ["restore 3", 91], ["no answer from the edge", 91], ["restore 3", 92]]);
  expect(done.slice(7)).toEqual([["train", 24 * 60]]);
});

it("leaves out the times that a long training has missed", async () => {
  expect(await watchFor(80, { trainMs: 30 * HOUR_MS })).toEqual([["train", 0], ["train", 48 * 60]]);
});
