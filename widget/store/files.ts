/** Files fetched from the edge, kept for the next page: the catalogue's cards, the model's weights, what the engine measured. */
import type { Card, CatalogueSnapshot } from "../../core/catalogue.ts";
import type { WeightsCache } from "../engine/model.ts";
import type { Database } from "./database.ts";

/** Rows carry their key, so that they can move from memory to disk as they are. */
type Row<T> = T & { key: string };
export interface StoredCards {
  sha256: string;
  currency: string;
  cards: Card[];
}
/** Which backend won on this device, for which version of the model. */
export interface StoredCalibration {
  version: number;
  backend: "webgpu" | "wasm" | "loops";
}

export interface Files {
  weights: WeightsCache;
  cards(): Promise<StoredCards | undefined>;
  keepCards(sha256: string, snapshot: CatalogueSnapshot): Promise<StoredCards>;
  calibration(): Promise<StoredCalibration | undefined>;
  keepCalibration(calibration: StoredCalibration): Promise<void>;
}

/** @param database asked for anew each time: consent replaces memory by disk */
export function createFiles(database: () => Database): Files {
  const read = <T>(key: string) => database().run(["files"], "readonly", (transaction) => transaction.get<Row<T>>("files", key));
  const write = async (key: string, value: object) => {
    await database().run(["files"], "readwrite", (transaction) => transaction.put("files", key, { ...value, key }));
  };
  return {
    weights: {
      get: (shop) => read(`weights:${shop}`),
      put: (shop, entry) => write(`weights:${shop}`, entry),
      delete: async (shop) => void (await database().run(["files"], "readwrite", (transaction) => transaction.remove("files", `weights:${shop}`))),
    },
    cards: () => read("cards"),
    async keepCards(sha256, { currency, cards }) {
      const stored = { sha256, currency, cards };
      await write("cards", stored);
      return stored;
    },
    calibration: () => read("calibration"),
    keepCalibration: (calibration) => write("calibration", calibration),
  };
}
