/** The engine: holds the model in a worker, chooses a backend, and scores histories. */
import { readModel, type Model } from "../../core/model/config.ts";
import { blendScores } from "../../core/model/score.ts";
import type { EncodedHistory } from "../../core/history.ts";
import { BackendUnavailable, type Backend } from "./backends/backend.ts";
import { createLoopsBackend } from "./backends/loops.ts";
import { chooseBackend } from "./calibrate.ts";
import type { FallbackReason, FromWorker, ToWorker } from "./protocol.ts";

const page = self as unknown as { postMessage(message: FromWorker, transfer?: Transferable[]): void };
const note = (reason: FallbackReason, detail: string) => page.postMessage({ type: "fallback", reason, detail });

let model: Model;
let backend: Backend;
/** Requests are answered one after the other: a GPU answers them no sooner side by side. */
let turn: Promise<void> = Promise.resolve();

self.addEventListener("message", ({ data }: MessageEvent<ToWorker>) => {
  turn = turn.then(() => (data.type === "start" ? start(data.weights, data.backend) : score(data.id, data.input)));
  // Rejections don't reach the page by themselves, as errors do.
  turn.catch((error: unknown) => page.postMessage({ type: "failed", detail: String(error) }));
});

async function start(weights: ArrayBuffer, forced: (ToWorker & { type: "start" })["backend"]): Promise<void> {
  model = readModel(new Uint8Array(weights));
  const choice = await chooseBackend(model, forced, () => performance.now(), note);
  backend = choice.backend;
  page.postMessage({ type: "ready", backend: backend.name, measurements: choice.measurements });
}

async function score(id: number, input: EncodedHistory): Promise<void> {
  const scores = await scoresOf(input);
  page.postMessage({ type: "scores", id, scores, backend: backend.name, tensors: backend.tensors() }, [scores.buffer as ArrayBuffer]);
}

/** A backend that fails is replaced for good, and the plain loops answer the same request. */
async function scoresOf(input: EncodedHistory): Promise<Float32Array> {
  if (input.count === 0) return blendScores(model, null, input);
  try {
    const { products, query } = await backend.multiply(input);
    return blendScores(model, { products, scale: query.scale }, input);
  } catch (error) {
    if (backend.name === "loops") throw error;
    note(error instanceof BackendUnavailable ? error.reason : "backend-failed", String(error));
    backend.stop();
    backend = createLoopsBackend(model);
    return scoresOf(input);
  }
}
