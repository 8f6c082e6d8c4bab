/** What the build calls the other bundles; see `knowBundles` in vite.config.ts. */
declare module "virtual:endcap-bundles" {
  export const carouselFile: string;
  export const engineFile: string;
}
