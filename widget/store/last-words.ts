/** What a page could not bring to disk before it was left: kept in localStorage, whose writes are done when they return. */
import { toJson } from "../json.ts";
import type { Step } from "../capture/recorder.ts";
import type { OutboxEntry } from "./outbox.ts";
import type { Lease } from "./sequence.ts";
import type { RecordedEvent } from "./journal.ts";
import type { Shopper } from "./shopper.ts";

/** IndexedDB transactions of a page that goes away are aborted half-way, so the next page finishes them. */
export interface LastWords {
  /** To give back; `next` is the first number not used. */
  lease: Lease | null;
  /** Numbered, perhaps sent by beacon, perhaps on disk already. */
  entries: OutboxEntry[];
  /** Recorded before the disk had answered. */
  events: RecordedEvent[];
  /** What the recorder has not decided about. */
  steps: Step[];
  /** The shopper's rows with changes not known to be on disk. */
  rows: Partial<Shopper>;
}

/** @param id unique to the page, so that closing tabs don't overwrite each other @throws where storage is blocked or full */
export function leaveWords(name: string, id: string, words: LastWords): void {
  localStorage.setItem(`${name}:${id}`, toJson(words));
}

/** Takes all there are, by their ids; whoever calls is responsible for them from then on. */
export function takeWords(name: string): Map<string, LastWords> {
  const found = new Map<string, LastWords>();
  try {
    for (const key of Object.keys(localStorage)) {
      if (!key.startsWith(`${name}:`)) continue;
      const text = localStorage.getItem(key);
      localStorage.removeItem(key);
      if (text) found.set(key.slice(name.length + 1), JSON.parse(text) as LastWords);
    }
  } catch {
    // Storage is blocked: then nothing was left here either.
  }
  return found;
}
