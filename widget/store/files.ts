/** Files fetched from the edge, kept for the next page: the catalogue's cards, the model's weights, what the engine measured. */
import { openDB, type DBSchema, type IDBPDatabase } from "idb";
import type { Card } from "../../core/catalogue.ts";
import type { Bridge } from "../bridge.ts";
import type { CachedWeights, WeightsCache } from "../engine/model.ts";
import type { Calibration } from "../engine/protocol.ts";
import type { StoredDraft } from "../ui/drafts.ts";
import type { StoredAnswer } from "../ui/tail.ts";

export interface StoredCards {
  sha256: string;
  currency: string;
  cards: Card[];
  /** The edge has more of a large shop's head than this device could afford. */
  partial?: boolean;
}
/** What the engine measured on this device, in which browser and for which version of the model. */
export interface StoredCalibration {
  version: number;
  browser: string;
  calibration: Calibration;
}

export interface Files {
  weights: WeightsCache;
  cards(): Promise<StoredCards | undefined>;
  keepCards(cards: StoredCards): Promise<StoredCards>;
  /** What the next page may begin with. */
  draft(): Promise<StoredDraft | undefined>;
  keepDraft(draft: StoredDraft): Promise<void>;
  /** Candidates of a large shop's long tail, oldest first. */
  answers(): Promise<StoredAnswer[]>;
  keepAnswers(answers: StoredAnswer[]): Promise<void>;
  calibration(): Promise<StoredCalibration | undefined>;
  keepCalibration(calibration: StoredCalibration): Promise<void>;
}

type StoredFile = StoredCards | StoredCalibration | CachedWeights | ArrayBuffer | StoredAnswer[] | StoredDraft;
interface Schema extends DBSchema {
  files: { key: string; value: StoredFile };
}

/** In memory until the shopper allows more, on disk from then on; a disk that refuses costs the next page a download. */
export function createFiles({ filesName, journal, faults, onChange }: Pick<Bridge, "filesName" | "journal" | "faults" | "onChange">): Files {
  const memory = new Map<string, StoredFile>();
  let opening: Promise<IDBPDatabase<Schema> | null> | undefined;

  const open = async () => {
    const disk = await openDB<Schema>(filesName, 1, {
      upgrade: (database) => void database.createObjectStore("files"),
      // Somebody wants to delete it: this page goes on in memory, and does not bring it back.
      blocking: (_, __, { target }) => {
        (target as IDBDatabase).close();
        opening = Promise.resolve(null);
      },
      // The browser has taken the handle away; the next access opens another one.
      terminated: () => (opening = undefined),
    });
    for (const [key, file] of memory) await disk.put("files", file, key);
    memory.clear();
    return disk;
  };
  const disk = async () => {
    if (!journal.mayStore()) return null;
    return (opening ??= open().catch((error: unknown) => (faults.note("files", error), null)));
  };
  const read = async <T extends StoredFile>(key: string) => {
    const database = await disk();
    return (memory.get(key) ?? (await database?.get("files", key))) as T | undefined;
  };
  const write = async (key: string, file: StoredFile) => {
    const database = await disk();
    if (database) await database.put("files", file, key);
    else memory.set(key, file);
  };
  // On consent, what this page has fetched so far moves to disk.
  onChange(() => faults.watch("files", disk()));

  return {
    weights: {
      get: (shop) => read(`weights:${shop}`),
      put: (shop, entry) => write(`weights:${shop}`, entry),
      async delete(shop) {
        memory.delete(`weights:${shop}`);
        await (await disk())?.delete("files", `weights:${shop}`);
      },
      parts: {
        get: (sha256, part) => read(`part:${sha256}:${part}`),
        put: (sha256, part, bytes) => write(`part:${sha256}:${part}`, bytes),
        async clear() {
          for (const key of memory.keys()) if (key.startsWith("part:")) memory.delete(key);
          await (await disk())?.delete("files", IDBKeyRange.bound("part:", "part;", false, true));
        },
      },
    },
    cards: () => read("cards"),
    async keepCards(cards) {
      await write("cards", cards);
      return cards;
    },
    draft: () => read("draft"),
    keepDraft: (draft) => write("draft", draft),
    answers: async () => (await read<StoredAnswer[]>("answers")) ?? [],
    keepAnswers: (answers) => write("answers", answers),
    calibration: () => read("calibration"),
    keepCalibration: (calibration) => write("calibration", calibration),
  };
}
