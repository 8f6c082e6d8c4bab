/** For who runs the edge: whether it is well, what waits in it, and what failed. */
import { routes } from "../../core/api.ts";
import { merchantPaths } from "../../core/merchant-api.ts";
import { bearerOnly } from "../access.ts";
import type { App, Services } from "../app.ts";
import { feedFailures } from "../db/catalogues.ts";
import { shopById, shopIds } from "../db/shops.ts";
import { ledgerOf } from "../ledger-stub.ts";
import { refuse } from "../refusal.ts";
import { CHORES } from "../ledger/health.ts";

const NO_STORE = { "cache-control": "no-store" };

type Labels = { [name: string]: string | number };

export function operationRoutes(app: App, { now }: Services): void {
  app.get(routes.health, async (c) => {
    try {
      await c.env.DB.prepare("SELECT 1 FROM shop LIMIT 1").first();
    } catch {
      return refuse(503, "database", "The database does not answer.", { retry: true, retryAfterSeconds: 10 });
    }
    return c.json({ ok: true }, 200, NO_STORE);
  });

  app.get(merchantPaths.metrics, bearerOnly("METRICS_TOKEN"), async (c) => {
    const families = new Map<string, { type: "counter" | "gauge"; help: string; samples: [Labels, number][] }>();
    const add = (name: string, type: "counter" | "gauge", help: string, labels: Labels, value: number) => {
      const family = families.get(name);
      if (family) family.samples.push([labels, value]);
      else families.set(name, { type, help, samples: [[labels, value]] });
    };
    const ids = await shopIds(c.env.DB);
    add("endcap_shops", "gauge", "Shops of this edge", {}, ids.length);
    for (const shop of ids) {
      const { layout } = (await shopById(c.env.DB, shop))!;
      for (let shard = 0; shard < layout.ever; shard += 1) {
        const labels = { shop, shard };
        const health = await ledgerOf(c.env, shop, shard).health();
        add("endcap_events_total", "counter", "Events counted", labels, health.events);
        for (const { reason, count } of health.dropped) add("endcap_dropped_total", "counter", "Events not counted, by reason", { ...labels, reason }, count);
        add("endcap_clients", "gauge", "Clients known", labels, health.clients);
        add("endcap_journal_bytes", "gauge", "Bytes of events that are not archived yet", labels, health.journalBytes);
        add("endcap_journal_rows", "gauge", "Batches that are not archived yet", labels, health.journalRows);
        add("endcap_journal_oldest_seconds", "gauge", "Age of the oldest of them", labels, health.oldestJournalMs === null ? 0 : Math.max(0, (now() - health.oldestJournalMs) / 1000));
        add("endcap_segments", "gauge", "Archived pieces", labels, health.segments);
        add("endcap_ledger_bytes", "gauge", "Size of the ledger's database", labels, health.storageBytes);
        add("endcap_erasing", "gauge", "1 while an erasure has begun and not ended", labels, health.erasing ? 1 : 0);
        add("endcap_moving", "gauge", "1 while clients move between shards", labels, health.moving ? 1 : 0);
        for (const chore of CHORES) add("endcap_failures", "gauge", "Failures in a row of work that is tried again", { ...labels, chore }, health.failures[chore]);
      }
    }
    for (const { shop, failures } of await feedFailures(c.env.DB)) add("endcap_feed_failures", "gauge", "Failed fetches of a catalogue in a row", { shop }, failures);
    return new Response(textOf(families), { headers: { ...NO_STORE, "content-type": "text/plain; version=0.0.4" } });
  });
}

/** @see https://prometheus.io/docs/instrumenting/exposition_formats/ */
function textOf(families: ReadonlyMap<string, { type: string; help: string; samples: [Labels, number][] }>): string {
  let text = "";
  for (const [name, { type, help, samples }] of families) {
    text += `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
    for (const [labels, value] of samples) {
      const pairs = Object.entries(labels).map(([label, content]) => `${label}="${String(content).replace(/[\\"\n]/g, (character) => (character === "\n" ? "\\n" : `\\${character}`))}"`);
      text += `${name}${pairs.length > 0 ? `{${pairs.join(",")}}` : ""} ${value}\n`;
    }
  }
  return text;
}
