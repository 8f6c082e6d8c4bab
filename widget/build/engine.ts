/** How the engine is bundled: tfjs without the parts that a session encoder can never reach. */
import type { BuildEnvironmentOptions, Plugin } from "vite";

/**
 * Modules that the engine would load and never run, with what stands in for them. Each is only reached through a
 * path that the engine rules out; the browser tests score through every backend of the built bundle.
 */
const STUBS: { module: RegExp; code: string }[] = [
  // The CPU paths of the WebGPU kernels: off by WEBGPU_CPU_FORWARD.
  { module: /tfjs-backend-webgpu\/dist\/kernel_utils\/shared\.js$/, code: "export let addImplCPU, castImplCPU, concatImplCPU, maxImplCPU, multiplyImplCPU, prodImplCPU, sliceImplCPU, subImplCPU, transposeImplCPU;" },
  // Textures are for pictures; the engine has buffers only.
  { module: /tfjs-backend-webgpu\/dist\/texture_manager\.js$/, code: "export class TextureManager { dispose() {} }" },
  // Products of another shape than the engine's, which has one program for all of its own (WEBGPU_MATMUL_PROGRAM_TYPE).
  { module: /tfjs-backend-webgpu\/dist\/matmul_reduce_webgpu\.js$/, code: "export class MatMulReduceProgram {}" },
  { module: /tfjs-backend-webgpu\/dist\/matmul_splitK_webgpu\.js$/, code: "export class MatMulSplitKProgram {} export class BiasActivationProgram {}" },
  // Gradients: only the trainer has any.
  { module: /tfjs-core\/dist\/tape\.js$/, code: "export function getFilteredNodesXToY() {} export function backpropagateGradients() {}" },
  // Complex numbers.
  { module: /tfjs-backend-webgpu\/dist\/binary_op_complex_webgpu\.js$/, code: "export class BinaryOpComplexProgram {}" },
  { module: /tfjs-backend-webgpu\/dist\/kernels\/Complex\.js$/, code: "export function complex() {}" },
  { module: /tfjs-backend-webgpu\/dist\/kernels\/Real\.js$/, code: "export function real() {}" },
  { module: /tfjs-backend-webgpu\/dist\/kernels\/Imag\.js$/, code: "export function imag() {}" },
  // Sums run over the last axis, which needs no transposition first.
  { module: /tfjs-backend-webgpu\/dist\/kernels\/Transpose\.js$/, code: "export function transpose() {}" },
  // Activations fused into a product; the network has its own steps for them.
  { module: /tfjs-backend-webgpu\/dist\/activation_util\.js$/, code: 'export function activationFnSnippet() { return ""; } export function biasActivationSnippet() { return ""; }' },
  // The threaded build needs cross-origin isolation, which shops don't have.
  { module: /tfjs-backend-wasm-threaded-simd\.js$/, code: "export default undefined;" },
  { module: /tfjs-backend-wasm-threaded-simd\.worker\.js$/, code: 'export const wasmWorkerContents = "";' },
  // Tensors as text.
  { module: /tfjs-core\/dist\/tensor_format\.js$/, code: 'export function tensorToString() { return ""; }' },
  // Timings of kernels, printed in debug mode.
  { module: /tfjs-core\/dist\/profiler\.js$/, code: "export class Profiler {}" },
];

/** A program whose source others share, so that only its one user is given a stub. */
const NO_PACKED_PRODUCT = "\0endcap-no-packed-product";

/** Of all the operations of these WebGPU modules, each a text of WGSL, the network's. */
const OPERATIONS = new Set(["ADD", "DIV", "MUL", "SUB", "RELU", "SOFTPLUS", "SQRT"]);

/** Modules of tfjs that do something when they are imported; all others only define, whatever their package says. */
const SIDE_EFFECTS = /tfjs-core\/dist\/(engine|flags|tensor)\.js$|\/flags_(webgpu|wasm)\.js$/;

/** Stubs what cannot be reached. */
export function slimTfjs(): Plugin {
  return {
    name: "endcap-slim-tfjs",
    enforce: "pre",
    resolveId: {
      filter: { id: [/^@tensorflow\/tfjs-core$/, /\/matmul_packed_webgpu$/] },
      async handler(source, importer) {
        if (source.endsWith("matmul_packed_webgpu")) return importer?.endsWith("BatchMatMul_impl.js") ? NO_PACKED_PRODUCT : null;
        // `index.js` also registers every optimizer; `base.js` is the same library without doing anything.
        return this.resolve("@tensorflow/tfjs-core/dist/base.js", importer, { skipSelf: true });
      },
    },
    load: {
      filter: { id: [/endcap-no-packed-product$/, ...STUBS.map(({ module }) => module)] },
      handler: (id) => (id === NO_PACKED_PRODUCT ? "export class MatMulPackedProgram {}" : STUBS.find(({ module }) => module.test(id))!.code),
    },
    transform: {
      filter: { id: [/tfjs-backend-webgpu\/dist\/.*\.js$/, /top-rows-program\.ts$/] },
      handler(code, id) {
        const needed = /(unary|binary)_op_util\.js$/.test(id)
          ? code.replace(/case (?:Unary|Binary)OpType\.(\w+):\s*(?:return [^;]*;|doOpSnippet = [^;]*;\s*break;)/g, (all, name: string) => (OPERATIONS.has(name) ? all : ""))
          : code;
        // Shaders are text that no minifier shortens; neither WGSL nor the code around it minds comments and indentation.
        return { code: needed.replace(/\n\s+(?:\/\/[^\n]*)?/g, "\n"), map: null };
      },
    },
  };
}

/**
 * Chunks import each other by their own absolute addresses: Vite's loader has no part in it. It resolves against the
 * page, and speaks to `document`, which a worker lacks.
 */
export function plainImports(): Plugin {
  return {
    name: "endcap-plain-imports",
    enforce: "pre",
    sharedDuringBuild: true,
    load: { filter: { id: /vite\/preload-helper\.js$/ }, handler: () => "export const __vitePreload = (load) => load();" },
  };
}

/**
 * The engine's build: ES modules for a worker, addressed relative to each other, so that any origin can serve them.
 * @param build stands in the entry's name for what it is made of
 */
export function engineBuild(outDir: string, build = "[hash]"): BuildEnvironmentOptions {
  return {
    outDir,
    emptyOutDir: false,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: false,
    minify: "terser",
    terserOptions: { ecma: 2020, compress: { passes: 3 }, format: { comments: false } },
    rolldownOptions: {
      input: { engine: new URL("../engine/worker.ts", import.meta.url).pathname },
      treeshake: { moduleSideEffects: (id: string) => !id.includes("/@tensorflow/") || SIDE_EFFECTS.test(id) },
      output: { format: "es", entryFileNames: `[name]-${build}.js`, chunkFileNames: "engine-[name]-[hash].js", assetFileNames: "engine-[name]-[hash][extname]", comments: { legal: false } },
    },
  };
}
