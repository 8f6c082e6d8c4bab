import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";
import { routes } from "../../../core/api.ts";
import { merchantPaths } from "../../../core/merchant-api.ts";
import { codeOf, createShop, env, NOON, pageViews, startEdge } from "../edge.ts";

const metrics = async (token = "metrics-secret") => {
  const answer = await startEdge(NOON, { METRICS_TOKEN: "metrics-secret" }).fetch(merchantPaths.metrics, { headers: { authorization: `Bearer ${token}` } });
  return { status: answer.status, text: await answer.text() };
};

describe("metrics", () => {
  it("tell each shop's counts, waiting work and failures in Prometheus' own form, to who has the token", async () => {
    const shop = await createShop(startEdge());
    await shop.send("client-0001", pageViews(1, 2, 3), { voids: [{ from: 4, to: 5, reason: "expired" }] });
    const { status, text } = await metrics();
    expect(status).toBe(200);
    expect(text).toContain(`endcap_events_total{shop="${shop.id}",shard="0"} 3\n`);
    expect(text).toContain(`endcap_dropped_total{shop="${shop.id}",shard="0",reason="expired"} 2\n`);
    for (const line of text.trimEnd().split("\n")) expect(line).toMatch(/^(# (HELP|TYPE) endcap_\w+ .+|endcap_\w+(\{\w+="[^"\n]*"(,\w+="[^"\n]*")*\})? -?[\d.e+]+)$/);
    expect(text).not.toContain("client-0001");
    for (const token of ["", "wrong", "operator-secret", shop.merchantToken]) expect((await metrics(token)).status).toBe(401);
    expect(await codeOf(await startEdge().fetch(merchantPaths.metrics, { headers: { authorization: "Bearer x" } }))).toBe("secret-unset");
  });

  it("show a failing archive, which tries again ever later, and forget it once it went well", async () => {
    const shop = await createShop(startEdge());
    await shop.send("client-0001", pageViews(1));
    const logged = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    let waits: number[] = [];
    await runInDurableObject(shop.ledger(), async (ledger, { storage }) => {
      const files = { put: () => Promise.reject(new Error("R2 is away from \"client-0001\"")) };
      Object.assign(ledger, { env: { ...env, FILES: files }, maxAgeMs: () => 0 });
      for (let attempt = 0; attempt < 4; attempt += 1) {
        await ledger.alarm();
        waits.push(Math.round((((await storage.getAlarm()) ?? 0) - Date.now()) / 1000));
      }
      expect((await ledger.health()).failures).toEqual({ archive: 4, erasure: 0, move: 0 });
      Object.assign(ledger, { env });
      await ledger.alarm();
      expect((await ledger.health()).failures.archive).toBe(0);
    });
    expect(waits.map((seconds) => Math.round(seconds / 60))).toEqual([1, 2, 4, 8]);
    const lines = logged.mock.calls.map(([line]) => JSON.parse(line as string) as object);
    logged.mockRestore();
    expect(lines[2]).toMatchObject({ level: "warn", event: "archive-failed", shop: shop.id, shard: 0, attempt: 3, retryInMs: 240_000, error: "Error" });
    expect(JSON.stringify(lines)).not.toContain("client-0001");
  });
});

describe("health", () => {
  it("is what the database says", async () => {
    expect((await startEdge().fetch(routes.health)).status).toBe(200);
    const away = { prepare: () => ({ first: () => Promise.reject(new Error("D1_ERROR: no")) }) } as unknown as D1Database;
    const answer = await startEdge(NOON, { DB: away }).fetch(routes.health);
    expect([answer.status, await codeOf(answer)]).toEqual([503, "database"]);
  });
});

it("logs of a failed request say where, never who: no key, client, address, token or text of the body", async () => {
  const shop = await createShop(startEdge());
  const lines: string[] = [];
  const spies = (["log", "info", "warn", "error"] as const).map((level) => vi.spyOn(console, level).mockImplementation((line) => void lines.push(String(line))));
  const broken = { idFromName: () => "id", get: () => ({ count: (given: unknown) => Promise.reject(new Error(`cannot count ${JSON.stringify(given)} of jane@example.com`)) }) } as unknown as typeof env.LEDGER;
  const edge = startEdge(NOON, { LEDGER: broken });
  await edge.fetch(routes.events, { method: "POST", headers: { origin: "https://shop.example", "user-agent": "Mozilla/5.0 Chrome/140.0" }, body: JSON.stringify({ key: shop.writeKey, clientId: "client-secret-0001", sentAtMs: NOON, events: pageViews(1) }) });
  await edge.fetch(routes.admin.stats(shop.id), { headers: { authorization: `Bearer ${shop.merchantToken}` } });
  for (const spy of spies) spy.mockRestore();
  expect(lines.map((line) => (JSON.parse(line) as { route: string }).route)).toEqual(["POST /v1/events", "GET /v1/admin/shops/:shop/stats"]);
  for (const secret of [shop.writeKey, "client-secret-0001", "jane@example.com", shop.merchantToken, "session-0001"]) expect(lines.join("")).not.toContain(secret);
});
