/** tfjs's WASM backend in Node, with matrix products made fast enough to train. */
import * as tf from "@tensorflow/tfjs-core";
// For the gradients, which tfjs-core's own Node build leaves out; brings the cpu backend along.
import "@tensorflow/tfjs";
import "@tensorflow/tfjs-backend-wasm";

export type BackendName = "wasm" | "cpu";

/**
 * Starts a backend and makes it tfjs's current one.
 *
 * @param name `wasm` to work with, `cpu` as the plain reference that tests compare it to
 * @param stock leaves tfjs as it comes, for benchmarks
 * @throws Error if this machine's Node cannot run it
 */
export async function startBackend(name: BackendName, { stock = false } = {}): Promise<void> {
  if (!(await tf.setBackend(name))) throw new Error(`tfjs cannot start its ${name} backend here: check that node_modules is complete (npm ci)`);
  await tf.ready();
  if (name === "wasm") useTransposingMatMul(!stock);
}

let stockMatMul: tf.KernelConfig | undefined;

/**
 * Products with a transposed factor, which every gradient is made of, run in a naive loop in tfjs 4.22 (1-2 GFLOP/s);
 * those without run in XNNPACK (20 and more). Transposing first costs little and takes the fast path: 12 times
 * faster at [1500, 48] × [48, 1200]. Products of more than one matrix have no fast path, so they stay as they are.
 */
function useTransposingMatMul(on: boolean): void {
  const { BatchMatMul, Transpose } = tf;
  stockMatMul ??= tf.getKernel(BatchMatMul, "wasm");
  const stock = stockMatMul.kernelFunc;
  const transpose = tf.getKernel(Transpose, "wasm").kernelFunc;
  const kernelFunc: tf.KernelFunc = ({ inputs, attrs, backend }) => {
    const { transposeA, transposeB } = attrs as unknown as { transposeA: boolean; transposeB: boolean };
    let a = inputs["a"] as tf.TensorInfo;
    let b = inputs["b"] as tf.TensorInfo;
    if (matrices(a) > 1 || matrices(b) > 1) return stock({ inputs, attrs, backend });
    const made: tf.TensorInfo[] = [];
    const flipped = (x: tf.TensorInfo) => {
      const rank = x.shape.length;
      const perm = [...Array(rank - 2).keys(), rank - 1, rank - 2];
      const result = transpose({ inputs: { x }, attrs: { perm }, backend }) as tf.TensorInfo;
      made.push(result);
      return result;
    };
    if (transposeA) a = flipped(a);
    if (transposeB) b = flipped(b);
    const product = stock({ inputs: { a, b }, attrs: { transposeA: false, transposeB: false }, backend });
    for (const tensor of made) (backend as { disposeData(id: object): void }).disposeData(tensor.dataId);
    return product;
  };
  tf.unregisterKernel(BatchMatMul, "wasm");
  tf.registerKernel({ ...stockMatMul, kernelFunc: on ? kernelFunc : stock });
}

function matrices(x: tf.TensorInfo): number {
  return x.shape.slice(0, -2).reduce((product, size) => product * size, 1);
}
