import { describe, expect, it } from "vitest";
import { routes, type ImportReport } from "../../../core/api.ts";
import { codeOf, createShop, event, NOON, pageViews, startEdge, type TestShop } from "../edge.ts";

const YEAR_AGO = NOON - 365 * 864e5;
const load = async (shop: TestShop, lines: (object | string)[]) =>
  (await shop.admin(routes.admin.import(shop.id), { method: "POST", body: lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line))).join("\n") })).json<ImportReport>();
const line = (clientId: string, ...seqs: number[]) => ({ clientId, sentAtMs: YEAR_AGO, events: seqs.map((seq) => event(seq, "page_view", {}, YEAR_AGO + seq)) });

describe("an import", () => {
  it("is counted as tags' events are: once, with conflicts and duplicates told", async () => {
    const shop = await createShop(startEdge());
    expect(await load(shop, [line("client-000A", 1, 2), line("client-000B", 1), line("client-000A", 2, 3)])).toMatchObject({ accepted: 4, duplicate: 1, conflicts: 0, rejected: 0 });
    expect(await load(shop, [line("client-000A", 1, 2, 3), { ...line("client-000B"), events: [event(1, "login", {}, YEAR_AGO)] }])).toMatchObject({ accepted: 0, duplicate: 3, conflicts: 1 });
    await shop.send("client-000A", pageViews(4));
    expect((await shop.stats(`?fromMs=${YEAR_AGO - 864e5}&toMs=${NOON}`)).totals).toMatchObject({ events: 5, shoppers: 2 });
  });

  it("keeps the past's own times", async () => {
    const shop = await createShop(startEdge());
    await load(shop, [line("client-000A", 1)]);
    expect((await shop.export()).lines).toMatchObject([{ clientId: "client-000A", receivedAtMs: NOON, events: [{ occurredAtMs: YEAR_AGO + 1 }] }]);
  });

  it("says which lines and events it could not take, and takes the others", async () => {
    const shop = await createShop(startEdge());
    const report = await load(shop, ["{", { sentAtMs: 1 }, { clientId: "client-000A", sentAtMs: 1, events: {} }, { ...line("client-000A", 1), events: [...pageViews(1), { seq: 2, name: "?" }, event(3, "page_view", {}, NOON + 2 * 864e5)] }, line("client-000B", 1)]);
    expect(report).toMatchObject({ accepted: 2, rejected: 5 });
    expect(report.errors.map(({ line: at, seq, code }) => [at, seq, code])).toEqual([[1, null, "invalid-json"], [2, null, "invalid-batch"], [3, null, "invalid-batch"], [4, 2, "invalid-event"], [4, 3, "in-the-future"]]);
  });

  it("may go far beyond what tags may send", async () => {
    const shop = await createShop(startEdge());
    const seqs = Array.from({ length: 3000 }, (_, i) => i + 1);
    expect(await load(shop, [line("client-000A", ...seqs), line("client-000B", ...seqs)])).toMatchObject({ accepted: 6000, rejected: 0 });
  });

  it("refuses a line that no row can hold, and keeps what came before it", async () => {
    const shop = await createShop(startEdge());
    const answer = await shop.admin(routes.admin.import(shop.id), { method: "POST", body: `${JSON.stringify(line("client-000A", 1))}\n${"x".repeat(600_000)}` });
    expect([answer.status, await codeOf(answer)]).toEqual([413, "import-too-large"]);
    expect((await shop.export()).lines).toHaveLength(1);
  });
});
