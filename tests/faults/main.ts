/**
 * `npm run test:faults`: proves the delivery promise against a real browser and the real edge, fault by fault.
 *
 * `--short` is the form within `npm test`; `--seed <text>` repeats a run; `--only <words>` runs the faults whose name
 * holds them; `--json <file>` writes how many held.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildBundles, startEdge, type Edge } from "../../demo/stack.ts";
import { browserKills } from "./kills.ts";
import { LEAVING_FAULTS } from "./leaving.ts";
import { seeded } from "./random.ts";
import { SERVER_FAULTS } from "./servers.ts";
import { openShop } from "./shop.ts";
import { STORAGE_FAULTS } from "./storage.ts";
import { tryFault, type FaultPlan, type Outcome } from "./trial.ts";
import { openWay } from "./way.ts";

/** Faults are tried on as many grounds at once, each with an edge, a way to it and a shop of its own: most of them wait. */
const GROUNDS = [{ edge: 18220, way: 18221, shop: 18222 }, { edge: 18223, way: 18224, shop: 18225 }];
const KILLS = { short: 5, perProfile: 15, profiles: 8 };
/** Of the events recorded in the tick in which their page was left, at least this share must arrive. */
const LEAVING_GOAL = 0.999;
/** Faults are the edge's own refusals only where a test says so. */
const VARS = { RATE_LIMIT_PER_KEY: "1e9", RATE_LIMIT_PER_CLIENT: "1e9", RATE_LIMIT_PER_NETWORK: "1e9" };

const { values } = parseArgs({ options: { short: { type: "boolean", default: false }, seed: { type: "string" }, only: { type: "string" }, json: { type: "string" } } });
const { short } = values;
const seed = values.seed ?? String(Date.now());
const kills = short ? [browserKills(`the browser is killed at ${KILLS.short} random moments`, KILLS.short)]
  : Array.from({ length: KILLS.profiles }, (_, profile) => browserKills(`the browser is killed at ${KILLS.perProfile} random moments, profile ${profile + 1}`, KILLS.perProfile));
const plans: FaultPlan[] = [...SERVER_FAULTS, ...LEAVING_FAULTS, ...STORAGE_FAULTS, ...kills]
  .filter(({ name, longOnly }) => name.includes(values.only ?? "") && !(short && longOnly));

await buildBundles();
console.log(`Seed ${seed}: repeat with --seed ${seed}`);
const outcomes: Outcome[] = [];
const waiting = [...plans];
const runs = await Promise.allSettled(GROUNDS.slice(0, plans.length).map(tryOn));
for (const run of runs) if (run.status === "rejected") throw run.reason;
const failed = summarise();
if (values.json !== undefined) writeFileSync(values.json, JSON.stringify({ passed: outcomes.length - failed, failed }));
process.exit(failed > 0 ? 1 : 0);

/** Tries one fault after the other, as long as any waits. */
async function tryOn(ports: (typeof GROUNDS)[number]): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), "endcap-faults-edge-"));
  const edgeOptions = { port: ports.edge, dataDir, vars: VARS };
  let edge: Edge = await startEdge(edgeOptions);
  const way = await openWay({ port: ports.way, edge: edge.url, random: seeded(seed) });
  const shop = await openShop({ port: ports.shop, edge: way.url });
  try {
    for (let plan; (plan = waiting.shift()); ) {
      const outcome = await tryFault(plan, {
        edgeUrl: edge.url, adminToken: edge.adminToken, shop, way,
        cutEdge: () => edge.kill(),
        restartEdge: async () => void (edge = await startEdge(edgeOptions)),
      }, { seed, short });
      outcomes.push(outcome);
      print(outcome);
    }
  } finally {
    await shop.close();
    await way.close();
    await edge.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

function print({ plan, account, notes, tookMs }: Outcome): void {
  const { tracked, resolved, counted, pending, unfinished, requests, lost, doubled, broken } = account;
  const dropped = Object.entries(account.dropped).map(([reason, count]) => `${count} ${reason}`).join(", ");
  const holds = holdsIn(account);
  console.log(`${holds ? "✓" : "✗"} ${plan.name}  (${(tookMs / 1000).toFixed(0)} s)`);
  console.log(`    tracked ${tracked}, resolved ${resolved}, counted ${counted}, dropped ${dropped || 0}, pending ${pending}, unfinished ${unfinished}, requests ${requests}, lost ${lost.length}, doubled ${doubled.length}, clients ${account.clients}${account.leaving.tracked > 0 ? `, leaving ${account.leaving.counted} of ${account.leaving.tracked}` : ""}`);
  for (const text of new Set(notes)) console.log(`    ${notes.filter((note) => note === text).length} × ${text}`);
  for (const [what, markers] of [["lost", lost], ["doubled", doubled]] as const) if (markers.length > 0) console.log(`    ${what}: ${markers.slice(0, 12).join(" ")}`);
  for (const sentence of broken) console.log(`    ! ${sentence}`);
}

function holdsIn({ lost, doubled, broken }: Outcome["account"]): boolean {
  return lost.length + doubled.length + broken.length === 0;
}

/** @returns how many faults broke the promise */
function summarise(): number {
  const sum = (pick: (account: Outcome["account"]) => number) => outcomes.reduce((total, { account }) => total + pick(account), 0);
  const leaving = { tracked: sum(({ leaving: { tracked } }) => tracked), counted: sum(({ leaving: { counted } }) => counted) };
  console.log(`\n${sum(({ tracked }) => tracked)} tracked, ${sum(({ resolved }) => resolved)} resolved: ${sum(({ lost }) => lost.length)} lost, ${sum(({ doubled }) => doubled.length)} doubled. Seed ${seed}.`);
  let failing = outcomes.filter(({ account }) => !holdsIn(account)).length;
  if (leaving.tracked > 0) {
    const share = leaving.counted / leaving.tracked;
    console.log(`Recorded in the tick of leaving: ${leaving.counted} of ${leaving.tracked} arrived (${(100 * share).toFixed(2)} %, goal ${100 * LEAVING_GOAL} %).`);
    if (share < LEAVING_GOAL) failing += 1;
  }
  return failing;
}
