/** The WebGPU backend: tfjs with the kernels that the encoder needs, and our own for the scoring. */
import type { Tensor } from "@tensorflow/tfjs-core";
import { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu/dist/backend_webgpu";
import { addConfig } from "@tensorflow/tfjs-backend-webgpu/dist/kernels/Add";
import { batchMatMulConfig } from "@tensorflow/tfjs-backend-webgpu/dist/kernels/BatchMatMul";
import { concatConfig } from "@tensorflow/tfjs-backend-webgpu/dist/kernels/Concat";
import { identityConfig } from "@tensorflow/tfjs-backend-webgpu/dist/kernels/Identity";
import { multiplyConfig } from "@tensorflow/tfjs-backend-webgpu/dist/kernels/Multiply";
import { realDivConfig } from "@tensorflow/tfjs-backend-webgpu/dist/kernels/RealDiv";
import { reluConfig } from "@tensorflow/tfjs-backend-webgpu/dist/kernels/Relu";
import { reshapeConfig } from "@tensorflow/tfjs-backend-webgpu/dist/kernels/Reshape";
import { sliceConfig } from "@tensorflow/tfjs-backend-webgpu/dist/kernels/Slice";
import { softmaxConfig } from "@tensorflow/tfjs-backend-webgpu/dist/kernels/Softmax";
import { softplusConfig } from "@tensorflow/tfjs-backend-webgpu/dist/kernels/Softplus";
import { sqrtConfig } from "@tensorflow/tfjs-backend-webgpu/dist/kernels/Sqrt";
import { subConfig } from "@tensorflow/tfjs-backend-webgpu/dist/kernels/Sub";
import { sumConfig } from "@tensorflow/tfjs-backend-webgpu/dist/kernels/Sum";
import { MatMulProgramType } from "@tensorflow/tfjs-backend-webgpu/dist/webgpu_util";
import type { Model } from "../../../core/model/config.ts";
import { rankerOf } from "../../../core/model/rank.ts";
import { BackendUnavailable, type Backend } from "./backend.ts";
import { createEncoder } from "./encoder.ts";
import { tf } from "./tfjs.ts";
import { offerCandidates, packQuery, packRows, packTable, topRowsProgram } from "./top-rows-program.ts";

const KERNELS = [
  addConfig, batchMatMulConfig, concatConfig, identityConfig, multiplyConfig, realDivConfig, reluConfig, reshapeConfig,
  sliceConfig, softmaxConfig, softplusConfig, sqrtConfig, subConfig, sumConfig,
];

/** @throws BackendUnavailable without a device, or where the model does not fit its limits */
export async function createWebGpuBackend(model: Model, adapter: GPUAdapter): Promise<Backend> {
  const { width } = model.config;
  const itemCount = model.itemIds.length;
  const rows = packRows(model.rows, width);
  const table = packTable(rankerOf(model).table);
  if (Math.max(rows.byteLength, table.byteLength) > adapter.limits.maxStorageBufferBindingSize) {
    // tfjs would answer with zeros, without an error.
    throw new BackendUnavailable("too-large", `${rows.byteLength} bytes of rows and ${table.byteLength} of factors, the adapter binds ${adapter.limits.maxStorageBufferBindingSize}`);
  }
  const device = await adapter.requestDevice({
    requiredLimits: { maxStorageBufferBindingSize: adapter.limits.maxStorageBufferBindingSize, maxBufferSize: adapter.limits.maxBufferSize },
  });
  // Rejects once the GPU is gone or out of memory, and takes every answer under way with it.
  const lost = new Promise<never>((_, reject) => {
    void device.lost.then(({ reason, message }) => reject(new BackendUnavailable("gpu-lost", `${reason}: ${message}`)));
    device.addEventListener("uncapturederror", ({ error }) => {
      reject(new BackendUnavailable(error instanceof GPUOutOfMemoryError ? "out-of-memory" : "gpu-lost", error.message));
    }, { once: true });
  });
  lost.catch(() => {});

  // The kernels' CPU paths are not in this bundle.
  tf.env().set("WEBGPU_CPU_FORWARD", false);
  // The one program for products that is: the encoder's matrices are small.
  tf.env().set("WEBGPU_MATMUL_PROGRAM_TYPE", MatMulProgramType.MatMulSmallOutputSizeProgram);
  for (const kernel of KERNELS) tf.registerKernel(kernel);
  const gpu = new WebGPUBackend(device, adapter.info);
  tf.registerBackend("webgpu", () => gpu);
  await tf.setBackend("webgpu");

  const encoder = createEncoder(model);
  const resident = { rows: tf.tensor1d(rows, "int32"), table: tf.tensor1d(table, "int32") };
  /** What a GPU that is gone never answers. */
  const read = async (tensor: Tensor) => {
    try {
      return await Promise.race([tensor.data(), lost]);
    } finally {
      tensor.dispose();
    }
  };
  return {
    name: "webgpu",
    encode: async (input) => ((await read(encoder.encode(input))) as Float32Array).slice(-width),
    async select({ query, mask, selection, k }) {
      const candidates = tf.tidy(() => {
        const inputs = [resident.rows, resident.table, tf.tensor1d(packQuery(query.values), "int32"), tf.tensor1d(new Int32Array(mask.buffer), "int32")];
        return tf.engine().makeTensorFromTensorInfo(gpu.runWebGPUProgram(topRowsProgram(itemCount, k), inputs, "int32"));
      });
      offerCandidates((await read(candidates)) as Int32Array, selection);
    },
    memory: () => ({ tensors: tf.memory().numTensors, bytes: tf.memory().numBytes }),
    stop() {
      encoder.dispose();
      tf.dispose(resident);
      tf.removeBackend("webgpu");
      device.destroy();
    },
  };
}
