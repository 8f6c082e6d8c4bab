/**
 * tfjs as the engine uses it: its flags and a platform of a few lines. tfjs's own set-up would bring model
 * storage in IndexedDB, optimizers and Node's platform along.
 */
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-core/dist/flags";

tf.env().setPlatform("browser", {
  fetch: (path, init) => fetch(path, init),
  now: () => performance.now(),
  encode: (text) => new TextEncoder().encode(text),
  decode: (bytes, encoding) => new TextDecoder(encoding).decode(bytes),
  setTimeoutCustom: (run, delayMs) => void setTimeout(run, delayMs),
  isTypedArray: (value): value is Float32Array | Int32Array | Uint8Array | Uint8ClampedArray =>
    value instanceof Float32Array || value instanceof Int32Array || value instanceof Uint8Array || value instanceof Uint8ClampedArray,
});

export { tf };
