/** The WebGPU backend: tfjs with the kernels that the encoder needs, and our own for the products. */
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
import { QUERY_LEVELS, type Model } from "../../../core/model/config.ts";
import { BackendUnavailable, type Backend } from "./backend.ts";
import { dotRowsProgram, packRows, trailerLength } from "./dot-rows-program.ts";
import { createEncoder } from "./encoder.ts";
import { tf } from "./tfjs.ts";

const KERNELS = [
  addConfig, batchMatMulConfig, concatConfig, identityConfig, multiplyConfig, realDivConfig, reluConfig, reshapeConfig,
  sliceConfig, softmaxConfig, softplusConfig, sqrtConfig, subConfig, sumConfig,
];

/** @throws BackendUnavailable without a device, or where the model does not fit its limits */
export async function createWebGpuBackend(model: Model, adapter: GPUAdapter): Promise<Backend> {
  const rows = packRows(model.rows, model.config.width);
  if (rows.byteLength > adapter.limits.maxStorageBufferBindingSize) {
    // tfjs would answer with zeros, without an error.
    throw new BackendUnavailable("too-large", `${rows.byteLength} bytes of rows, the adapter binds ${adapter.limits.maxStorageBufferBindingSize}`);
  }
  const device = await adapter.requestDevice({
    requiredLimits: { maxStorageBufferBindingSize: adapter.limits.maxStorageBufferBindingSize, maxBufferSize: adapter.limits.maxBufferSize },
  });
  // Rejects once the GPU is gone or out of memory, and takes every answer under way with it.
  const lost = new Promise<never>((_, reject) => {
    void device.lost.then(({ reason, message }) => reject(new BackendUnavailable("gpu-lost", `${reason}: ${message}`)));
    device.addEventListener("uncapturederror", ({ error }) => reject(new BackendUnavailable("gpu-lost", error.message)), { once: true });
  });
  lost.catch(() => {});

  // The kernels' CPU paths are not in this bundle.
  tf.env().set("WEBGPU_CPU_FORWARD", false);
  for (const kernel of KERNELS) tf.registerKernel(kernel);
  const gpu = new WebGPUBackend(device, adapter.info);
  tf.registerBackend("webgpu", () => gpu);
  await tf.setBackend("webgpu");

  const { width } = model.config;
  const itemCount = model.itemIds.length;
  const encoder = createEncoder(model);
  const packed = tf.tensor1d(rows, "int32");
  return {
    name: "webgpu",
    async multiply(input) {
      const out = tf.tidy(() => {
        const session = encoder.encode(input);
        const info = gpu.runWebGPUProgram(dotRowsProgram(itemCount, width, input.items.length), [session, packed], "int32");
        return tf.engine().makeTensorFromTensorInfo(info);
      });
      try {
        const values = (await Promise.race([out.data(), lost])) as Int32Array;
        const trailer = values.slice(itemCount, itemCount + trailerLength(width));
        const largest = new Float32Array(trailer.buffer)[width]!;
        return { products: values.subarray(0, itemCount), query: { values: Int16Array.from(trailer.subarray(0, width)), scale: largest / QUERY_LEVELS } };
      } finally {
        out.dispose();
      }
    },
    tensors: () => tf.memory().numTensors,
    stop() {
      encoder.dispose();
      packed.dispose();
      tf.removeBackend("webgpu");
      device.destroy();
    },
  };
}
