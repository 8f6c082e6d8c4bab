/**
 * `npm run test:edge-faults`: proves that the edge counts every acknowledged event once, in workerd on a disk of this machine,
 * fault by fault.
 *
 * `--short` is the form within `npm test`; `--seed <text>` repeats a run's moments; `--only <words>` runs the faults whose name
 * holds them; `--json <file>` writes how many held.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { routes, type ShardsResponse } from "../../../core/api.ts";
import { between, seeded } from "../random.ts";
import { openLoad, pause, type Load } from "./load.ts";
import { ADMIN_TOKEN, openWorkerd, type Workerd } from "./workerd.ts";

/** Small pieces, so that the archive is at work all the time; limits are the edge's own refusals, and not meant here. */
const VARS = { ARCHIVE_SEGMENT_BYTES: "20000", ARCHIVE_AGE_MS: "2000", RATE_LIMIT_PER_KEY: "1e9", RATE_LIMIT_PER_CLIENT: "1e9", RATE_LIMIT_PER_NETWORK: "1e9", DAILY_EVENTS_PER_CLIENT: "1e9" };
/** A disk that is full after some thousand events. */
const SMALL_DISK_MB = 6;

const { values } = parseArgs({ options: { short: { type: "boolean", default: false }, seed: { type: "string" }, only: { type: "string" }, json: { type: "string" } } });
const { short } = values;
const seed = values.seed ?? String(Date.now());
const KILLS = short ? 5 : 55;
const LOAD_MS = short ? 1_200 : 6_000;

interface Context {
  workerd: Workerd;
  random: () => number;
  load: Load;
  faults(faults: object): Promise<void>;
  forMs(ms: number): Promise<void>;
}

const FAULTS: { name: string; run(context: Context): Promise<string[]> }[] = [
  {
    name: `workerd is killed at ${KILLS} random moments, while clients move between shards`,
    async run({ workerd, random, load }) {
      for (let kill = 0; kill < KILLS; kill += 1) {
        if (kill % 5 === 1) await reshard(workerd, load.id, [3, 2, 4, 1][Math.floor(kill / 5) % 4]!);
        let over = false;
        const running = load.run(() => over);
        await pause(between(random, 60, short ? 400 : 900));
        await workerd.kill();
        over = true;
        await running;
        await workerd.start();
      }
      return [];
    },
  },
  {
    name: "R2 refuses for a while, and loses answers",
    async run({ faults, forMs }) {
      await faults({ r2Refuses: 1 });
      await forMs(LOAD_MS);
      await faults({ r2AnswerLost: 0.5 });
      await forMs(LOAD_MS);
      return [];
    },
  },
  {
    name: "the alarm rings on two machines at once, and again",
    async run({ workerd, load, forMs }) {
      let over = false;
      const ringing = (async () => {
        while (!over) await fetch(`${workerd.url}/test/ring/${encodeURIComponent(`ledger:${load.id}:0`)}`);
      })();
      await forMs(LOAD_MS);
      over = true;
      await ringing;
      return [];
    },
  },
  {
    name: "Durable Objects and D1 are overloaded, reset and cut off, before and after they did what was asked",
    async run({ faults, forMs }) {
      await faults({ ledger: 0.2, ledgerAnswerLost: 0.2, d1: 0.3, r2AnswerLost: 0.2 });
      await forMs(2 * LOAD_MS);
      return [];
    },
  },
  {
    name: "clients move between shards, again and again",
    async run({ workerd, load, forMs }) {
      for (const shards of short ? [4, 1] : [2, 5, 3, 8, 1, 4]) {
        await reshard(workerd, load.id, shards);
        await forMs(short ? 600 : 1_500);
      }
      return [];
    },
  },
];

const folder = mkdtempSync(join(tmpdir(), "endcap-edge-faults-"));
let failed = 0;
let passed = 0;
console.log(`Seed ${seed}: repeat with --seed ${seed}`);
try {
  const workerd = await openWorkerd({ folder, vars: VARS });
  try {
    for (const [index, fault] of FAULTS.entries()) if (fault.name.includes(values.only ?? "")) await tryFault(fault, workerd, `faults-${index}`);
  } finally {
    await workerd.stop();
  }
  if ("the disk is full".includes(values.only ?? "the disk")) await tryFullDisk();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
if (values.json !== undefined) writeFileSync(values.json, JSON.stringify({ passed, failed }));
process.exit(failed > 0 ? 1 : 0);

async function tryFault({ name, run }: (typeof FAULTS)[number], workerd: Workerd, id: string): Promise<void> {
  const random = seeded(`${seed} ${name}`);
  const startMs = performance.now();
  const load = await openLoad(workerd, id, random);
  const faults = (given: object) => fetch(`${workerd.url}/test/faults`, { method: "POST", body: JSON.stringify(given) }).then(() => undefined);
  const forMs = async (ms: number) => {
    const end = performance.now() + ms;
    await load.run(() => performance.now() > end);
  };
  const said = await run({ workerd, random, load, faults, forMs });
  await faults({});
  // What was acknowledged amid the fault is there before anything is sent again.
  said.push(...(await settledAudit(load, workerd)));
  await load.settle();
  said.push(...(await settledAudit(load, workerd)));
  print(name, load, said, startMs);
}

/** A filesystem of a few megabytes, filled up: batches are refused, and counted once there is room again. */
async function tryFullDisk(): Promise<void> {
  const name = "the disk is full";
  const disk = join(folder, "small-disk");
  mkdirSync(disk, { recursive: true });
  if (spawnSync("mount", ["-t", "tmpfs", "-o", `size=${SMALL_DISK_MB}m`, "tmpfs", disk]).status !== 0) {
    console.log(`- ${name}: skipped, since this user may not mount a small filesystem`);
    return;
  }
  const startMs = performance.now();
  try {
    const workerd = await openWorkerd({ folder: join(folder, "full"), disk, vars: { ...VARS, ARCHIVE_SEGMENT_BYTES: "1e9", ARCHIVE_AGE_MS: "1e12" } });
    const load = await openLoad(workerd, "full", seeded(`${seed} ${name}`));
    const end = performance.now() + 20_000;
    await load.run(() => performance.now() > end || (load.refused["503"] ?? 0) > 40);
    const said = load.refused["503"] === undefined ? ["the disk was never full"] : [];
    spawnSync("mount", ["-o", "remount,size=64m", disk]);
    // As the platform does with an object that failed: it starts anew.
    await workerd.kill();
    await workerd.start();
    said.push(...(await settledAudit(load, workerd)));
    await load.settle();
    said.push(...(await settledAudit(load, workerd)));
    print(name, load, said, startMs);
    await workerd.stop();
  } finally {
    spawnSync("umount", ["-l", disk]);
  }
}

async function reshard(workerd: Workerd, id: string, shards: number): Promise<void> {
  await fetch(workerd.url + routes.admin.shards(id), { method: "PUT", headers: { authorization: `Bearer ${ADMIN_TOKEN}` }, body: JSON.stringify({ shards }) });
}

/** Once clients have arrived at their shards. */
async function settledAudit(load: Load, workerd: Workerd): Promise<string[]> {
  for (let waits = 0; ; waits += 1) {
    const answer = await fetch(workerd.url + routes.admin.shards(load.id), { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } });
    if (((await answer.json()) as ShardsResponse).settled) return load.audit();
    if (waits > 300) return ["clients never arrive at their shards"];
    await pause(100);
  }
}

function print(name: string, load: Load, said: readonly string[], startMs: number): void {
  if (said.length > 0) failed += 1;
  else passed += 1;
  console.log(`${said.length > 0 ? "✗" : "✓"} ${name}  (${((performance.now() - startMs) / 1000).toFixed(0)} s)`);
  console.log(`    ${load.sent} events sent, ${load.acknowledged} acknowledged, refusals ${JSON.stringify(load.refused)}`);
  for (const sentence of said) console.log(`    ! ${sentence}`);
}
