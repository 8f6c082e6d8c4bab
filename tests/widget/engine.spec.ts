import { expect, test, type Page } from "@playwright/test";
import type { Harness } from "./engine/harness.ts";
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
const score = (page: Page, histories: number) => page.evaluate((count) => harness.score(count), histories);

for (const backend of ["webgpu", "wasm"] as const) {
  test(`${backend} ranks the top 20 of 200 histories as the plain loops do`, async ({ page }) => {
    test.skip(backend === "webgpu" && !hasWebGpu(), "no adapter in this project");
    await open(page);
    const parity = await page.evaluate((name) => harness.parity(name, 1200, 200), backend);
    expect(parity.histories).toBe(200);
    expect(parity.wrongProducts).toBe(0);
    // Only items as good as equal may change places.
    expect(parity.largestSwapGap).toBeLessThan(1e-4);
    expect(parity.swaps).toBeLessThan(20);
  });

  test(`${backend} leaves no tensor behind after 500 re-ranks in the worker`, async ({ page }) => {
    test.skip(backend === "webgpu" && !hasWebGpu(), "no adapter in this project");
    test.setTimeout(120_000);
    await open(page);
    expect(await start(page, { backend, itemCount: 100 })).toMatchObject({ backend, thread: "worker", fallbacks: {} });
    const { largestError, diagnostics, tensorsAfterFirst } = await score(page, 500);
    expect(tensorsAfterFirst).toBeGreaterThan(0);
    expect(diagnostics.tensors).toBe(tensorsAfterFirst);
    expect(diagnostics).toMatchObject({ backend, fallbacks: {} });
    expect(largestError).toBeLessThan(1e-3);
  });
}

test("leaves the GPU alone where it would run on the CPU, and WASM where plain loops are quick enough", async ({ page }) => {
  await open(page);
  const requests: string[] = [];
  page.on("request", (request) => requests.push(request.url()));
  const diagnostics = await start(page, { itemCount: 1200 });
  expect(diagnostics).toMatchObject({ backend: "loops", thread: "worker", fallbacks: { [hasWebGpu() ? "software-adapter" : "no-adapter"]: 1 } });
  expect(diagnostics.measurements.map(({ backend }) => backend)).toEqual(["loops"]);
  expect(requests.filter((url) => url.includes("/engine-"))).toEqual([site.engineUrl]);
  expect((await score(page, 20)).largestError).toBe(0);
});

test("WASM serves where plain loops miss a frame and it does not, and only then is it loaded", async ({ page }) => {
  await open(page);
  expect(await page.evaluate(() => harness.choose([17, 5]))).toEqual({ backend: "wasm", measured: ["loops", "wasm"], passedOver: [hasWebGpu() ? "software-adapter" : "no-adapter"] });
  await page.reload();
  await expect.poll(() => page.evaluate(() => "harness" in globalThis)).toBe(true);
  expect(await page.evaluate(() => harness.choose([17, 18]))).toMatchObject({ backend: "loops", measured: ["loops", "wasm"] });
  expect(await page.evaluate(() => harness.choose([16]))).toMatchObject({ backend: "loops", measured: ["loops"] });
});

test.describe("on a GPU that says it is hardware", () => {
  test.beforeEach(async ({ page }) => {
    test.skip(!hasWebGpu(), "no adapter in this project");
    await page.addInitScript(() => Object.defineProperty(GPUAdapterInfo.prototype, "isFallbackAdapter", { get: () => false }));
    await open(page);
  });

  test("WebGPU serves when it answers within a frame, whatever the plain loops would take", async ({ page }) => {
    expect(await page.evaluate(() => harness.choose([16]))).toEqual({ backend: "webgpu", measured: ["webgpu"], passedOver: [] });
  });

  test("WebGPU is passed over when it needs longer", async ({ page }) => {
    expect(await page.evaluate(() => harness.choose([16.5, 2]))).toEqual({ backend: "loops", measured: ["webgpu", "loops"], passedOver: ["too-slow"] });
  });

  test("WebGPU is passed over when its answer is wrong", async ({ page }) => {
    // A driver that loses uniforms: shapes are then zero.
    await page.evaluate(() => Object.defineProperty(GPUQueue.prototype, "writeBuffer", { value: () => {} }));
    expect(await page.evaluate(() => harness.choose([2]))).toEqual({ backend: "loops", measured: ["loops"], passedOver: ["wrong-answer"] });
  });

  test("WebGPU is passed over when the catalogue's rows do not fit it", async ({ page }) => {
    await page.evaluate(() => Object.defineProperty(GPUSupportedLimits.prototype, "maxStorageBufferBindingSize", { get: () => 100 * 16 - 1 }));
    expect(await page.evaluate(() => harness.choose([2]))).toMatchObject({ backend: "loops", passedOver: ["too-large"] });
  });
});

test("says why a forced WebGPU cannot be had, and answers without it", async ({ page }) => {
  test.skip(hasWebGpu(), "there is an adapter in this project");
  await open(page);
  expect(await start(page, { backend: "webgpu", itemCount: 100 })).toMatchObject({ backend: "loops", thread: "worker", fallbacks: { "no-adapter": 1 } });
  expect((await score(page, 5)).largestError).toBe(0);
});

test("answers the same request from plain loops when the GPU is lost", async ({ page }) => {
  test.skip(!hasWebGpu(), "no adapter in this project");
  await open(page);
  expect(await start(page, { engineUrl: `${site.edge}/exposed.js`, backend: "webgpu", itemCount: 100 })).toMatchObject({ backend: "webgpu" });
  expect((await score(page, 3)).diagnostics).toMatchObject({ backend: "webgpu", fallbacks: {} });
  await page.workers()[0]!.evaluate(() => (globalThis as unknown as { gpuDevice: { destroy(): void } }).gpuDevice.destroy());
  const { largestError, diagnostics } = await score(page, 3);
  expect(diagnostics).toMatchObject({ backend: "loops", thread: "worker", fallbacks: { "gpu-lost": 1 } });
  expect(largestError).toBe(0);
});

test("never answers for another version than the one it was started with", async ({ page }) => {
  await open(page);
  expect(await start(page, { backend: "loops", itemCount: 100 })).toMatchObject({ thread: "worker" });
  expect(await page.evaluate(() => harness.scoreAnother(100))).toBe(0);
  expect((await score(page, 3)).diagnostics).toMatchObject({ thread: "worker", fallbacks: {} });
});

test("answers on the page when the worker crashes, and when it goes silent", async ({ page }) => {
  await open(page);
  for (const [kill, reason] of [["setTimeout(() => { throw new Error('crashed') })", "worker-failed"], ["self.close()", "worker-timeout"]] as const) {
    expect(await start(page, { backend: "loops", itemCount: 100 })).toMatchObject({ thread: "worker", fallbacks: {} });
    await page.workers().at(-1)!.evaluate(kill);
    const { largestError, diagnostics } = await score(page, 3);
    expect(diagnostics).toMatchObject({ backend: "loops", thread: "main", fallbacks: { [reason]: 1 } });
    expect(largestError).toBe(0);
  }
});

test("answers on the page when the worker cannot read the weights, or its bundle does not load", async ({ page }) => {
  await open(page);
  expect(await start(page, { itemCount: 100, flip: 3 })).toMatchObject({ thread: "main", fallbacks: { "worker-failed": 1 } });
  expect((await score(page, 3)).largestError).toBe(0);
  expect(await start(page, { itemCount: 100, engineUrl: `${site.edge}/gone.js` })).toMatchObject({ thread: "main", fallbacks: { "worker-failed": 1 } });
  expect((await score(page, 3)).largestError).toBe(0);
});

test.describe("under a strict policy with Trusted Types", () => {
  test("runs in the worker", async ({ page }) => {
    const violations = watchViolations(page);
    await open(page, `${STRICT}; worker-src blob: EDGE`);
    const backend = hasWebGpu() ? "webgpu" : "loops";
    expect(await start(page, { backend, itemCount: 100 })).toMatchObject({ backend, thread: "worker", fallbacks: {} });
    expect((await score(page, 5)).largestError).toBeLessThan(1e-3);
    expect(violations).toEqual([]);
  });

  test("leaves WASM out where the policy forbids it", async ({ page }) => {
    await open(page, `${STRICT}; worker-src blob: EDGE`);
    expect(await start(page, { backend: "wasm", itemCount: 100 })).toMatchObject({ backend: "loops", thread: "worker", fallbacks: { "wasm-forbidden": 1 } });
    expect((await score(page, 5)).largestError).toBe(0);
  });

  test("runs WASM where the policy allows it", async ({ page }) => {
    await open(page, `${STRICT.replace("script-src EDGE", "script-src EDGE 'wasm-unsafe-eval'")}; worker-src blob: EDGE`);
    expect(await start(page, { backend: "wasm", itemCount: 100 })).toMatchObject({ backend: "wasm", thread: "worker", fallbacks: {} });
    expect((await score(page, 5)).largestError).toBeLessThan(1e-3);
  });

  test("answers on the page without worker-src", async ({ page }) => {
    await open(page, STRICT);
    const { thread, fallbacks } = await start(page, { itemCount: 3000 });
    expect(thread).toBe("main");
    expect((fallbacks["worker-blocked"] ?? 0) + (fallbacks["worker-failed"] ?? 0)).toBe(1);
    expect((await score(page, 5)).largestError).toBe(0);
  });

  test("answers on the page where the shop allows no policy of that name", async ({ page }) => {
    await open(page, `${STRICT.replace("trusted-types endcap", "trusted-types 'none'")}; worker-src blob: EDGE`);
    expect(await start(page, { itemCount: 100 })).toMatchObject({ thread: "main", fallbacks: { "worker-blocked": 1 } });
    expect((await score(page, 5)).largestError).toBe(0);
  });
});

function watchViolations(page: Page): string[] {
  const violations: string[] = [];
  page.on("console", (message) => {
    if (/Content Security Policy|Trusted/i.test(message.text())) violations.push(message.text());
  });
  return violations;
}
