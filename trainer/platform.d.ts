// WebAssembly as the trainer uses it: Node has it, and TypeScript describes it in the browser's library only.
interface WebAssemblyMemory {
  readonly buffer: ArrayBuffer;
}
declare const WebAssembly: {
  Memory: new (descriptor: { initial: number }) => WebAssemblyMemory;
  Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  Instance: new (module: object, imports: { env: { memory: WebAssemblyMemory } }) => { readonly exports: { [name: string]: unknown } };
};
