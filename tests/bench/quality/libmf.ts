/**
 * What a Node user would find on npm instead: LIBMF's implicit matrix factorisation (`libmf`, the engine of `disco-rec`, with
 * disco's defaults), asked for what is nearest to the newest items, since the questions' sessions are new to it.
 */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Scorer } from "../../../trainer/models/scorer.ts";
import type { SessionIndex } from "../../../trainer/models/session-knn.ts";
import { installPeers } from "../peers.ts";

const FOLDER = join(import.meta.dirname, "..", "recommenders");
const FACTORS = 8;
const ITERATIONS = 20;
/** Of the newest entry, the weight of one that is a place older: an answer to the last item alone would be a weaker peer. */
const DECAY = 0.6;

interface Libmf {
  Loss: { ONE_CLASS_L2: number };
  Matrix: new () => { push(row: number, column: number, value: number): void };
  Model: new (options: object) => { fit(data: object): void; q(): ArrayLike<number>[]; destroy(): void };
}

/** @throws PeersMissingError without a network, where it is not installed yet */
export async function loadLibmf(): Promise<Libmf> {
  installPeers(FOLDER);
  return (await import(pathToFileURL(join(FOLDER, "node_modules", "libmf", "src", "index.js")).href)) as Libmf;
}

export function libmfScorer({ Loss, Matrix, Model }: Libmf, { itemCount, starts, items, endMs }: SessionIndex): Scorer {
  const data = new Matrix();
  for (let session = 0; session < endMs.length; session += 1) for (const item of new Set(items.subarray(starts[session]!, starts[session + 1]!))) data.push(session, item, 1);
  const model = new Model({ loss: Loss.ONE_CLASS_L2, factors: FACTORS, iterations: ITERATIONS, quiet: true });
  model.fit(data);
  const rows = Array.from(model.q(), (row) => {
    const length = Math.hypot(...Array.from(row));
    return Float32Array.from(row, (value) => (length > 0 && Number.isFinite(value) ? value / length : 0));
  });
  model.destroy();
  return {
    name: "libmf (npm), item factors", bytes: itemCount * FACTORS * 4,
    score(queries, out) {
      queries.forEach(({ input }, q) => {
        const wanted = new Float32Array(FACTORS);
        for (let place = input.items.length - 1, weight = 1; place >= input.items.length - input.count; place -= 1, weight *= DECAY) {
          rows[input.items[place]!]?.forEach((value, f) => (wanted[f] = wanted[f]! + weight * value));
        }
        for (let item = 0; item < itemCount; item += 1) {
          let sum = 0;
          for (let f = 0; f < FACTORS; f += 1) sum += (rows[item]?.[f] ?? 0) * wanted[f]!;
          out[q * itemCount + item] = sum;
        }
      });
    },
  };
}
