/** What the tag is told: the attributes of its own script element and the shop's public configuration. */
import { routes, type ShopConfig } from "../core/api.ts";
import { ARMS, type Arm } from "../core/events.ts";

/** A stored configuration older than this waits for a fresh one before anything is drawn with it. */
export const CONFIG_FRESH_MS = 60 * 60 * 1000;

export const BACKENDS = ["webgpu", "wasm", "loops"] as const;
export type ForcedBackend = (typeof BACKENDS)[number];

export interface TagAttributes {
  /** Origin that the tag came from, without a slash at its end. */
  edge: string;
  /** The shop's public write key. */
  key: string;
  /** Fingerprints of the keys whose models this page trusts. */
  signers: string[];
  consentGranted: boolean;
  arm?: Arm;
  backend?: ForcedBackend;
}

/** @returns null without a write key, the one thing that the tag cannot do without */
export function readTag(script: HTMLScriptElement): TagAttributes | null {
  const { key, signers, consent, arm, backend } = script.dataset;
  if (!key) return null;
  return {
    edge: new URL(script.src).origin,
    key,
    signers: (signers ?? "").split(",").map((signer) => signer.trim()).filter(Boolean),
    consentGranted: consent === "granted",
    arm: ARMS.find((name) => name === arm),
    backend: BACKENDS.find((name) => name === backend),
  };
}

/**
 * Fetches the configuration: the same for every visitor, so without credentials, id or history.
 * @throws when the edge can't be reached or refuses
 */
export async function fetchConfig({ edge, key }: TagAttributes, fetch: typeof globalThis.fetch): Promise<ShopConfig> {
  const response = await fetch(edge + routes.config(key), { credentials: "omit", referrerPolicy: "origin" });
  if (!response.ok) throw new Error(`configuration: ${response.status}`);
  return (await response.json()) as ShopConfig;
}
