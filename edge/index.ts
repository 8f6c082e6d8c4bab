/** The Worker: requests, housekeeping by the clock, and the ledger's class. */
import { createApp } from "./app.ts";
import type { Env } from "./env.ts";
import { keepHouse } from "./housekeeping.ts";

export { ShopLedger } from "./ledger/ledger.ts";

const app = createApp({ now: Date.now, sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)), fetch: (url, init) => fetch(url, init) });

export default {
  fetch: app.fetch,
  scheduled: (_controller, env) => keepHouse(env, Date.now(), (url, init) => fetch(url, init)),
} satisfies ExportedHandler<Env>;
