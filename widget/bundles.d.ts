/** What the build calls the other bundles; see `knowBundles` in vite.config.ts. */
declare module "virtual:endcap-bundles" {
  export const carouselFile: string;
  export const consentFile: string;
  export const engineFile: string;
  export const identityFile: string;
  export const panelFile: string;
  export const redactionFile: string;
  export const readerFile: string;
  export const troubleFile: string;
  export const listsFile: string;
  export const formsFile: string;
  export const systemsFile: string;
}
