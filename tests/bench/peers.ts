/** Other capture libraries, to be measured beside the tag: installed when a benchmark first needs them, each bundled to one script. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { build, type Rolldown } from "vite";

const FOLDER = join(import.meta.dirname, "peers");
/** What runs models in browsers, for `npm run bench:engine`. */
export const RUNTIMES = join(import.meta.dirname, "runtimes");

export const PEERS = ["snowplow", "posthog", "segment", "rudderstack"] as const;
export type Peer = (typeof PEERS)[number];
/** As each library's documentation sets it up first, and with what it offers against loss. */
export const PEER_MODES = ["default", "durable"] as const;
export type PeerMode = (typeof PEER_MODES)[number];

/** The registry could not be reached, so the peers are not there to be measured. */
export class PeersMissingError extends Error {
  override name = "PeersMissingError";
}

/** Installs the peers, unless they are there in the versions named. @param folder with their package.json @throws PeersMissingError without a network */
export function installPeers(folder = FOLDER): void {
  const { dependencies } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { dependencies: { [name: string]: string } };
  const installed = ([name, version]: [string, string]) => {
    const file = join(folder, "node_modules", name, "package.json");
    return existsSync(file) && (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version === version;
  };
  if (Object.entries(dependencies).every(installed)) return;
  const { status } = spawnSync("npm", ["install", "--prefix", folder, "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"], { stdio: "inherit" });
  if (status !== 0) throw new PeersMissingError(`The libraries to compare with could not be installed. Connect to the network and run \`npm install --prefix ${folder} --no-package-lock\`.`);
}

/**
 * One library as a shop would host it: a classic script, to be included as
 * `<script src="…" data-collector="http://localhost:…" data-mode="default">`; it leaves `window.peer.track(marker)`.
 */
export async function bundlePeer(peer: Peer): Promise<string> {
  const built = (await build({
    configFile: false,
    root: FOLDER,
    logLevel: "error",
    define: { "process.env.NODE_ENV": '"production"' },
    build: { write: false, target: "es2022", lib: { entry: join(FOLDER, `${peer}.js`), formats: ["iife"], name: "benchPeer" }, rolldownOptions: { output: { codeSplitting: false } } },
  })) as Rolldown.RolldownOutput[];
  return built[0]!.output[0].code;
}
