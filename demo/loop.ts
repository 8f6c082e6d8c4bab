/**
 * The steps that bring a shop from nothing to its first model: create it, fill it, train and publish. Each is done
 * once; an interrupted one is simply done again, since imports replace and the ledger counts a number once.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { routes, type ShopConfig } from "../core/api.ts";
import type { CatalogueSnapshot, Product } from "../core/catalogue.ts";
import { tagSnippet } from "../core/tag.ts";
import { credentialsPath, readCredentials, writeCredentials, type ShopCredentials } from "../trainer/credentials.ts";
import { createEdgeClient, type EdgeClient } from "../trainer/edge-client.ts";
import { readOrCreateKey } from "../trainer/keys.ts";
import { HOLDOUT_SHARE, oraclePath, type ShopPlan } from "./plans.ts";
import { isDataFolder, StartError } from "./stack.ts";

const ROOT = resolve(import.meta.dirname, "..");

export interface PrepareOptions {
  plan: ShopPlan;
  /** The edge's origin, and the operator's token there. */
  edge: string;
  adminToken: string;
  shopOrigin: string;
  dataDir: string;
}

export interface PreparedShop {
  credentials: ShopCredentials;
  client: EdgeClient;
}

/** What is remembered of a shop between starts. */
interface ShopState {
  startedAtMs: number;
  shopOrigin: string;
  done: string[];
}

/**
 * Forgets the edge's data and the shops that starts have made, with their credentials and keys. Other shops' keys,
 * which cannot be made again, stay, and so does every other file.
 * @throws StartError for a folder that no start has made
 */
export function resetData(dataDir: string): void {
  if (!existsSync(dataDir)) return;
  if (!isDataFolder(dataDir)) throw new StartError(`${dataDir} was not made by npm start, so --reset leaves it alone. Name another folder with --data-dir.`);
  const remove = (...path: string[]) => rmSync(join(dataDir, ...path), { recursive: true, force: true });
  const made = existsSync(join(dataDir, "demo")) ? readdirSync(join(dataDir, "demo")) : [];
  for (const shop of made) {
    for (const folder of ["shops", "keys"]) remove(folder, `${shop}.json`);
    for (const folder of ["cache", "models"]) remove(folder, shop);
  }
  for (const name of ["edge", "demo", "edge.env"]) remove(name);
}

/** Creates a shop and fills it, unless that was done before. @throws StartError with what to do */
export async function openShop(options: PrepareOptions): Promise<PreparedShop> {
  const { plan, edge, adminToken, shopOrigin, dataDir } = options;
  const memory = remember(options);
  await memory.once("create", async () => {
    // A shop that was created just before an interruption has its credentials on disk already.
    if (existsSync(credentialsPath(plan.id, dataDir))) return;
    const signer = await readOrCreateKey(plan.id, dataDir);
    const { id, name, currency, locale, timeZone } = plan;
    const created = await createEdgeClient({ edge, token: adminToken }).createShop({ id, name, currency, locale, timeZone, origins: [shopOrigin], signers: [signer.fingerprint], holdoutShare: HOLDOUT_SHARE });
    writeCredentials({ edge, shop: id, writeKey: created.writeKey, merchantToken: created.merchantToken, signer: signer.fingerprint }, dataDir);
  });
  const credentials = { ...readCredentials(plan.id, dataDir), edge };
  const client = createEdgeClient({ edge, token: credentials.merchantToken });
  const { startedAtMs, folder } = memory;
  for (const step of plan.steps) await memory.once(step.name, () => step.run({ client, credentials, shopOrigin, startedAtMs, dataDir, folder }));
  return { credentials, client };
}

/** Brings a shop as far as its first published model, unless that was done before. @throws StartError with what to do */
export async function prepareShop(options: PrepareOptions): Promise<PreparedShop> {
  const prepared = await openShop(options);
  const memory = remember(options);
  const oracle = oraclePath(memory.folder);
  await memory.once("model", () => train(options.plan.id, options.dataDir, existsSync(oracle) ? ["--oracle", oracle] : []));
  return prepared;
}

/** What a shop has on its shelves, best sellers first where they are known: the order of its public catalogue. */
export async function shopProducts({ client, credentials }: PreparedShop): Promise<Product[]> {
  const { products } = await client.catalogue(credentials.shop);
  const config = await publicJson<ShopConfig>(credentials.edge + routes.config(credentials.writeKey));
  if (!config.catalogue) return products;
  const { cards } = await publicJson<CatalogueSnapshot>(credentials.edge + routes.file(config.catalogue.sha256));
  const place = new Map(cards.map(({ id }, index) => [id, index]));
  return products.sort((a, b) => (place.get(a.id) ?? Infinity) - (place.get(b.id) ?? Infinity) || 0);
}

async function publicJson<T>(url: string): Promise<T> {
  const response = await fetch(url);
  if (!response.ok) throw new StartError(`The edge answered ${response.status} to ${url}.`);
  return (await response.json()) as T;
}

/**
 * The tag of a shop, as its owner pastes it; in the demo nobody is held out, so that nobody wonders where the carousels
 * are, and the checkout's first page, which asks for an address, is opted in.
 */
export function tagOf({ edge, writeKey, signer }: ShopCredentials): string {
  return tagSnippet(edge, writeKey, [signer], { arm: "treatment", checkout: "on" });
}

/** What was done for a shop already, kept beside its data. */
function remember({ plan, shopOrigin, dataDir }: PrepareOptions): { startedAtMs: number; folder: string; once(name: string, work: () => Promise<void>): Promise<void> } {
  const folder = join(dataDir, "demo", plan.id);
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "state.json");
  const state: ShopState = existsSync(file) ? readState(file) : { startedAtMs: Date.now(), shopOrigin, done: [] };
  const save = () => {
    writeFileSync(`${file}.tmp`, JSON.stringify(state, null, 2));
    renameSync(`${file}.tmp`, file);
  };
  save();
  if (state.shopOrigin !== shopOrigin) {
    throw new StartError(`The shop "${plan.id}" was made for ${state.shopOrigin}, and the edge takes its events from there only. Start it with that port, or begin anew with --reset.`);
  }
  return {
    startedAtMs: state.startedAtMs,
    folder,
    async once(name, work) {
      if (state.done.includes(name)) return;
      await work();
      state.done.push(name);
      save();
    },
  };
}

function readState(file: string): ShopState {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as ShopState;
  } catch {
    throw new StartError(`${file} cannot be read, so it is not known what was done for this shop. Begin anew with --reset.`);
  }
}

/** The trainer in a process of its own, as a shop owner would run it. */
async function train(shop: string, dataDir: string, args: string[]): Promise<void> {
  const child = spawn(process.execPath, [join(ROOT, "trainer/main.ts"), "train", "--shop", shop, "--data-dir", dataDir, ...args], { stdio: "inherit" });
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0) throw new StartError("The trainer published nothing; what it said is above.");
}
