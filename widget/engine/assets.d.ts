/** A file that the build emits beside the bundles; the module is its address. */
declare module "*.wasm?url" {
  const url: string;
  export default url;
}
