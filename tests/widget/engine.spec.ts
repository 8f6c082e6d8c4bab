import { expect, test, type Page } from "@playwright/test";
import type { Harness } from "./engine/harness.ts";
import type { BackendName } from "../../widget/engine/protocol.ts";
import { startSite, type Site } from "./engine/site.ts";

declare const harness: Harness;

/** What the strictest shop that Endcap promises to work in sends. */
const STRICT = "default-src 'none'; script-src EDGE; connect-src EDGE; img-src data:; require-trusted-types-for 'script'; trusted-types endcap";

let site: Site;
test.beforeAll(async () => {
  site = await startSite({
    pageModule: `${import.meta.dirname}/engine/harness.ts`,
    tfjs: "slim",
    extra: {
      // The engine with its GPU in reach of the test.
      "exposed.js": (engineFile) => `import "./expose-device.js"; import "./${engineFile}";`,
      "expose-device.js": () => `
        const { requestDevice } = GPUAdapter.prototype;
        GPUAdapter.prototype.requestDevice = async function (...args) { return (globalThis.gpuDevice = await requestDevice.apply(this, args)); };`,
    },
  });
});
test.afterAll(() => site.stop());

const hasWebGpu = () => test.info().project.name === "webgpu";

async function open(page: Page, policy?: string): Promise<void> {
  const url = site.pageUrl(policy);
  await page.goto(url);
  await expect.poll(() => page.evaluate(() => "harness" in globalThis)).toBe(true);
}
const start = (page: Page, options: Omit<Parameters<Harness["start"]>[0], "engineUrl"> & { engineUrl?: string }) =>
  page.evaluate((given) => harness.start(given), { engineUrl: site.engineUrl, ...options });
const rank = (page: Page, histories: number) => page.evaluate((count) => harness.rank(count), histories);
/** What is measured of a backend that does both tasks. */
const taking = (backend: BackendName) => [[backend, "encode"], [backend, "score"]];
const both = (backend: BackendName) => ({ encode: backend, score: backend });

for (const backend of ["webgpu", "wasm"] as const) {
  test(`${backend} ranks the top 20 of 200 histories as the plain loops do`, async ({ page }) => {
    test.skip(backend === "webgpu" && !hasWebGpu(), "no adapter in this project");
    await open(page);
    const parity = await page.evaluate((name) => harness.parity(name, 1200, 200), backend);
    expect(parity.histories).toBe(200);
    expect(parity.wrongTops).toBe(0);
    // Only items as good as equal may change places.
    expect(parity.largestSwapGap).toBeLessThan(1e-4);
    expect(parity.swaps).toBeLessThan(20);
  });

  test(`${backend} leaves no tensor behind after 500 re-ranks in the worker`, async ({ page }) => {
    test.skip(backend === "webgpu" && !hasWebGpu(), "no adapter in this project");
    test.setTimeout(120_000);
    await open(page);
    const serving = { encode: backend, score: backend === "wasm" ? "loops" : backend };
    expect(await start(page, { backend, itemCount: 100 })).toMatchObject({ backend: serving, thread: "worker", fallbacks: {} });
    const { largestError, diagnostics, memoryAfterFirst } = await rank(page, 500);
    expect(memoryAfterFirst.tensors).toBeGreaterThan(0);
    expect(diagnostics).toMatchObject({ backend: serving, memory: memoryAfterFirst, fallbacks: {} });
    expect(largestError).toBeLessThan(1e-3);
  });
}

test("leaves the GPU alone where it would run on the CPU, and WASM where plain loops are quick enough", async ({ page }) => {
  await open(page);
  const requests: string[] = [];
  page.on("request", (request) => requests.push(request.url()));
  const diagnostics = await start(page, { itemCount: 1200 });
  expect(diagnostics).toMatchObject({ backend: both("loops"), thread: "worker", fallbacks: { [hasWebGpu() ? "software-adapter" : "no-adapter"]: 1 } });
  expect(diagnostics.calibration!.measurements.map(({ backend, task }) => [backend, task])).toEqual(taking("loops"));
  expect(requests.filter((url) => url.includes("/engine-"))).toEqual([site.engineUrl]);
  const { exact, crossedBytes } = await rank(page, 20);
  expect(exact).toBe(20);
  // Of 1,200 items, the top 20 and their scores.
  expect(crossedBytes).toBe(20 * 8);
});

test("WASM encodes where plain loops miss a frame and it is quicker, and only then is it loaded", async ({ page }) => {
  await open(page);
  expect(await page.evaluate(() => harness.choose([14, 3, 5]))).toEqual({ chosen: { encode: "wasm", score: "loops" }, measured: [...taking("loops"), ["wasm", "encode"]], passedOver: [hasWebGpu() ? "software-adapter" : "no-adapter"] });
  await open(page);
  expect(await page.evaluate(() => harness.choose([3, 14, 5]))).toMatchObject({ chosen: both("loops"), measured: [...taking("loops"), ["wasm", "encode"]] });
  expect(await page.evaluate(() => harness.choose([3, 13]))).toMatchObject({ chosen: both("loops"), measured: taking("loops") });
});

test.describe("on a GPU that says it is hardware", () => {
  test.beforeEach(async ({ page }) => {
    test.skip(!hasWebGpu(), "no adapter in this project");
    await page.addInitScript(() => Object.defineProperty(GPUAdapterInfo.prototype, "isFallbackAdapter", { get: () => false }));
    await open(page);
  });

  test("WebGPU serves when it answers within a frame, whatever the plain loops would take", async ({ page }) => {
    expect(await page.evaluate(() => harness.choose([10, 6]))).toEqual({ chosen: both("webgpu"), measured: taking("webgpu"), passedOver: [] });
  });

  test("WebGPU serves the one task with which a re-rank is within a frame", async ({ page }) => {
    const measured = [...taking("webgpu"), ...taking("loops")];
    expect(await page.evaluate(() => harness.choose([30, 4, 1, 40]))).toEqual({ chosen: { encode: "loops", score: "webgpu" }, measured, passedOver: ["too-slow"] });
    await open(page);
    expect(await page.evaluate(() => harness.choose([9, 30, 20, 7]))).toEqual({ chosen: { encode: "webgpu", score: "loops" }, measured, passedOver: ["too-slow"] });
  });

  test("WebGPU is passed over when it needs longer", async ({ page }) => {
    expect(await page.evaluate(() => harness.choose([16.5, 16.5, 2, 2]))).toEqual({ chosen: both("loops"), measured: [...taking("webgpu"), ...taking("loops")], passedOver: ["too-slow"] });
  });

  test("what was measured once is not measured again, but on another GPU", async ({ page }) => {
    const remembered = { chosen: { encode: "loops", score: "webgpu" }, measurements: [], adapter: "google swiftshader" } as const;
    const { adapter } = await page.evaluate(async () => ({ adapter: (({ vendor, architecture, device }) => [vendor, architecture, device].filter(Boolean).join(" "))((await navigator.gpu.requestAdapter())!.info) }));
    expect(await page.evaluate((given) => harness.choose([], given), { ...remembered, measurements: [], adapter })).toEqual({ chosen: remembered.chosen, measured: [], passedOver: [] });
    await open(page);
    expect(await page.evaluate((given) => harness.choose([5, 5], given), { ...remembered, measurements: [], adapter: "nvidia ampere" })).toEqual({ chosen: both("webgpu"), measured: taking("webgpu"), passedOver: ["other-adapter"] });
  });

  test("WebGPU is passed over when its answer is wrong", async ({ page }) => {
    // A driver that loses uniforms: shapes are then zero.
    await page.evaluate(() => Object.defineProperty(GPUQueue.prototype, "writeBuffer", { value: () => {} }));
    expect(await page.evaluate(() => harness.choose([2, 2]))).toEqual({ chosen: both("loops"), measured: taking("loops"), passedOver: ["wrong-answer"] });
  });

  test("WebGPU is passed over when the catalogue's rows do not fit it", async ({ page }) => {
    await page.evaluate(() => Object.defineProperty(GPUSupportedLimits.prototype, "maxStorageBufferBindingSize", { get: () => 100 * 16 - 1 }));
    expect(await page.evaluate(() => harness.choose([2, 2]))).toMatchObject({ chosen: both("loops"), passedOver: ["too-large"] });
  });
});

test("says why a forced WebGPU cannot be had, and answers without it", async ({ page }) => {
  test.skip(hasWebGpu(), "there is an adapter in this project");
  await open(page);
  expect(await start(page, { backend: "webgpu", itemCount: 100 })).toMatchObject({ backend: both("loops"), thread: "worker", fallbacks: { "no-adapter": 1 } });
  expect((await rank(page, 5)).exact).toBe(5);
});

for (const [what, reason, happen] of [
  ["is lost", "gpu-lost", "gpuDevice.destroy()"],
  ["has no memory left", "out-of-memory", "gpuDevice.dispatchEvent(new GPUUncapturedErrorEvent('uncapturederror', { error: new GPUOutOfMemoryError('none left') }))"],
] as const) {
  test(`answers the same request from plain loops when the GPU ${what}`, async ({ page }) => {
    test.skip(!hasWebGpu(), "no adapter in this project");
    await open(page);
    expect(await start(page, { engineUrl: `${site.edge}/exposed.js`, backend: "webgpu", itemCount: 100 })).toMatchObject({ backend: both("webgpu") });
    expect((await rank(page, 3)).diagnostics).toMatchObject({ backend: both("webgpu"), fallbacks: {} });
    await page.workers()[0]!.evaluate(happen);
    const { exact, diagnostics } = await rank(page, 3);
    expect(diagnostics).toMatchObject({ backend: both("loops"), thread: "worker", fallbacks: { [reason]: 1 } });
    expect(exact).toBe(3);
  });
}

test("never answers for another version than the one it was started with", async ({ page }) => {
  await open(page);
  expect(await start(page, { backend: "loops", itemCount: 100 })).toMatchObject({ thread: "worker" });
  expect(await page.evaluate(() => harness.rankAnother(100))).toBe(true);
  expect((await rank(page, 3)).diagnostics).toMatchObject({ thread: "worker", fallbacks: {} });
});

test("answers on the page when the worker crashes, and when it goes silent", async ({ page }) => {
  await open(page);
  for (const [kill, reason] of [["setTimeout(() => { throw new Error('crashed') })", "worker-failed"], ["self.close()", "worker-timeout"]] as const) {
    expect(await start(page, { backend: "loops", itemCount: 100 })).toMatchObject({ thread: "worker", fallbacks: {} });
    await page.workers().at(-1)!.evaluate(kill);
    const { exact, diagnostics } = await rank(page, 3);
    expect(diagnostics).toMatchObject({ backend: both("loops"), thread: "main", fallbacks: { [reason]: 1 } });
    expect(exact).toBe(3);
  }
});

test("answers on the page when the worker cannot read the weights, or its bundle does not load", async ({ page }) => {
  await open(page);
  expect(await start(page, { itemCount: 100, flip: 3 })).toMatchObject({ thread: "main", fallbacks: { "worker-failed": 1 } });
  expect((await rank(page, 3)).exact).toBe(3);
  expect(await start(page, { itemCount: 100, engineUrl: `${site.edge}/gone.js` })).toMatchObject({ thread: "main", fallbacks: { "worker-failed": 1 } });
  expect((await rank(page, 3)).exact).toBe(3);
});

test.describe("under a strict policy with Trusted Types", () => {
  test("runs in the worker", async ({ page }) => {
    const violations = watchViolations(page);
    await open(page, `${STRICT}; worker-src blob: EDGE`);
    const backend = hasWebGpu() ? "webgpu" : "loops";
    expect(await start(page, { backend, itemCount: 100 })).toMatchObject({ backend: both(backend), thread: "worker", fallbacks: {} });
    expect((await rank(page, 5)).largestError).toBeLessThan(1e-3);
    expect(violations).toEqual([]);
  });

  test("leaves WASM out where the policy forbids it", async ({ page }) => {
    await open(page, `${STRICT}; worker-src blob: EDGE`);
    expect(await start(page, { backend: "wasm", itemCount: 100 })).toMatchObject({ backend: both("loops"), thread: "worker", fallbacks: { "wasm-forbidden": 1 } });
    expect((await rank(page, 5)).exact).toBe(5);
  });

  test("runs WASM where the policy allows it", async ({ page }) => {
    await open(page, `${STRICT.replace("script-src EDGE", "script-src EDGE 'wasm-unsafe-eval'")}; worker-src blob: EDGE`);
    expect(await start(page, { backend: "wasm", itemCount: 100 })).toMatchObject({ backend: { encode: "wasm", score: "loops" }, thread: "worker", fallbacks: {} });
    expect((await rank(page, 5)).largestError).toBeLessThan(1e-3);
  });

  test("answers on the page without worker-src", async ({ page }) => {
    await open(page, STRICT);
    const { thread, fallbacks } = await start(page, { itemCount: 3000 });
    expect(thread).toBe("main");
    expect((fallbacks["worker-blocked"] ?? 0) + (fallbacks["worker-failed"] ?? 0)).toBe(1);
    expect((await rank(page, 5)).exact).toBe(5);
  });

  test("answers on the page where the shop allows no policy of that name", async ({ page }) => {
    await open(page, `${STRICT.replace("trusted-types endcap", "trusted-types 'none'")}; worker-src blob: EDGE`);
    expect(await start(page, { itemCount: 100 })).toMatchObject({ thread: "main", fallbacks: { "worker-blocked": 1 } });
    expect((await rank(page, 5)).exact).toBe(5);
  });
});

function watchViolations(page: Page): string[] {
  const violations: string[] = [];
  page.on("console", (message) => {
    if (/Content Security Policy|Trusted/i.test(message.text())) violations.push(message.text());
  });
  return violations;
}
