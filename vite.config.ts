import { defineConfig, type UserConfig } from "vite";

/**
 * `vite build --app` builds what shops download, each bundle by itself: the engine and the carousel as hashed ES
 * modules, then the tag as a classic script that knows their names. `vite build --mode dashboard` builds the
 * merchant's dashboard. All of it goes to dist/, which the Worker serves as static assets.
 */
export default defineConfig(({ mode }): UserConfig => (mode === "dashboard" ? dashboard : {}));

const dashboard: UserConfig = {
  root: "edge/dashboard",
  base: "/dashboard/",
  build: { outDir: "../../dist/dashboard", emptyOutDir: true },
};
