/** The engine: holds the model in a worker, chooses backends, and ranks. */
import type { EncodedHistory } from "../../core/history.ts";
import { readModel, type Model } from "../../core/model/config.ts";
import { rankerOf, type Ranked, type RankOptions } from "../../core/model/rank.ts";
import { BackendUnavailable, reasonOf, type Backend } from "./backends/backend.ts";
import { createLoopsBackend } from "./backends/loops.ts";
import { chooseBackends } from "./calibrate.ts";
import { TASKS, type BackendName, type FallbackReason, type FromWorker, type Task, type ToWorker } from "./protocol.ts";

const page = self as unknown as { postMessage(message: FromWorker, transfer?: Transferable[]): void };
const note = (reason: FallbackReason, detail: string) => page.postMessage({ type: "fallback", reason, detail });

let model: Model;
let backends: { [T in Task]: Backend };
/** Requests are answered one after the other: a GPU answers them no sooner side by side. */
let turn: Promise<void> = Promise.resolve();

self.addEventListener("message", ({ data }: MessageEvent<ToWorker>) => {
  turn = turn.then(() => (data.type === "start" ? start(data) : answer(data)));
  // Rejections don't reach the page by themselves, as errors do.
  turn.catch((error: unknown) => page.postMessage({ type: "failed", detail: String(error) }));
});

async function start({ weights, forced, remembered }: ToWorker & { type: "start" }): Promise<void> {
  model = readModel(new Uint8Array(weights));
  const choice = await chooseBackends(model, { forced, remembered, now: () => performance.now(), note });
  backends = choice.backends;
  page.postMessage({ type: "ready", calibration: choice.calibration });
}

async function answer({ id, input, options }: ToWorker & { type: "rank" }): Promise<void> {
  const ranked = await rank(input, options);
  const memory = { tensors: 0, bytes: 0 };
  for (const backend of new Set(TASKS.map((task) => backends[task]))) {
    const { tensors, bytes } = backend.memory();
    memory.tensors += tensors;
    memory.bytes += bytes;
  }
  page.postMessage({ type: "ranked", id, ranked, backend: serving(), memory }, [ranked.items.buffer, ranked.scores.buffer] as ArrayBuffer[]);
}

async function rank(input: EncodedHistory, options: RankOptions): Promise<Ranked> {
  const session = input.count > 0 ? await perform("encode", (backend) => encode(backend, input)) : null;
  return perform("score", async (backend) => {
    // Begun anew for every backend: one that failed may have offered a part.
    const pass = rankerOf(model).begin(session, input, options);
    await backend.select!(pass);
    return pass.finish();
  });
}

async function encode(backend: Backend, input: EncodedHistory): Promise<Float32Array> {
  const session = await backend.encode(input);
  if (!session.every(Number.isFinite)) throw new BackendUnavailable("wrong-answer", `${backend.name} encoded a history as ${session.find((value) => !Number.isFinite(value))}`);
  return session;
}

/** A backend that fails is replaced for good, in all that it does, and the plain loops answer the same request. */
async function perform<T>(task: Task, run: (backend: Backend) => Promise<T>): Promise<T> {
  const backend = backends[task];
  try {
    return await run(backend);
  } catch (error) {
    if (backend.name === "loops") throw error;
    note(reasonOf(error), String(error));
    const loops = createLoopsBackend(model);
    for (const each of TASKS) if (backends[each] === backend) backends[each] = loops;
    backend.stop();
    return run(loops);
  }
}

function serving(): { [T in Task]: BackendName } {
  return { encode: backends.encode.name, score: backends.score.name };
}
