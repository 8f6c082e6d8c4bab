/** Keeps a shop's model fresh: trains now and then, and does at once what the merchant has asked for at the edge. */
import type { EdgeClient } from "./edge-client.ts";

const POLL_MS = 60_000;

export interface WatchOptions {
  client: Pick<EdgeClient, "models">;
  shop: string;
  /** Between two trainings; the first is at once. */
  everyMs: number;
  train: () => Promise<void>;
  /** Serves a version again. */
  restore: (version: number) => Promise<void>;
  /** What went wrong is said, and tried again at its next time; what it throws ends the watch. */
  onError: (error: unknown) => void;
  now: () => number;
  /** Resolves after so long, or when the watch is to end. */
  wait: (ms: number) => Promise<void>;
  stopped: () => boolean;
}

/** Resolves when it is stopped, never amid a training or a publication. */
export async function watch({ client, shop, everyMs, train, restore, onError, now, wait, stopped }: WatchOptions): Promise<void> {
  let trainAtMs = now();
  while (!stopped()) {
    try {
      const { requested } = await client.models(shop);
      if (requested) await restore(requested.version);
    } catch (error) {
      onError(error);
    }
    if (stopped()) return;
    if (now() >= trainAtMs) {
      try {
        await train();
      } catch (error) {
        onError(error);
      }
      // One that takes longer than the time between two leaves some out.
      while (trainAtMs <= now()) trainAtMs += everyMs;
    }
    await wait(Math.min(POLL_MS, Math.max(0, trainAtMs - now())));
  }
}
