/** `npm start`: a whole Endcap on this machine, with a shop to click through. */
import { join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { CredentialsError } from "../trainer/credentials.ts";
import { EdgeError } from "../trainer/edge-client.ts";
import { KeyError } from "../trainer/keys.ts";
import { DataFileError } from "../trainer/data/rows.ts";
import { prepareShop, resetData, shopProducts, tagOf } from "./loop.ts";
import { demoShop, realShop } from "./plans.ts";
import { createShop } from "./shop/server.ts";
import { buildBundles, claimPort, StartError, startEdge } from "./stack.ts";

/** Errors whose message is all a person needs. */
const EXPECTED = [StartError, DataFileError, EdgeError, CredentialsError, KeyError];
const ROOT = resolve(import.meta.dirname, "..");
const HELP = `npm start [-- options]
  --reset               forget the shops that earlier starts made, and begin anew
  --data <folder>       a real shop's files instead of the demo shop, e.g. the UCI Online Retail year
  --currency <code>     what the prices in those files are in, where the files do not say (EUR)
  --port <number>       where the shop listens (4321)
  --edge-port <number>  where the edge listens (8787)
  --data-dir <folder>   where everything is kept (.endcap)`;

interface Options {
  reset: boolean;
  data?: string;
  currency?: string;
  port: number;
  edgePort: number;
  dataDir: string;
}

function readOptions(argv: string[]): Options {
  let values;
  try {
    ({ values } = parseArgs({
      args: argv,
      options: {
        reset: { type: "boolean", default: false }, data: { type: "string" }, currency: { type: "string" }, port: { type: "string", default: "4321" },
        "edge-port": { type: "string", default: "8787" }, "data-dir": { type: "string", default: join(ROOT, ".endcap") }, help: { type: "boolean", short: "h", default: false },
      },
    }));
  } catch (error) {
    throw new StartError(`${(error as Error).message}\n${HELP}`);
  }
  if (values.help) {
    console.log(HELP);
    process.exit(0);
  }
  const port = portOf(values.port, "--port");
  const edgePort = portOf(values["edge-port"], "--edge-port");
  if (port === edgePort) throw new StartError(`The shop and the edge cannot both listen on port ${port}. Choose another for one of them, with --port or --edge-port.`);
  return { reset: values.reset, data: values.data, currency: values.currency, port, edgePort, dataDir: resolve(values["data-dir"]) };
}

function portOf(text: string, option: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65535) throw new StartError(`${option} must be a port number from 1 to 65535, not "${text}".`);
  return port;
}

async function main(options: Options): Promise<void> {
  const startMs = performance.now();
  const plan = options.data === undefined ? demoShop() : realShop(resolve(options.data), options.currency);
  await claimPort(options.port, "the shop", "--port");
  await claimPort(options.edgePort, "the edge", "--edge-port");
  if (options.reset) resetData(options.dataDir);

  if (await buildBundles()) console.log("  Built the tag, the carousel, the engine and the dashboard.");
  const edge = await startEdge({ port: options.edgePort, dataDir: options.dataDir });
  stopping.push(() => edge.stop());
  const shopOrigin = `http://localhost:${options.port}`;
  const prepared = await prepareShop({ plan, edge: edge.url, adminToken: edge.adminToken, shopOrigin, dataDir: options.dataDir });
  const products = await shopProducts(prepared);
  const shop = createShop({ ...plan, products, tag: tagOf(prepared.credentials) });
  await shop.listen(options.port, "localhost");
  stopping.push(() => shop.close());
  const link = new URL((await prepared.client.loginLink(plan.id)).url);
  // A month shows more of the demo's history than the dashboard's own first view, a week.
  link.searchParams.set("range", "30d");

  console.log(`
Endcap runs (${((performance.now() - startMs) / 1000).toFixed(0)} s). Ctrl-C stops it; the data are kept in ${relative(process.cwd(), options.dataDir) || "."}.

  The shop       ${shopOrigin}
  The dashboard  ${link}
                 (opens once, within 15 minutes; \`npm run login -- --shop ${plan.id}\` makes another link)
  Going on       README.md, "Put it on your own shop"
`);
}

/** What must be ended, last started first. */
const stopping: (() => Promise<void>)[] = [];
let stopped: Promise<void> | undefined;
function stop(): Promise<void> {
  return (stopped ??= (async () => {
    for (const end of stopping.reverse()) await end().catch((error: unknown) => console.error(error));
  })());
}
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => void stop().then(() => process.exit(0)));

try {
  await main(readOptions(process.argv.slice(2)));
} catch (error) {
  console.error(EXPECTED.some((kind) => error instanceof kind) ? `\n${(error as Error).message}` : error);
  await stop();
  process.exit(1);
}
