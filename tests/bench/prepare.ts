/**
 * How many events a second the trainer reads, cleans and turns into histories, and in how much memory: a generated log with
 * the schema of a big shop's (REES46).
 */
import { spawnSync } from "node:child_process";
import { createWriteStream, mkdtempSync, rmSync, statSync } from "node:fs";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { seededRandom } from "../../core/ids.ts";
import { loadFromFiles } from "../../trainer/load.ts";
import { report } from "./report.ts";

const { values: options } = parseArgs({ options: { events: { type: "string", default: "10000000" }, file: { type: "string" }, json: { type: "string" } } });
const PRODUCTS = 50_000;
const EVENTS_PER_SHOPPER = 10;
const START_MS = Date.UTC(2026, 0, 1);
const SPAN_S = 180 * 86_400;
const EVENTS = Number(options.events);

if (options.file !== undefined) await measure(options.file);
else await main();

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "endcap-prepare-"));
  try {
    const file = join(folder, "log.csv");
    await generate(file);
    // In a process of its own, whose peak is the preparation's alone.
    const { status, stdout } = spawnSync(process.execPath, [import.meta.filename, "--file", file], { stdio: ["ignore", "pipe", "inherit"], encoding: "utf8" });
    if (status !== 0) throw new Error(`the measured process ended with ${status}`);
    const { seconds, cpuSeconds, peakMiB, events, shoppers } = JSON.parse(stdout.trim().split("\n").at(-1)!) as { [figure: string]: number };
    report(`Preparation of ${EVENTS.toLocaleString("en")} events of ${shoppers!.toLocaleString("en")} shoppers (${(statSync(file).size / 2 ** 20).toFixed(0)} MiB of CSV)`, [
      { what: "read, clean, unfold", metric: "rate", value: EVENTS / seconds!, unit: "events/s" },
      { what: "read, clean, unfold", metric: "processor time", value: cpuSeconds!, unit: "s" },
      { what: "events that were kept", metric: "count", value: events!, unit: "events" },
      { what: "peak memory (resident)", metric: "bound", value: peakMiB!, unit: "MiB", against: "allowed", againstValue: 4096 },
    ], "slow disks (the file is in the page cache); logs whose clients come back over years");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function generate(path: string): Promise<void> {
  const random = seededRandom(7);
  const out = createWriteStream(path);
  const shoppers = Math.max(1, Math.floor(EVENTS / EVENTS_PER_SHOPPER));
  let text = "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session\n";
  for (let i = 0; i < EVENTS; i += 1) {
    const at = new Date(START_MS + Math.floor((i / EVENTS) * SPAN_S) * 1000).toISOString();
    const kind = random();
    const product = Math.floor(PRODUCTS * random() ** 3);
    const shopper = Math.floor(random() * shoppers);
    text += `${at.slice(0, 10)} ${at.slice(11, 19)} UTC,${kind < 0.9 ? "view" : kind < 0.97 ? "cart" : "purchase"},${1_000_000 + product},205301355${product % 900},house.kitchen.thing${product % 300},brand${product % 400},${(1 + (product % 5000) / 10).toFixed(2)},${500_000_000 + shopper},${"0".repeat(8)}-0000-4000-8000-${String(shopper).padStart(12, "0")}\n`;
    if (text.length < 1 << 20) continue;
    if (!out.write(text)) await once(out, "drain");
    text = "";
  }
  out.end(text);
  await once(out, "finish");
}

async function measure(file: string): Promise<void> {
  const start = performance.now();
  const dataset = await loadFromFiles({ files: { data: file }, nowMs: START_MS + (SPAN_S + 1) * 1000, print: () => undefined });
  let moments = 0;
  for (const shopper of dataset.shoppers) moments += shopper.moments.length;
  if (moments === 0) throw new Error("no moment came out");
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  console.log(JSON.stringify({ seconds: (performance.now() - start) / 1000, cpuSeconds: (userCPUTime + systemCPUTime) / 1e6, peakMiB: maxRSS / 1024, events: dataset.events, shoppers: dataset.shoppers.length }));
}
