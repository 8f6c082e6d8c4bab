/** Clients that behave as tags do: numbered events, an outbox, everything sent again until it is acknowledged; and an account of it all. */
import { EXPORT_CURSOR_HEADER, EXPORT_MORE_HEADER, routes, type ExportLine, type StatsResponse } from "../../../core/api.ts";
import { DAY_MS } from "../../../core/calendar.ts";
import type { BatchReceipt, ShopEvent } from "../../../core/events.ts";
import { between } from "../random.ts";
import { ADMIN_TOKEN, type Workerd } from "./workerd.ts";

const SHOP_ORIGIN = "https://shop.example";
const BROWSER = "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0 Safari/537.36";
/** What a tag may get for an answer that is no receipt; anything else is a fault. */
const REFUSALS = new Set([429, 503]);

interface Batch {
  clientId: string;
  events: ShopEvent[];
  acknowledged: boolean;
}

export interface Load {
  /** Sends from many clients at once until stopped. */
  run(until: () => boolean): Promise<void>;
  /** Sends everything that has no answer yet, and some that has, in another order. */
  settle(): Promise<void>;
  /** Compares what the edge has with what was sent. @returns sentences about what is wrong */
  audit(): Promise<string[]>;
  readonly acknowledged: number;
  readonly sent: number;
  readonly refused: { [status: string]: number };
  readonly id: string;
}

export async function openLoad(workerd: Workerd, id: string, random: () => number, clients = 12): Promise<Load> {
  const created = await fetch(workerd.url + routes.admin.shops, {
    method: "POST",
    headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
    body: JSON.stringify({ id, name: id, currency: "EUR", origins: [SHOP_ORIGIN], signers: ["0".repeat(32)] }),
  });
  if (!created.ok) throw new Error(`no shop: ${await created.text()}`);
  const { writeKey, merchantToken } = (await created.json()) as { writeKey: string; merchantToken: string };
  const batches: Batch[] = [];
  const refused: { [status: string]: number } = {};
  const wrong: string[] = [];

  const make = (clientId: string, firstSeq: number): Batch => {
    const atMs = Date.now();
    const events = Array.from({ length: between(random, 1, 20) }, (_, i) => {
      const seq = firstSeq + i;
      const item = { item_id: `p${seq % 50}`, price: 1.1, quantity: 1 };
      const shared = { seq, occurredAtMs: atMs, sessionId: "session-0001" };
      if (seq % 10 === 0) return { ...shared, name: "purchase", params: { transaction_id: `${clientId}-${seq}`, currency: "EUR", items: [item] } };
      return { ...shared, name: seq % 3 === 0 ? "add_to_cart" : "view_item", params: { items: [item] } };
    }) as unknown as ShopEvent[];
    const batch = { clientId, events, acknowledged: false };
    batches.push(batch);
    return batch;
  };
  /** @returns whether it was answered at all */
  const post = async (batch: Batch): Promise<boolean> => {
    let answer: Response;
    try {
      const { clientId, events } = batch;
      answer = await fetch(workerd.url + routes.events, { method: "POST", headers: { origin: SHOP_ORIGIN, "user-agent": BROWSER, "content-type": "text/plain" }, body: JSON.stringify({ key: writeKey, clientId, sentAtMs: Date.now(), events }) });
      if (answer.status === 200) {
        const receipt = (await answer.json()) as BatchReceipt;
        if (receipt.accepted + receipt.duplicate !== events.length) wrong.push(`a receipt speaks of ${receipt.accepted} + ${receipt.duplicate} of ${events.length} events`);
        batch.acknowledged = true;
        return true;
      }
      await answer.arrayBuffer();
    } catch {
      return false;
    }
    refused[answer.status] = (refused[answer.status] ?? 0) + 1;
    if (!REFUSALS.has(answer.status)) wrong.push(`an answer of ${answer.status}`);
    else if (!answer.headers.has("retry-after")) wrong.push(`${answer.status} without Retry-After`);
    return true;
  };

  const next = new Map(Array.from({ length: clients }, (_, i) => [`client-${1000 + i}`, 1]));
  return {
    id,
    refused,
    get acknowledged() {
      return batches.reduce((sum, { acknowledged, events }) => sum + (acknowledged ? events.length : 0), 0);
    },
    get sent() {
      return batches.reduce((sum, { events }) => sum + events.length, 0);
    },
    async run(until) {
      await Promise.all([...next.keys()].map(async (clientId) => {
        while (!until()) {
          const batch = make(clientId, next.get(clientId)!);
          next.set(clientId, batch.events.at(-1)!.seq + 1);
          // Sometimes a later batch overtakes, sometimes one comes twice at once, sometimes an old one comes again.
          const company = random() < 0.1 ? [batch, batch] : random() < 0.1 ? [batch, batches[between(random, 0, batches.length - 1)]!] : [batch];
          const answered = await Promise.all(company.map(post));
          if (!answered.every(Boolean) || !batch.acknowledged) await pause(between(random, 5, 30));
        }
      }));
    },
    async settle() {
      const open = batches.filter(({ acknowledged }, index) => !acknowledged || index % 5 === 0);
      for (let round = 0; open.length > 0; round += 1) {
        if (round > 200) throw new Error(`${open.length} batches are never acknowledged; refusals so far: ${JSON.stringify(refused)}`);
        open.sort(() => random() - 0.5);
        for (const batch of open) batch.acknowledged = false;
        for (let at = 0; at < open.length; at += 8) await Promise.all(open.slice(at, at + 8).map(post));
        open.splice(0, open.length, ...open.filter(({ acknowledged }) => !acknowledged));
        if (open.length > 0) await pause(50);
      }
    },
    async audit() {
      const headers = { authorization: `Bearer ${merchantToken}` };
      const stored = new Map<string, number>();
      for (let cursor = ""; ; ) {
        const page = await fetch(`${workerd.url}${routes.admin.export(id)}?cursor=${cursor}`, { headers });
        if (!page.ok) return [`the export answers ${page.status}`];
        for (const text of (await page.text()).split("\n")) {
          if (!text) continue;
          const { clientId, events } = JSON.parse(text) as ExportLine;
          for (const { seq } of events) stored.set(`${clientId} ${seq}`, (stored.get(`${clientId} ${seq}`) ?? 0) + 1);
        }
        cursor = page.headers.get(EXPORT_CURSOR_HEADER)!;
        if (page.headers.get(EXPORT_MORE_HEADER) !== "1") break;
      }
      const said = [...wrong];
      const expected = { events: 0, view_item: 0, add_to_cart: 0, purchase: 0 };
      const seen = new Set<string>();
      for (const { clientId, events, acknowledged } of batches) {
        for (const { seq, name } of events) {
          const key = `${clientId} ${seq}`;
          if (seen.has(key)) continue;
          seen.add(key);
          const times = stored.get(key) ?? 0;
          if (acknowledged && times !== 1) said.push(`${key} is stored ${times} times`);
          if (times === 0) continue;
          expected.events += 1;
          expected[name as "view_item"] += 1;
        }
      }
      if (stored.size !== expected.events) said.push(`${stored.size} events are stored, ${expected.events} of those that were sent`);
      const answer = await fetch(`${workerd.url}${routes.admin.stats(id)}?fromMs=${Date.now() - 2 * DAY_MS}&toMs=${Date.now() + DAY_MS}`, { headers });
      if (!answer.ok) return [...said, `the statistics answer ${answer.status}`];
      const { totals, dropped } = (await answer.json()) as StatsResponse;
      for (const [sum, value] of Object.entries({ ...expected, revenue: Math.round(110 * expected.purchase) / 100, shoppers: new Set([...stored.keys()].map((key) => key.split(" ")[0])).size })) {
        if (totals[sum as "events"] !== value) said.push(`${sum} is ${totals[sum as "events"]}, not ${value}`);
      }
      if (dropped.length > 0) said.push(`dropped: ${JSON.stringify(dropped)}`);
      return said.length > 12 ? [...said.slice(0, 12), `and ${said.length - 12} more`] : said;
    },
  };
}

export function pause(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}
