/** What a page could not bring to disk before it was left: kept in localStorage, whose writes are done when they return. */
import type { Step } from "../capture/recorder.ts";
import { toJson } from "../json.ts";
import type { RecordedEvent } from "./journal.ts";
import type { OutboxEntry } from "./outbox.ts";
import type { Lease } from "./sequence.ts";
import type { Shopper } from "./shopper.ts";

/** IndexedDB transactions of a page that goes away are aborted half-way, so the next page finishes them. */
export interface LastWords {
  /** To give back; `next` is the first number not used. */
  lease?: Lease | undefined;
  /** Numbered, perhaps sent by beacon, perhaps on disk already. */
  entries: OutboxEntry[];
  /** Recorded before there was a number for them. */
  events: RecordedEvent[];
  /** What the recorder has not decided about. */
  steps: Step[];
  /** The shopper's rows with changes not known to be on disk. */
  rows: Partial<Shopper>;
}

/** @param key never used before @throws where storage is blocked or full */
export function leaveWords(key: string, words: LastWords): void {
  localStorage.setItem(key, toJson(words));
}

/** All there are, by the keys to delete them by once they are on disk. @throws where storage is blocked */
export function readWords<T = LastWords>(prefix: string): [key: string, words: T][] {
  return Object.keys(localStorage)
    .filter((key) => key.startsWith(prefix))
    .map((key) => [key, JSON.parse(localStorage.getItem(key)!) as T]);
}
