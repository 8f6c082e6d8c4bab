import { createHash } from "node:crypto";
import { createServer, type Server } from "node:http";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { EXPORT_CURSOR_HEADER, routes, type ExportErasure, type ExportLine, type ModelRecord } from "../../core/api.ts";
import type { Product } from "../../core/catalogue.ts";
import { personHash, sha256Hex } from "../../core/ids.ts";
import { readModel } from "../../core/model/config.ts";
import { openManifest, type SignedManifest } from "../../core/weights/manifest.ts";
import { writeCredentials } from "../../trainer/credentials.ts";
import { readKey, verify } from "../../trainer/keys.ts";
import { main } from "../../trainer/main.ts";
import { plantedShop, product, randomShop, viewLine } from "./planted.ts";

/** A server that speaks the edge's routes and remembers what reached it: the trainer's side is all real, down to the sockets. */
interface Edge {
  products: Product[];
  /** An erased line is null, and a blank one in the export. */
  lines: (ExportLine | ExportErasure | null)[];
  requests: string[];
  files: Map<string, Uint8Array<ArrayBuffer>>;
  published: SignedManifest[];
  signers: string[];
  onErase: (clientId: string) => void;
  refusal: { code: string; message: string } | null;
}

const SHOP = "planted";
let folder: string;
let server: Server;
let edge: Edge;
let output: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "endcap-trainer-"));
  edge = { products: [], lines: [], requests: [], files: new Map(), published: [], signers: [], onErase: () => undefined, refusal: null };
  server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url!, "http://edge");
    edge.requests.push(`${request.method} ${pathname}`);
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk)).on("end", () => {
      const body = Buffer.concat(chunks);
      const json = (value: unknown, status = 200) => response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
      if (pathname === routes.admin.catalogue(SHOP)) return json({ currency: "GBP", products: edge.products });
      if (pathname === routes.admin.export(SHOP)) {
        const from = Number(searchParams.get("cursor") ?? 0);
        response.writeHead(200, { [EXPORT_CURSOR_HEADER]: String(edge.lines.length) });
        return response.end(edge.lines.slice(from).map((line) => `${line ? JSON.stringify(line) : ""}\n`).join(""));
      }
      if (pathname === routes.admin.shop(SHOP) && request.method === "PATCH") edge.signers = (JSON.parse(body.toString()) as { signers: string[] }).signers;
      if (pathname === routes.admin.shop(SHOP)) return json({ shop: SHOP, writeKey: "key" });
      const named = pathname.split("/").at(-1)!;
      if (pathname === routes.admin.person(SHOP, named)) return json({ receipts: [] });
      if (pathname === routes.admin.client(SHOP, named)) {
        edge.onErase(named);
        return json({ receipt: { shop: SHOP, clientSha256: createHash("sha256").update(named).digest("hex"), erasedAtMs: 1, events: 3 }, signature: "s", publicKey: "p" });
      }
      if (pathname === routes.admin.models(SHOP) && request.method === "GET") return json({ paused: false, models: edge.published.map(recordOf) });
      if (pathname === routes.admin.models(SHOP)) {
        if (edge.refusal) return json({ error: { ...edge.refusal, retry: false } }, 409);
        edge.published.push(JSON.parse(body.toString()) as SignedManifest);
        return json(recordOf(edge.published.at(-1)!));
      }
      const sha256 = pathname.split("/").at(-1)!;
      if (pathname === routes.admin.weights(SHOP, sha256)) {
        edge.files.set(sha256, new Uint8Array(body));
        return json({});
      }
      if (pathname === routes.file(sha256)) return response.writeHead(200).end(edge.files.get(sha256));
      return json({ error: { code: "not-found", message: pathname, retry: false } }, 404);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  writeCredentials({ edge: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, shop: SHOP, writeKey: "key", merchantToken: "token", signer: "signer" }, folder);
  output = "";
  for (const stream of [process.stdout, process.stderr]) vi.spyOn(stream, "write").mockImplementation((text) => ((output += String(text)), true));
});
afterEach(() => {
  vi.restoreAllMocks();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

function recordOf(signed: SignedManifest): ModelRecord {
  const { version, createdAtMs, weights, training, evaluation } = JSON.parse(signed.payload);
  return { version, createdAtMs, publishedAtMs: createdAtMs, sha256: weights.sha256, bytes: weights.bytes, items: training.items, evaluation, current: signed === edge.published.at(-1) };
}
const run = (command: string, ...options: string[]) => main([command, "--shop", SHOP, "--data-dir", folder, ...options]);
const changes = () => edge.requests.filter((request) => !request.startsWith("GET"));

describe("the trainer's command line", () => {
  it("trains, signs and publishes a model that a device can open, and holds the next one against it", async () => {
    Object.assign(edge, plantedShop(900, 7));
    expect(await run("keygen")).toBe(0);
    expect(await run("train", "--steps", "200")).toBe(0);
    const { fingerprint } = await readKey(SHOP, folder);
    const opened = await openManifest(edge.published[0], { fingerprints: [fingerprint], shop: SHOP, minVersion: 1, nowMs: Date.now() }, verify);
    expect(opened).toMatchObject({ ok: true, manifest: { version: 1, training: { steps: 200, seed: 1, backend: "wasm-simd", workers: 1, items: 240 } } });
    if (!opened.ok) return;
    const { weights, evaluation } = opened.manifest;
    const bytes = edge.files.get(weights.sha256)!;
    expect(await sha256Hex(bytes)).toBe(weights.sha256);
    expect(bytes.byteLength).toBe(weights.bytes);
    expect(readModel(bytes).itemIds).toHaveLength(240);
    expect(evaluation.model.ndcg10.value).toBeGreaterThan(evaluation.itemKnn.ndcg10.value);
    expect(evaluation.incumbent).toBeUndefined();
    expect(changes().map((request) => request.split("/").at(-2) === "weights" ? "weights" : "models")).toEqual(["weights", "models"]);
    expect(readdirSync(join(folder, "reports")).map((name) => name.split(".").at(-1)).sort()).toEqual(["html", "json"]);

    // Again, from the copy on disk: the same weights come out, and what equals the model in service does not replace it.
    expect(await run("train", "--steps", "200")).toBe(1);
    expect(output).toMatch(/not better than the model that the shop has: NDCG@10 differs by \+0\.0000/);
    expect(edge.published).toHaveLength(1);
    expect(edge.files.size).toBe(1);
  });

  it("sends nothing when the gate refuses, and says why", async () => {
    Object.assign(edge, randomShop(900, 3));
    await run("keygen");
    expect(await run("train", "--steps", "20")).toBe(1);
    expect(output).toMatch(/The gate refuses this model:\n- not better than popularity/);
    expect(changes()).toEqual([]);
    expect(await run("publish")).toBe(1);
    expect(changes()).toEqual([]);
  });

  it("does everything but publish on a dry run, and publishes that model when asked, unless the edge refuses it", async () => {
    Object.assign(edge, plantedShop(900, 7));
    expect(await run("train", "--steps", "200", "--dry-run")).toBe(0);
    expect(output).toContain("Dry run: nothing published.");
    expect(changes()).toEqual([]);
    await run("keygen");
    edge.refusal = { code: "unknown-signer", message: "This key is not the shop's." };
    expect(await run("publish")).toBe(1);
    expect(output).toContain("The edge refuses (unknown-signer): This key is not the shop's.");
    expect(edge.published).toEqual([]);
    edge.refusal = null;
    expect(await run("publish")).toBe(0);
    expect(edge.published).toHaveLength(1);
  });

  it.each([
    ["nobody has visited", [], /nothing to learn from/],
    ["one person visited", [viewLine("client-1", ["a", "b", "a", "b", "a"])], /only \d+ held-out cases/],
    ["everybody looked at one product", Array.from({ length: 30 }, (_, i) => viewLine(`client-${i}`, ["a"])), /No shopper looked at two different products/],
  ])("refuses with a sentence where %s", async (_, lines, sentence) => {
    Object.assign(edge, { products: ["a", "b", "c"].map((id) => product(id)), lines });
    await run("keygen");
    expect(await run("train", "--steps", "3")).toBe(1);
    expect(output).toMatch(sentence as RegExp);
    expect(changes()).toEqual([]);
  });

  it("starts from the shop's model where nobody has been erased since, and says why not where somebody was", async () => {
    Object.assign(edge, plantedShop(900, 7));
    await run("keygen");
    expect(await run("train", "--warm", "--steps", "200")).toBe(0);
    expect(output).toContain("There is no model to start from yet");
    output = "";
    await run("train", "--warm", "--dry-run");
    const candidate = () => JSON.parse(readFileSync(join(folder, "models", SHOP, "candidate.json"), "utf8")) as { training: { parent?: string; steps: number }; evaluation: { model: { ndcg10: { value: number } }; incumbent: { ndcg10: { value: number } } } };
    const warm = candidate();
    expect(warm.training).toMatchObject({ parent: [...edge.files.keys()][0], steps: 20 });
    // A tenth of the steps from chance would not come near; from the model, it stays as good.
    expect(warm.evaluation.model.ndcg10.value).toBeGreaterThan(0.9 * warm.evaluation.incumbent.ndcg10.value);
    edge.lines.push({ erased: "0".repeat(64), receivedAtMs: Date.now() });
    output = "";
    await run("train", "--warm", "--dry-run", "--steps", "5");
    expect(output).toContain("Somebody was erased since the shop's model was trained");
    expect(candidate().training.parent).toBeUndefined();
  });

  it("leaves the model that it had, and the shop, alone when the disk fills up while it writes a new one", async () => {
    Object.assign(edge, plantedShop(300, 7));
    await run("keygen");
    expect(await run("train", "--steps", "5", "--dry-run")).toBe(1); // The gate's word on five steps.
    const path = join(folder, "models", SHOP, "candidate.safetensors");
    const before = readFileSync(path);
    symlinkSync("/dev/full", `${path}.tmp`);
    expect(await run("train", "--steps", "6")).toBe(1);
    expect(output).toContain(`${path} cannot be written, the disk is full: free some space. Then run this again; nothing was published\n`);
    expect(readFileSync(path).equals(before)).toBe(true);
    expect(changes()).toEqual([]);
  });

  it("does not publish a model under another one's figures, when it is cut off between writing the two", async () => {
    Object.assign(edge, plantedShop(900, 7));
    await run("keygen");
    expect(await run("train", "--steps", "200", "--dry-run")).toBe(0);
    const path = join(folder, "models", SHOP, "candidate.safetensors");
    writeFileSync(path, readFileSync(path).fill(0, 3000, 3001));
    expect(await run("publish")).toBe(1);
    expect(output).toContain("is not the one that its figures belong to");
    expect(changes()).toEqual([]);
  });

  describe("from files", () => {
    const csv = (clients: number) => {
      const { lines } = plantedShop(clients, 7);
      return `client_id,event,item_id,timestamp\n${lines.flatMap(({ clientId, events }) => events.map(({ occurredAtMs, params }) => `${clientId},view,${(params as { items: { item_id: string }[] }).items[0]!.item_id},${occurredAtMs}`)).join("\n")}\n`;
    };
    const train = (data: string, ...options: string[]) => main(["train", "--data", data, "--data-dir", folder, ...options]);

    it("learns without an edge and a shop, says what it found and what the gate would say, and publishes nothing", async () => {
      const path = join(folder, "Shop log.csv.gz");
      writeFileSync(path, gzipSync(csv(900)));
      expect(await train(path, "--steps", "200")).toBe(0);
      expect(output).toContain("Shop log.csv.gz is read as a table with one act a row.");
      expect(output).toMatch(/5,400 product events of 900 clients, 240 products/);
      expect(output).toContain("No shop is named, so nothing is published");
      expect(readdirSync(join(folder, "models"))).toEqual(["shop-log"]);
      expect(edge.requests).toEqual([]);
    });

    it("looks for settings of its own first, when asked, and keeps them for the next training", async () => {
      const path = join(folder, "log.csv");
      writeFileSync(path, csv(200));
      await train(path, "--steps", "5", "--search", "1s");
      expect(output).toMatch(/Searching .* trials, the best \.\d{4} on the validation part/);
      const settings = readFileSync(join(folder, "models/log/settings.json"), "utf8");
      output = "";
      await train(path, "--steps", "5");
      expect(output).toContain("Trains with the settings that a search has found");
      expect((JSON.parse(readFileSync(join(folder, "models/log/candidate.json"), "utf8")) as { training: { config: string } }).training.config).toBe(settings);
    });

    it("learns for a shop, whose catalogue the edge has", async () => {
      Object.assign(edge, { products: plantedShop(1, 7).products });
      const path = join(folder, "log.csv");
      writeFileSync(path, csv(900));
      await run("keygen");
      expect(await train(path, "--shop", SHOP, "--steps", "5", "--dry-run")).toBe(1);
      expect(output).toMatch(/240 products/);
      expect(edge.requests).not.toContain(`GET ${routes.admin.export(SHOP)}`);
    });

    it.each([
      ["a file that is cut off", "log.csv.gz", () => gzipSync(csv(900)).subarray(0, 9_000), /log\.csv\.gz, after line \d+: the gzip data is cut off/],
      ["columns of something else", "log.csv", () => csv(3).replace("item_id", "colour"), /no format that Endcap knows\. Its columns are client_id, event, colour, timestamp/],
      ["dates in words", "log.csv", () => csv(3).replace(/\d{13}/g, "Monday"), /none of 18 rows can be used\. Most often: timestamp that cannot be read/],
      ["no act", "log.csv", () => "client_id,event,item_id,timestamp\n", /nothing to learn from yet/],
      ["one shopper", "log.csv", () => csv(1), /No shopper looked at two different products|only \d+ held-out cases/],
      ["one product", "log.csv", () => csv(5).replace(/p\d+-\d+/g, "p"), /names one product only/],
    ])("refuses %s with a sentence and exit code 1, and leaves nothing that could be published", async (_, name, content, sentence) => {
      const path = join(folder, name);
      writeFileSync(path, content());
      await run("keygen");
      output = "";
      Object.assign(edge, { products: [] });
      expect(await train(path, "--steps", "3")).toBe(1);
      expect(output).toMatch(sentence);
      expect(edge.requests).toEqual([]);
    });
  });

  it("fetches the log once, then only what is new, and starts anew when its copy is damaged", async () => {
    Object.assign(edge, { products: ["a", "b"].map((id) => product(id)), lines: [viewLine("client-1", ["a", "b"])] });
    await run("prepare");
    edge.lines.push(viewLine("client-2", ["b", "a", "b"]));
    await run("prepare");
    expect(output).toMatch(/Fetching what is new +3 events.*5 in all/);
    const copy = join(folder, "cache", SHOP, "events.ndjson");
    expect(readFileSync(copy, "utf8").trim().split("\n")).toHaveLength(2);
    writeFileSync(copy, "");
    await run("prepare");
    expect(readFileSync(copy, "utf8").trim().split("\n")).toHaveLength(2);
  });

  describe("when a shopper is erased", () => {
    const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
    const copy = () => readFileSync(join(folder, "cache", SHOP, "events.ndjson"), "utf8");
    const clients = () => copy().split("\n").filter(Boolean).map((text) => (JSON.parse(text) as ExportLine).clientId);
    /** What the edge does: the client's lines turn blank, a notice comes last. */
    const erase = (clientId: string) => {
      edge.lines = edge.lines.map((line) => (line && "clientId" in line && line.clientId === clientId ? null : line));
      edge.lines.push({ erased: sha256(clientId), receivedAtMs: 1 });
    };
    beforeEach(async () => {
      Object.assign(edge, { products: ["a", "b"].map((id) => product(id)), lines: [viewLine("client-gone", ["a", "b"]), viewLine("client-here", ["b", "a"]), viewLine("client-gone", ["b"], undefined, 5)] });
      await run("prepare");
      output = "";
    });

    it("deletes what it has of them, says so, and learns from nothing of it any more", async () => {
      expect(clients()).toEqual(["client-gone", "client-here", "client-gone"]);
      erase("client-gone");
      edge.lines.push(viewLine("client-new", ["a"]));
      expect(await run("prepare")).toBe(0);
      expect(output).toContain("3 events of shoppers who have been erased are deleted here too.");
      expect(output).toMatch(/3 product events of 2 clients/);
      expect(clients()).toEqual(["client-here", "client-new"]);
      for (const file of readdirSync(folder, { recursive: true, withFileTypes: true })) if (file.isFile()) expect(readFileSync(join(file.parentPath, file.name), "utf8")).not.toContain("client-gone");
      // What it fetches next comes behind the right place, and is deleted no second time.
      edge.lines.push(viewLine("client-last", ["b"]));
      await run("prepare");
      expect(clients()).toEqual(["client-here", "client-new", "client-last"]);
      expect(output.match(/deleted here too/g)).toHaveLength(1);
    });

    it("asks the edge for it where the shop wishes it, by name or by client, prints the receipts, and deletes its own copy", async () => {
      edge.onErase = (clientId) => erase(clientId);
      expect(await run("erase", "--client", "client-gone")).toBe(0);
      expect(output).toContain(`"clientSha256": "${sha256("client-gone")}"`);
      expect(output).toContain("3 events deleted from the copy on this machine.");
      expect(clients()).toEqual(["client-here"]);
      expect(await run("erase", "--person", " Ann@Mail.example ")).toBe(0);
      expect(edge.requests).toContain(`DELETE ${routes.admin.person(SHOP, await personHash("key", "ann@mail.example"))}`);
      expect(output).toContain(`Nobody of that name has logged in at "${SHOP}".`);
      expect(await run("erase")).toBe(2);
    });

    it("has the same data as a trainer that fetches all anew", async () => {
      erase("client-gone");
      edge.lines.push(viewLine("client-gone", ["a", "b"], undefined, 1));
      await run("prepare");
      const grown = copy();
      rmSync(join(folder, "cache"), { recursive: true });
      await run("prepare");
      expect(copy()).toBe(grown);
      expect(clients()).toEqual(["client-here", "client-gone"]);
    });

    it("does it at the next run, when it is cut off between hearing of it and doing it", async () => {
      erase("client-gone");
      const path = join(folder, "cache", SHOP, "cursor.json");
      const mark = JSON.parse(readFileSync(path, "utf8")) as { bytes: number };
      writeFileSync(path, JSON.stringify({ ...mark, cursor: String(edge.lines.length), erased: { [sha256("client-gone")]: mark.bytes } }));
      await run("prepare");
      expect(clients()).toEqual(["client-here"]);
    });

    it("fetches all anew, when it is cut off between deleting and writing that down", async () => {
      erase("client-gone");
      const path = join(folder, "cache", SHOP, "cursor.json");
      const mark = JSON.parse(readFileSync(path, "utf8")) as { bytes: number };
      writeFileSync(path, JSON.stringify({ ...mark, cursor: String(edge.lines.length), erased: { [sha256("client-gone")]: mark.bytes } }));
      writeFileSync(join(folder, "cache", SHOP, "events.ndjson"), `${JSON.stringify(viewLine("client-here", ["b", "a"]))}\n`);
      await run("prepare");
      expect(clients()).toEqual(["client-here"]);
    });
  });

  it("cuts off what an interrupted fetch left behind its last whole page", async () => {
    Object.assign(edge, { products: ["a", "b"].map((id) => product(id)), lines: [viewLine("client-1", ["a", "b"])] });
    await run("prepare");
    const copy = join(folder, "cache", SHOP, "events.ndjson");
    const whole = readFileSync(copy, "utf8");
    writeFileSync(copy, `${whole}{"clientId":"cut o`);
    expect(await run("prepare")).toBe(0);
    expect(readFileSync(copy, "utf8")).toBe(whole);
  });

  it("changes the signing key while the edge takes both, and signs with the next one from the end of it on", async () => {
    await run("keygen");
    const old = await readKey(SHOP, folder, {});
    expect(await run("rotate")).toBe(0);
    const [, both] = /data-signers="([0-9a-f,]+)"/.exec(output)!;
    expect(both!.split(",")[0]).toBe(old.fingerprint);
    expect(edge.signers).toEqual(both!.split(","));
    expect((await readKey(SHOP, folder, {})).fingerprint).toBe(old.fingerprint);
    expect(await run("rotate", "--finish")).toBe(0);
    expect((await readKey(SHOP, folder, {})).fingerprint).toBe(both!.split(",")[1]);
    expect(edge.signers).toEqual([both!.split(",")[1]]);
    expect(await run("rotate", "--finish")).toBe(1);
    expect(output).toContain(`No next key for shop "${SHOP}"`);
  });

  it("keeps the signing key for its owner's eyes, and never overwrites it", async () => {
    await run("keygen");
    const path = join(folder, "keys", `${SHOP}.json`);
    const before = readFileSync(path, "utf8");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(await run("keygen")).toBe(1);
    expect(output).toMatch(/exists already/);
    expect(readFileSync(path, "utf8")).toBe(before);
  });

  it("does not train for minutes to find that there is no key", async () => {
    Object.assign(edge, plantedShop(60, 7));
    expect(await run("train")).toBe(1);
    expect(output).toMatch(/No signing key.*keygen/);
    expect(edge.requests).toEqual([]);
  });

  it.each([
    [["nonsense"], /no command "nonsense"/],
    [["train"], /Which shop/],
    [["train", "--shop", SHOP, "--steps", "2.5"], /--steps takes a whole number/],
    [["train", "--shop", SHOP, "--minutes", "1", "--steps", "2"], /give one/],
    [["train", "--shop", SHOP, "--sed", "1"], /--sed/],
    [["train", "--shop", SHOP, "--dates", "day-first"], /give --data too/],
    [["train", "--data", "x", "--dates", "sometimes"], /--dates takes day-first or month-first/],
    [["train", "--shop", SHOP, "--search", "20"], /--search takes a time such as 20m/],
    [["train", "--shop", SHOP, "--every", "12"], /goes with --watch/],
    [["rollback", "--shop", SHOP, "--version", "0"], /--version takes a model's version/],
  ])("answers %j with a sentence and exit code 2", async (argv, sentence) => {
    expect(await main(argv)).toBe(2);
    expect(output).toMatch(sentence);
  });
});
