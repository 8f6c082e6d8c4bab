/** The shops that can be started: the demo department store with simulated shoppers, and a real shop from its files. */
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import type { ImportLine } from "../core/api.ts";
import { findSource } from "../trainer/data/files.ts";
import { ONLINE_RETAIL_CURRENCY } from "../trainer/data/online-retail.ts";
import type { ShopCredentials } from "../trainer/credentials.ts";
import type { EdgeClient } from "../trainer/edge-client.ts";
import { importCatalogue, runImport } from "../trainer/import.ts";
import { createProgress } from "../trainer/progress.ts";
import { DEMO_CATALOGUE_SEED, DEMO_CURRENCY, DEMO_LOCALE, generateShop } from "./catalogue/generate.ts";
import { sendLastDay } from "./shoppers/send.ts";
import { DEFAULT_DAYS, DEFAULT_SHOPPERS, DEMO_SHOPPERS_SEED, historyOf, simulateShoppers, type OracleEntry } from "./shoppers/simulate.ts";
import { StartError } from "./stack.ts";

/** A small share: large enough for the stats to compare with, in time. */
export const HOLDOUT_SHARE = 0.05;

export interface ShopPlan {
  id: string;
  name: string;
  /** ISO 4217. */
  currency: string;
  /** BCP 47. */
  locale: string;
  /** IANA. */
  timeZone: string;
  /** What fills the shop, in order; each is done once, and again if it was interrupted. */
  steps: readonly { name: string; run(context: StepContext): Promise<void> }[];
}

export interface StepContext {
  client: EdgeClient;
  credentials: ShopCredentials;
  shopOrigin: string;
  /** When the shop was first prepared: simulated time ends here, also when a step is done again. */
  startedAtMs: number;
  dataDir: string;
  /** This shop's own folder, for files beside the ledger. */
  folder: string;
}

/** Where the simulated shoppers' best possible ranks are kept for the trainer. */
export function oraclePath(folder: string): string {
  return join(folder, "oracle.ndjson");
}

/** @param options.id another shop of the same products, e.g. for a test; without `history` nobody has been there yet */
export function demoShop({ id = "demo", shoppers = DEFAULT_SHOPPERS, days = DEFAULT_DAYS, history = true }: { id?: string; shoppers?: number; days?: number; history?: boolean } = {}): ShopPlan {
  const { products, facts } = generateShop({ seed: DEMO_CATALOGUE_SEED });
  const catalogue: ShopPlan["steps"][number] = {
    name: "catalogue",
    async run({ client }) {
      const bar = createProgress("Importing catalogue", products.length, "products");
      const { imported } = await importCatalogue(client, id, products);
      bar.advance(imported);
      bar.done();
    },
  };
  const past: ShopPlan["steps"][number] = {
    name: "history",
    async run({ client, credentials, shopOrigin, startedAtMs, folder }) {
      const lives = simulateShoppers({ seed: DEMO_SHOPPERS_SEED, products, facts, shoppers, days, endMs: startedAtMs, currency: DEMO_CURRENCY, shop: id, holdoutShare: HOLDOUT_SHARE });
      const lastDay: ImportLine[] = [];
      const oracle = createWriteStream(oraclePath(folder));
      const bar = createProgress("Importing history", shoppers, "shoppers");
      const report = await client.importBatches(id, historyOf(lives, (life) => {
        bar.advance();
        lastDay.push(...life.lastDay);
        for (const entry of life.oracle) oracle.write(`${JSON.stringify(entry satisfies OracleEntry)}\n`);
      }));
      oracle.end();
      await once(oracle, "finish");
      bar.done(`${(report.accepted + report.duplicate).toLocaleString("en")} events of ${days - 1} days`);
      const events = lastDay.reduce((sum, line) => sum + line.events.length, 0);
      const sending = createProgress("Sending the last day", events, "events");
      await sendLastDay({ edge: credentials.edge, writeKey: credentials.writeKey, origin: shopOrigin, lines: lastDay, onProgress: (count) => sending.advance(count) });
      sending.done("through the public API, as browsers would");
    },
  };
  return { id, name: "Larkmoor", currency: DEMO_CURRENCY, locale: DEMO_LOCALE, timeZone: "Europe/London", steps: history ? [catalogue, past] : [catalogue] };
}

/**
 * A real shop from its files.
 * @param data the UCI Online Retail log or its folder, or a folder with catalogue.* and events.*
 * @throws DataFileError if there is no such data
 */
export function realShop(data: string, currency = "EUR"): ShopPlan {
  const isOnlineRetail = findSource({ data }).kind === "online-retail";
  const id = isOnlineRetail ? "online-retail" : "imported";
  return {
    id,
    name: isOnlineRetail ? "Online Retail" : "Imported shop",
    currency: isOnlineRetail ? ONLINE_RETAIL_CURRENCY : currency,
    locale: isOnlineRetail ? "en-GB" : "en",
    timeZone: isOnlineRetail ? "Europe/London" : "UTC",
    steps: [{
      name: "import",
      async run({ dataDir, credentials }) {
        const code = await runImport(["--shop", id, "--data", data, "--data-dir", dataDir, "--edge", credentials.edge]);
        if (code !== 0) throw new StartError("The shop's files could not be imported; what is wrong is above.");
      },
    }],
  };
}
