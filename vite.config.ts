import { createHash } from "node:crypto";
import { globSync, readFileSync } from "node:fs";
import { defineConfig, type BuildEnvironmentOptions, type Plugin, type UserConfig } from "vite";
import { engineBuild, plainImports, slimTfjs } from "./widget/build/engine.ts";

/**
 * `vite build --app` builds what shops download, each bundle by itself: the engine and the chunks as hashed ES
 * modules, then the tag as a classic script that knows their names. `vite build --mode dashboard` builds the
 * merchant's dashboard. All of it goes to dist/, which the Worker serves as static assets.
 */
export default defineConfig(({ mode }): UserConfig => (mode === "dashboard" ? dashboard : widget));

const dashboard: UserConfig = {
  root: "edge/dashboard",
  base: "/dashboard/",
  // Its pages may load nothing inline (CSP: default-src 'self'), so no file is small enough to become a data: URL.
  build: { outDir: "../../dist/dashboard", emptyOutDir: true, assetsInlineLimit: 0 },
};

const OUT_DIR = "dist";
/** Bundles are addressed relative to each other: the shop's page and the edge that serves them are different origins. */
const base = "./";

/** Licences are in the notices file that is shipped beside the bundles. */
const comments = { legal: false };

/**
 * Of all that the bundles are made of, in all their names: the tag holds one hash instead of one for each of them. Files
 * that chunks share among themselves have hashes of their own.
 */
const BUILD = createHash("sha256").update(globSync(["core/**/*.ts", "widget/**/*.{ts,tsx}", "vite.config.ts", "package-lock.json"]).sort().map((file) => `${file}\n${readFileSync(file, "utf8")}`).join("\n")).digest("base64url").replace(/[-_]/g, "").slice(0, 8);

/** What pages fetch beyond the tag, each by its own need; the tag knows their names. */
const CHUNKS = {
  carousel: "widget/ui/carousel.tsx",
  consent: "widget/consent/adapters.ts",
  identity: "widget/identity.ts",
  panel: "widget/panel/panel.tsx",
  redaction: "widget/redaction.ts",
  reader: "widget/reader/reader.ts",
  mend: "widget/reader/json.ts",
  shopify: "widget/reader/shopify.ts",
  trouble: "widget/trouble/trouble.ts",
  lists: "widget/lists/lists.ts",
  forms: "widget/forms/forms.ts",
  systems: "widget/systems/start.ts",
} as const;
type Chunk = keyof typeof CHUNKS;
const CHUNK_NAMES = Object.keys(CHUNKS) as Chunk[];

/** 2 to 4 % smaller than by the default minifier. */
const smallest = { minify: "terser", terserOptions: { ecma: 2020, compress: { passes: 4, inline: 0, unsafe: true, unsafe_arrows: true }, format: { comments: false } } } as const satisfies BuildEnvironmentOptions;

const chunkBuild = (name: Chunk): BuildEnvironmentOptions => ({
  ...smallest,
  outDir: OUT_DIR,
  emptyOutDir: false,
  target: "es2022",
  modulePreload: false,
  rolldownOptions: {
    input: { [name]: CHUNKS[name] },
    preserveEntrySignatures: "strict",
    output: { format: "es", entryFileNames: `[name]-${BUILD}.js`, chunkFileNames: `${name}-[name]-[hash].js`, comments },
  },
});

const tagBuild: BuildEnvironmentOptions = {
  outDir: OUT_DIR,
  emptyOutDir: false,
  target: "es2022",
  ...smallest,
  // As a library, so that Vite leaves the tag's one dynamic import as it is.
  lib: { entry: { tag: "widget/main.ts" }, formats: ["iife"], name: "endcapTag" },
  rolldownOptions: { output: { entryFileNames: "tag.js", comments } },
};

/** Shopify's merchants paste it: a text with nothing to fetch. */
const pixelBuild: BuildEnvironmentOptions = {
  ...tagBuild,
  lib: { entry: { "shopify-pixel": "widget/systems/shopify-pixel-snippet.ts" }, formats: ["iife"], name: "endcapPixel" },
  rolldownOptions: { output: { entryFileNames: "shopify-pixel.js", comments } },
};

const bundleNames = new Map<string, string>();

/** Remembers what the engine and the chunks are called, and tells the tag, as the module `virtual:endcap-bundles`. */
function knowBundles(): Plugin {
  const id = "virtual:endcap-bundles";
  const nameOf = (entry: string) => {
    const name = bundleNames.get(entry);
    if (!name) throw new Error(`The tag is built after the ${entry}, whose file name it holds.`);
    return name;
  };
  return {
    name: "endcap-know-bundles",
    sharedDuringBuild: true,
    resolveId: { filter: { id: /^virtual:endcap-bundles$/ }, handler: () => `\0${id}` },
    load: {
      filter: { id: /virtual:endcap-bundles$/ },
      handler: () => ["engine", ...CHUNK_NAMES].map((entry) => `export const ${entry}File = ${JSON.stringify(nameOf(entry))};`).join("\n"),
    },
    writeBundle(_, bundle) {
      for (const chunk of Object.values(bundle)) if (chunk.type === "chunk" && chunk.isEntry) bundleNames.set(chunk.name, chunk.fileName);
    },
  };
}

/** The bundles carry no licence comments, so the notices lie beside them. */
function shipNotices(): Plugin {
  return {
    name: "endcap-ship-notices",
    applyToEnvironment: (environment) => environment.name === "tag",
    generateBundle() {
      this.emitFile({ type: "asset", fileName: "THIRD_PARTY_NOTICES.md", source: readFileSync("THIRD_PARTY_NOTICES.md") });
    },
  };
}

/** One word for all variables compresses better than three; the compiler has judged already which of them may change. */
function letEverywhere(): Plugin {
  return {
    name: "endcap-let-everywhere",
    applyToEnvironment: (environment) => environment.name === "tag",
    renderChunk: { order: "pre", handler: (code) => ({ code: code.replaceAll(/\b(?:const|var) /g, "let "), map: null }) },
  };
}

/** A module of nothing but constants made of others' is shipped as what it makes. */
function evaluateAtBuild(): Plugin {
  return {
    name: "endcap-evaluate-at-build",
    load: {
      filter: { id: /\/widget\/capture\/event-table\.ts$/ },
      async handler(id) {
        const made = (await import(id)) as { [name: string]: unknown };
        return Object.entries(made).map(([name, value]) => `export const ${name} = ${JSON.stringify(value)};`).join("\n");
      },
    },
  };
}

/** What fields mean is for readers of the schemas, not for shops' visitors. */
function dropDescriptions(): Plugin {
  return {
    name: "endcap-drop-descriptions",
    transform: { filter: { id: /\/core\/(events|schema|slate)\.ts$/ }, handler: (code) => code.replaceAll(/,\s*description: "[^"]*"/g, "") },
  };
}

const widget: UserConfig = {
  base,
  publicDir: false,
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  plugins: [dropDescriptions(), evaluateAtBuild(), letEverywhere(), { ...slimTfjs(), applyToEnvironment: (environment) => environment.name === "engine" }, plainImports(), knowBundles(), shipNotices()],
  environments: {
    engine: { consumer: "client", build: { ...engineBuild(OUT_DIR, BUILD), emptyOutDir: true } },
    ...Object.fromEntries(CHUNK_NAMES.map((name) => [name, { consumer: "client", build: chunkBuild(name) }])),
    tag: { consumer: "client", build: tagBuild },
    pixel: { consumer: "client", build: pixelBuild },
  },
  builder: {
    async buildApp(builder) {
      for (const name of ["engine", ...CHUNK_NAMES, "tag", "pixel"]) await builder.build(builder.environments[name]!);
    },
  },
};
