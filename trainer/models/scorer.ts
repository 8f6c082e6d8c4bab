/** What every model can do, whatever it is made of: score all items for a history. */
import type { EncodedHistory } from "../../core/history.ts";

export interface Query {
  input: EncodedHistory;
  /** When it is asked. */
  nowMs: number;
}

export interface Scorer {
  readonly name: string;
  /** What a device would have to fetch for it; undefined for a model that needs the log itself and stays with the trainer. */
  readonly bytes: number | undefined;
  /**
   * Writes the scores of all items for each query, one row after the other; higher is better.
   * @param out [queries · N]
   */
  score(queries: readonly Query[], out: Float32Array): void;
}
