/** `GET …/stats`: what the dashboard shows. Exact, never sampled. */
import { routes, STAT_BUCKETS, type StatBucket, type StatsResponse } from "../../core/api.ts";
import { addDays, HOUR_MS, startOfDay } from "../../core/calendar.ts";
import { merchantOnly } from "../access.ts";
import type { App, Services } from "../app.ts";
import { DAY_MS, SLOT_MS, slotOf } from "../ledger/clock.ts";
import { refuse } from "../refusal.ts";
import { shardsOf } from "../shards.ts";

/** The longest range by bucket: each bucket of the answer reads its days' people once. */
const MAX_RANGE_MS: { readonly [B in StatBucket]: number } = { hour: 31 * DAY_MS, day: 800 * DAY_MS };
const DEFAULT_RANGE_MS = 7 * DAY_MS;
/** Beyond this no date has a name. */
const MAX_TIME_MS = 8.64e15 / 2;

export function statsRoutes(app: App, services: Services): void {
  app.get(routes.admin.stats(":shop"), merchantOnly(services), async (c) => {
    const shop = c.get("shop");
    const nowMs = services.now();
    const bucket = STAT_BUCKETS.find((name) => name === (c.req.query("bucket") ?? "day"));
    if (!bucket) return refuse(400, "invalid-bucket", `bucket is "${c.req.query("bucket")}"; say ${STAT_BUCKETS.join(" or ")}.`);
    const givenTo = readTime(c.req.query("toMs"), nowMs);
    const givenFrom = readTime(c.req.query("fromMs"), (givenTo ?? nowMs) - DEFAULT_RANGE_MS);
    if (givenFrom === null || givenTo === null) return refuse(400, "invalid-range", "fromMs and toMs are milliseconds since 1970.");
    if (givenTo <= givenFrom) return refuse(400, "invalid-range", "toMs must be after fromMs.");
    // Counters are kept per quarter-hour: the range is widened to whole ones.
    const fromMs = slotOf(givenFrom);
    const toMs = slotOf(givenTo + SLOT_MS - 1);
    if (toMs - fromMs > MAX_RANGE_MS[bucket]) return refuse(400, "range-too-long", `By ${bucket}, a range may hold ${MAX_RANGE_MS[bucket] / DAY_MS} days.`);
    const bucketStartsMs = bucket === "day" ? dayStarts(shop.timeZone, fromMs, toMs) : hourStarts(shop.timeZone, fromMs, toMs);
    const stats = await shardsOf(c.env, shop, services.sleep).stats({ fromMs, toMs, bucketStartsMs, nowMs }, shop.currency);
    const answer: StatsResponse = { shop: shop.id, name: shop.name, currency: shop.currency, timeZone: shop.timeZone, fromMs, toMs, ...stats };
    return c.json(answer, 200, { "cache-control": "no-store" });
  });
}

/** The shop's calendar days in a range; the first begins where the range does. */
function dayStarts(timeZone: string, fromMs: number, toMs: number): number[] {
  const starts = [fromMs];
  const firstDayMs = startOfDay(timeZone, fromMs);
  for (let day = 1; ; day += 1) {
    const startMs = slotOf(addDays(timeZone, firstDayMs, day));
    if (startMs >= toMs) return starts;
    starts.push(startMs);
  }
}

/** The hours of the shop's own days, counted from each day's start; a day that clocks shorten by half an hour ends amid one. */
function hourStarts(timeZone: string, fromMs: number, toMs: number): number[] {
  const starts = [fromMs];
  for (let dayMs = startOfDay(timeZone, fromMs); dayMs < toMs; ) {
    const nextDayMs = addDays(timeZone, dayMs, 1);
    for (let atMs = slotOf(dayMs); atMs < Math.min(nextDayMs, toMs); atMs += HOUR_MS) if (atMs > fromMs) starts.push(atMs);
    dayMs = nextDayMs;
  }
  return starts;
}

function readTime(text: string | undefined, otherwise: number): number | null {
  if (text === undefined || text === "") return otherwise;
  const value = Number(text);
  return Number.isSafeInteger(value) && value >= 0 && value <= MAX_TIME_MS ? value : null;
}
