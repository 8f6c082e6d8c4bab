import { describe, expect, it } from "vitest";
import { seededRandom } from "../../../core/ids.ts";
import { NO_NEIGHBOUR } from "../../../core/model/config.ts";
import { fitLinearItems, strongestOf } from "../../../trainer/models/linear-items.ts";
import { FactorisationError, solvePositiveDefinite } from "../../../trainer/models/linear-solve.ts";
import { indexSessions } from "../../../trainer/models/session-knn.ts";
import { datasetOf, product, START_MS, viewLine } from "../planted.ts";

describe("the linear solver", () => {
  it("solves a system worked by hand", () => {
    // [4 2; 2 3] · [1; 2] = [8; 8]
    expect([...solvePositiveDefinite(Float32Array.of(4, 2, 2, 3), Float32Array.of(8, 8), 2)]).toEqual([expect.closeTo(1, 5), expect.closeTo(2, 5)]);
  });

  it.each([47, 48, 49, 130])("leaves nothing over of %i equations, whose blocks end elsewhere", (n) => {
    const random = seededRandom(n);
    const a = Float32Array.from({ length: n * n }, () => random() - 0.5);
    const matrix = new Float32Array(n * n);
    for (let i = 0; i < n; i += 1) for (let j = 0; j < n; j += 1) for (let k = 0; k < n; k += 1) matrix[i * n + j]! += a[i * n + k]! * a[j * n + k]! + (i === j ? 0.1 : 0);
    const right = Float32Array.from({ length: n * 3 }, () => random());
    const solution = solvePositiveDefinite(matrix, right, n);
    for (let i = 0; i < n; i += 1) {
      for (let c = 0; c < 3; c += 1) {
        let sum = 0;
        for (let k = 0; k < n; k += 1) sum += matrix[i * n + k]! * solution[k * 3 + c]!;
        expect(sum).toBeCloseTo(right[i * 3 + c]!, 3);
      }
    }
  });

  it("says so where a matrix is not positive definite", () => {
    expect(() => solvePositiveDefinite(Float32Array.of(1, 2, 2, 1), Float32Array.of(1, 1), 2)).toThrow(FactorisationError);
  });
});

describe("linear items", () => {
  const dataset = datasetOf(["a", "b", "c"].map((id) => product(id)), [
    viewLine("one", ["a", "b"], START_MS), viewLine("two", ["a", "b"], START_MS + 1), viewLine("three", ["a", "c"], START_MS + 2),
  ]);

  it("are the ridge regression of what came next on what was there, as worked by hand", () => {
    // a was there 3 times, twice before b and once before c: with a ridge of 1, a speaks for b by 2 / (3 + 1).
    const rows = fitLinearItems(indexSessions(dataset, Infinity), { decay: 0, later: 0, ridge: 1, halfLifeShare: Infinity });
    expect([...rows].map((value) => Math.round(value * 1e4) / 1e4)).toEqual([0, 0.5, 0.25, 0, 0, 0, 0, 0, 0]);
  });

  it("ship the strongest of what speaks for an item, and nothing that speaks against it", () => {
    const { neighbours, weights } = strongestOf(Float32Array.of(0, 0.5, 0.25, -1, 0, 0.5, 0, 0, 0), 3, 2);
    expect([...neighbours]).toEqual([1, 2, 2, NO_NEIGHBOUR, NO_NEIGHBOUR, NO_NEIGHBOUR]);
    expect([...weights]).toEqual([255, 128, 255, 0, 0, 0]);
  });
});
