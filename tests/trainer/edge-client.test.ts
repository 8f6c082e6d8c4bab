import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ExportLine, ImportLine } from "../../core/api.ts";
import { createEdgeClient, EdgeError, IMPORT_CHUNK_EVENTS, type EdgeClient } from "../../trainer/edge-client.ts";
import { refuse, startSmallEdge, TOKEN, type SmallEdge } from "./small-edge.ts";

let edge: SmallEdge;
let client: EdgeClient;
let waits: number[];
beforeEach(async () => {
  edge = await startSmallEdge();
  waits = [];
  client = createEdgeClient({ edge: `${edge.url}/`, token: TOKEN, wait: async (ms) => void waits.push(ms), random: () => 0.5 });
});
afterEach(() => edge.close());

function* history(clients: number, eventsEach: number): Generator<ImportLine> {
  for (let c = 0; c < clients; c += 1) {
    const events = Array.from({ length: eventsEach }, (_, i) => ({ seq: i + 1, name: "page_view", occurredAtMs: 1_000 + i, sessionId: "session-1", params: {} }) as ImportLine["events"][number]);
    for (let from = 0; from < events.length; from += 50) yield { clientId: `client-${String(c).padStart(4, "0")}`, sentAtMs: 1, events: events.slice(from, from + 50) };
  }
}

describe("an import", () => {
  it("sends everything once, in pieces that the edge can take, and tells how far it is", async () => {
    const progress: number[] = [];
    const report = await client.importBatches("gifts", history(60, 120), ({ events }) => progress.push(events));
    expect(report).toEqual({ accepted: 7_200, duplicate: 0, conflicts: 0, rejected: 0, errors: [] });
    expect(edge.counted.size).toBe(7_200);
    expect(progress.at(-1)).toBe(7_200);
    expect(edge.requests.length).toBe(Math.ceil(7_200 / IMPORT_CHUNK_EVENTS));
    for (const { body } of edge.requests) {
      expect(body.split("\n").reduce((sum, line) => sum + (JSON.parse(line) as ImportLine).events.length, 0)).toBeLessThanOrEqual(IMPORT_CHUNK_EVENTS);
    }
  });

  it("counts nothing twice when it was killed half-way and is run again", async () => {
    function* killed(): Generator<ImportLine> {
      let n = 0;
      for (const line of history(60, 120)) {
        n += 1;
        if (n > 100) throw new Error("killed");
        yield line;
      }
    }
    await expect(client.importBatches("gifts", killed())).rejects.toThrow("killed");
    const before = edge.counted.size;
    expect(before).toBeGreaterThan(0);
    expect(before).toBeLessThan(7_200);
    const report = await client.importBatches("gifts", history(60, 120));
    expect(report).toMatchObject({ accepted: 7_200 - before, duplicate: before, conflicts: 0 });
    expect(edge.counted.size).toBe(7_200);
  });

  it("counts once what the edge counted but whose answer was lost", async () => {
    edge.faults.push({ path: "/import", act: (response, count) => {
      count();
      response.destroy();
    } });
    const report = await client.importBatches("gifts", history(10, 50));
    expect(report).toMatchObject({ accepted: 0, duplicate: 500, conflicts: 0 });
    expect(edge.counted.size).toBe(500);
  });

  it("waits as long as the edge asks, then goes on", async () => {
    edge.faults.push({ path: "/import", act: (response) => refuse(response, 503, "busy", true, { "retry-after": "4" }) });
    edge.faults.push({ path: "/import", act: (response) => refuse(response, 429, "rate-limited", true) });
    expect((await client.importBatches("gifts", history(1, 10))).accepted).toBe(10);
    expect(waits[0]).toBe(4_000);
    expect(waits[1]).toBeLessThanOrEqual(1_000);
  });

  it("gives up at once on a refusal that no repetition helps", async () => {
    edge.faults.push({ path: "/import", act: (response) => refuse(response, 413, "import-too-large", false) });
    await expect(client.importBatches("gifts", history(1, 10))).rejects.toMatchObject({ name: "EdgeError", code: "import-too-large", status: 413, message: "Because of import-too-large." });
    expect(edge.requests.length).toBe(1);
  });

  it("names refused events by their line in the whole import", async () => {
    const lines = [...history(60, 100)];
    Object.assign(lines[79]!.events[3]!, { name: "nonsense" });
    const report = await client.importBatches("gifts", lines);
    expect(report).toMatchObject({ accepted: 5_999, rejected: 1, errors: [{ line: 80, code: "unknown-event" }] });
  });

  it("takes lines longer than a piece by themselves", async () => {
    const [line] = [...history(1, 50)];
    const long = { ...line!, events: Array.from({ length: IMPORT_CHUNK_EVENTS + 5 }, (_, i) => ({ ...line!.events[0]!, seq: i + 1 })) };
    expect((await client.importBatches("gifts", [line!, long])).accepted).toBe(IMPORT_CHUNK_EVENTS + 5);
  });
});

describe("an export", () => {
  const line = (n: number): ExportLine => ({ clientId: `client-${String(n).padStart(4, "0")}`, receivedAtMs: n, events: [] });
  it("tells of erased clients in their place, and takes no blank line for one", async () => {
    const told: unknown[] = [];
    edge.exportPages.splice(0, Infinity, `${JSON.stringify(line(1))}\n\n{"erased":"${"a".repeat(64)}","receivedAtMs":2}\n${JSON.stringify(line(3))}\n`);
    for await (const { receivedAtMs } of client.exportEvents("gifts", { onErased: (sha256) => told.push(sha256) })) told.push(receivedAtMs);
    expect(told).toEqual([1, "a".repeat(64), 3]);
  });

  const take = async (options?: Parameters<EdgeClient["exportEvents"]>[1]) => {
    const lines: number[] = [];
    for await (const { receivedAtMs } of client.exportEvents("gifts", options)) lines.push(receivedAtMs);
    return lines;
  };
  beforeEach(() => {
    edge.exportPages.push([line(1), line(2)].map((one) => JSON.stringify(one)).join("\n"), `${JSON.stringify(line(3))}\n`, JSON.stringify(line(4)));
  });

  it("reads every page to the end", async () => {
    expect(await take()).toEqual([1, 2, 3, 4]);
  });

  it("goes on behind the last page that was taken whole", async () => {
    let cursor: string | undefined;
    for await (const { receivedAtMs } of client.exportEvents("gifts", { onPage: (next) => { cursor = next; } })) if (receivedAtMs === 3) break;
    expect(cursor).toBe("1");
    expect(await take({ cursor })).toEqual([3, 4]);
  });

  it("repeats no line when the connection breaks inside a page", async () => {
    edge.faults.push({ path: "/export", act: (response) => {
      response.writeHead(200, { "content-length": "1000", "x-endcap-next-cursor": "1", "x-endcap-more": "1" });
      response.write(edge.exportPages[0]);
      setTimeout(() => response.destroy(), 20);
    } });
    expect(await take()).toEqual([1, 2, 3, 4]);
  });

  it("says that something else answers where no edge is", async () => {
    edge.faults.push({ path: "/export", act: (response) => void response.end("<html>") });
    await expect(take()).rejects.toMatchObject({ code: "not-an-edge" });
  });
});

describe("what must not happen twice", () => {
  it("is not asked for again when the answer is lost: the shop's token would be lost with it", async () => {
    edge.faults.push({ path: "/shops", act: (response) => response.destroy() });
    const request = { id: "gifts", name: "Gifts", currency: "GBP", origins: ["http://shop.example"], signers: ["0".repeat(32)] };
    await expect(client.createShop(request)).rejects.toMatchObject({ code: "unreachable", status: 0 });
    expect(edge.requests.length).toBe(1);
  });

  it("is asked for again when the edge itself said later", async () => {
    edge.faults.push({ path: "/shops", act: (response) => refuse(response, 503, "starting", true) });
    expect(await client.createShop({ id: "gifts", name: "Gifts", currency: "GBP", origins: ["http://shop.example"], signers: ["0".repeat(32)] })).toMatchObject({ merchantToken: "m" });
  });
});

describe("the client", () => {
  it("streams a catalogue, product by product", async () => {
    async function* products() {
      for (let i = 0; i < 3_000; i += 1) yield { id: `p${i}`, title: "Mug", link: "/mug", price: 1 };
    }
    expect(await client.putCatalogue("gifts", products())).toMatchObject({ imported: 3_000 });
    expect(edge.products.length).toBe(3_000);
  });

  it("passes on a wrong token's refusal in the edge's words", async () => {
    const stranger = createEdgeClient({ edge: edge.url, token: "wrong" });
    await expect(stranger.models("gifts")).rejects.toThrow(new EdgeError("wrong-token", "Because of wrong-token.", 401, false));
  });

  it("tells an edge that is there from one that is not", async () => {
    expect(await client.healthy()).toBe(true);
    await edge.close();
    expect(await client.healthy()).toBe(false);
  });
});
