/** What all bundles are made of, as their names say it; see `knowBundles` in vite.config.ts. */
declare module "virtual:endcap-bundles" {
  /** Stands in every chunk's name after its own. */
  export const build: string;
}
