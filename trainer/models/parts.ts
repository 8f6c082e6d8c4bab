/** The parts of a shipped model as scorers, each by the arithmetic that devices use, many queries at a time. */
import { TEMPERATURE, type Model } from "../../core/model/config.ts";
import { coVisitationScores, encodeSession } from "../../core/model/score.ts";
import type { Scorer } from "./scorer.ts";
import { createKernels, transposed } from "./wasm/kernels.ts";

/** Queries that are multiplied with the item rows at a time. */
const QUERIES_AT_ONCE = 32;

/** The network alone: cosine with the int8 rows over the temperature. Queries are not rounded to 16 bits here, which moves a score by less than 1e-5. */
export function networkScorer(model: Model): Scorer {
  const count = model.itemIds.length;
  const { width } = model.config;
  const kernels = createKernels(4 * (3 * count * width + 2 * QUERIES_AT_ONCE * (count + width)) + 2 ** 20);
  const rows = kernels.matrix(count, width);
  for (let i = 0; i < rows.values.length; i += 1) rows.values[i] = model.rows[i]! * model.scales[Math.floor(i / width)]!;
  const sessions = kernels.matrix(QUERIES_AT_ONCE, width);
  const products = kernels.matrix(QUERIES_AT_ONCE, count);
  const encoderBytes = Object.values(model.encoder).reduce((sum, values) => sum + values.byteLength, 0);
  return {
    name: "network", bytes: model.rows.byteLength + model.scales.byteLength + encoderBytes,
    score(queries, out) {
      for (let from = 0; from < queries.length; from += QUERIES_AT_ONCE) {
        const some = queries.slice(from, from + QUERIES_AT_ONCE);
        some.forEach(({ input }, q) => {
          const session = encodeSession(model, input);
          for (let d = 0; d < width; d += 1) sessions.values[q * width + d] = session[d]! / TEMPERATURE;
        });
        kernels.product(sessions, transposed(rows), products);
        out.set(products.values.subarray(0, some.length * count), from * count);
      }
    },
  };
}

/** The sparse rows alone. */
export function coVisitationScorer(model: Model): Scorer {
  const count = model.itemIds.length;
  return {
    name: "co-visitation", bytes: model.neighbours.length * (count <= 0xffff ? 3 : 5),
    score(queries, out) {
      queries.forEach(({ input }, q) => out.set(coVisitationScores(model, input), q * count));
    },
  };
}

/** The same for everybody. @param popularity [N] */
export function popularityScorer(popularity: Float32Array): Scorer {
  return {
    name: "popularity", bytes: popularity.byteLength,
    score(queries, out) {
      for (let q = 0; q < queries.length; q += 1) out.set(popularity, q * popularity.length);
    },
  };
}
