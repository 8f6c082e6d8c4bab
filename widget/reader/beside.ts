/** Fetches what few pages need: chunks that lie beside the reader, under names of the same build. */

interface Beside {
  mend: typeof import("./json.ts");
  shopify: typeof import("./shopify.ts");
}

/** @param name of the chunk, as the build calls it */
export function fetchBeside<N extends keyof Beside>(name: N): Promise<Beside[N]> {
  return import(/* @vite-ignore */ import.meta.url.replace(/reader(?=[^/]*$)/, name)) as Promise<Beside[N]>;
}
