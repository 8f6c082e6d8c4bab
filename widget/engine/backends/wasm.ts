/** The WASM backend, for the encoder: tfjs with XNNPACK, SIMD on one thread. */
import { BackendWasm, init, setWasmPaths } from "@tensorflow/tfjs-backend-wasm/dist/backend_wasm";
import { addConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Add";
import { batchMatMulConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/BatchMatMul";
import { concatConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Concat";
import { identityConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Identity";
import { multiplyConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Multiply";
import { realDivConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/RealDiv";
import { reluConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Relu";
import { reshapeConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Reshape";
import { sliceConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Slice";
import { softmaxConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Softmax";
import { softplusConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Softplus";
import { sqrtConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Sqrt";
import { subConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Sub";
import { sumConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Sum";
import wasmUrl from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url";
import type { EncodedHistory } from "../../../core/history.ts";
import type { Model } from "../../../core/model/config.ts";
import { BackendUnavailable, type Backend } from "./backend.ts";
import { createEncoder } from "./encoder.ts";
import { tf } from "./tfjs.ts";

const KERNELS = [
  addConfig, batchMatMulConfig, concatConfig, identityConfig, multiplyConfig, realDivConfig, reluConfig, reshapeConfig,
  sliceConfig, softmaxConfig, softplusConfig, sqrtConfig, subConfig, sumConfig,
];

/** @throws BackendUnavailable without SIMD, where the page's policy forbids WASM, or where the binary does not load */
export async function createWasmBackend(model: Model): Promise<Backend> {
  if (!(await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT"))) throw new BackendUnavailable("wasm-missing", "this browser has no WASM SIMD");
  // The threaded build is not in this bundle; the binary's name carries a hash.
  tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
  setWasmPaths({ "tfjs-backend-wasm.wasm": wasmUrl, "tfjs-backend-wasm-simd.wasm": wasmUrl, "tfjs-backend-wasm-threaded-simd.wasm": wasmUrl });
  const { wasm } = await init().catch((cause: unknown) => {
    throw new BackendUnavailable("wasm-missing", "the WASM binary did not load", { cause });
  });
  for (const kernel of KERNELS) tf.registerKernel(kernel);
  tf.registerBackend("wasm", () => new BackendWasm(wasm));
  await tf.setBackend("wasm");

  const { width } = model.config;
  const encoder = createEncoder(model);
  return {
    name: "wasm",
    encode(input) {
      const sessions = encoder.encode(newestPlaces(input));
      const session = (sessions.dataSync() as Float32Array).slice(-width);
      sessions.dispose();
      return session;
    },
    // The rows stay int8, in plain loops: tfjs would hold them in f32, at four times the memory, and takes longer.
    memory: () => ({ tensors: tf.memory().numTensors, bytes: tf.memory().numBytes }),
    stop() {
      encoder.dispose();
      tf.removeBackend("wasm");
    },
  };
}

/** The same history without its unused places: the encoder knows distances only, so the answer is the same, sooner. */
function newestPlaces({ items, kinds, gaps, count }: EncodedHistory): EncodedHistory {
  const from = items.length - count;
  return { items: items.subarray(from), kinds: kinds.subarray(from), gaps: gaps.subarray(from), count };
}
