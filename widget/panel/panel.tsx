/** The shopper's panel. */
import type { Bridge } from "../bridge.ts";

export async function openPanel(_bridge: Bridge): Promise<void> {}
