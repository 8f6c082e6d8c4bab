import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { seededRandom } from "../../core/ids.ts";
import { download, DownloadError, PART_BYTES, type PartsCache } from "../../widget/engine/download.ts";

const random = seededRandom(3);
const FILE = Uint8Array.from({ length: 3 * PART_BYTES + 1000 }, () => Math.floor(random() * 256));

/** An edge that drops the line after so many bytes of each answer, in turn; null is an answer to its end. */
let server: Server;
let url: string;
let drops: (number | null)[];
let asked: (string | undefined)[];
let doesRanges: boolean;
beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(request.headers.range);
    const from = doesRanges && request.headers.range ? Number(/^bytes=(\d+)-$/.exec(request.headers.range)![1]) : 0;
    const body = FILE.subarray(from);
    response.writeHead(from > 0 ? 206 : 200, { "content-length": body.length });
    const after = drops.length > 0 ? drops.shift()! : null;
    if (after === null) return void response.end(body);
    // What the socket has taken by then has gone out before it closes.
    response.write(body.subarray(0, after), () => setTimeout(() => response.destroy(), 20));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/file`;
});
afterAll(() => void server.close());

let kept: Map<string, ArrayBuffer>;
beforeEach(() => {
  [drops, asked, doesRanges, kept] = [[], [], true, new Map()];
});
const parts: PartsCache = {
  get: async (sha256, part) => kept.get(`${sha256}:${part}`),
  put: async (sha256, part, bytes) => void kept.set(`${sha256}:${part}`, bytes),
  clear: async () => kept.clear(),
};
const fetchIt = (bytes = FILE.length) => download({ url, sha256: "aa", bytes, fetch, parts });

test("a line that drops is taken up again where it broke", async () => {
  drops = [PART_BYTES + 5000, 7000];
  const { bytes } = await fetchIt();
  expect(Buffer.compare(Buffer.from(bytes), Buffer.from(FILE))).toBe(0);
  expect(asked).toEqual([undefined, `bytes=${PART_BYTES + 5000}-`, `bytes=${PART_BYTES + 12_000}-`]);
});

test("a page that gives up leaves its whole parts to the next, which fetches the rest alone", async () => {
  drops = [PART_BYTES + 10, PART_BYTES, 10];
  await expect(fetchIt()).rejects.toThrow(DownloadError);
  expect([...kept.keys()]).toEqual(["aa:0", "aa:1"]);
  asked = [];
  const { bytes, resumed } = await fetchIt();
  expect(resumed).toBe(true);
  expect(asked).toEqual([`bytes=${2 * PART_BYTES}-`]);
  expect(Buffer.compare(Buffer.from(bytes), Buffer.from(FILE))).toBe(0);
});

test("an edge that does no ranges is heard from the start", async () => {
  doesRanges = false;
  drops = [PART_BYTES + 1];
  const { bytes, resumed } = await fetchIt();
  expect(resumed).toBe(false);
  expect(Buffer.compare(Buffer.from(bytes), Buffer.from(FILE))).toBe(0);
});

test("a line that drops before the first byte is not tried again at once", async () => {
  drops = [0, null];
  await expect(fetchIt()).rejects.toThrow(DownloadError);
  expect(asked).toHaveLength(1);
});

test("no more is taken than was announced, and less is told", async () => {
  expect((await fetchIt(FILE.length - 1)).bytes.byteLength).not.toBe(FILE.length - 1);
  expect((await fetchIt(FILE.length + 1)).bytes.byteLength).toBe(FILE.length);
});

test("other files' parts are left alone", async () => {
  await parts.put("bb", 0, new ArrayBuffer(PART_BYTES));
  await fetchIt();
  expect(asked).toEqual([undefined]);
  expect(kept.has("bb:0")).toBe(true);
});
