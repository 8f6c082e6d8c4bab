import { describe, expect, it } from "vitest";
import { seededRandom } from "../../../../core/ids.ts";
import { createKernels, MatrixShapeError, part, transposed, type Matrix } from "../../../../trainer/models/wasm/kernels.ts";

const kernels = createKernels(2 ** 22);
const random = seededRandom(9);
const filled = (rows: number, columns: number): Matrix => {
  const matrix = kernels.matrix(rows, columns);
  for (let i = 0; i < matrix.values.length; i += 1) matrix.values[i] = random() - 0.5;
  return matrix;
};

describe("the training kernels", () => {
  // Whole tiles of 4 × 8, edges on either side, single cells, and inner lengths that no register divides.
  it.each([[4, 8, 8], [5, 3, 7], [1, 1, 1], [13, 9, 21], [3, 64, 130], [64, 5, 8]])("multiply [%i, %i] × [.., %i] however the factors are laid out", (m, k, n) => {
    for (const [flipA, flipB] of [[false, false], [true, false], [false, true], [true, true]]) {
      kernels.reset();
      const storedA = flipA ? filled(k, m) : filled(m, k);
      const storedB = flipB ? filled(n, k) : filled(k, n);
      const c = kernels.matrix(m, n);
      c.values.fill(1);
      kernels.product(flipA ? transposed(storedA) : storedA, flipB ? transposed(storedB) : storedB, c, "add");
      for (let i = 0; i < m; i += 1) {
        for (let j = 0; j < n; j += 1) {
          let sum = 1;
          for (let p = 0; p < k; p += 1) sum += storedA.values[flipA ? p * m + i : i * k + p]! * storedB.values[flipB ? j * k + p : p * n + j]!;
          expect(c.values[i * n + j]).toBeCloseTo(sum, 5);
        }
      }
    }
  });

  it("write nothing beside the part of a matrix that they are given", () => {
    kernels.reset();
    const [a, b, c] = [filled(5, 3), filled(3, 5), kernels.matrix(9, 11)];
    c.values.fill(7);
    kernels.product(a, b, part(c, 2, 5, 3, 5));
    c.values.forEach((value, i) => {
      const [row, column] = [Math.floor(i / 11), i % 11];
      if (row < 2 || row >= 7 || column < 3 || column >= 8) expect(value, `row ${row}, column ${column}`).toBe(7);
    });
  });

  it.each([1, 4, 7, 130])("make a softmax of %i columns that adds up to 1, far logits included", (columns) => {
    kernels.reset();
    const [x, bias] = [filled(3, columns), filled(1, columns)];
    for (let i = 0; i < columns; i += 3) x.values[i] = -1e9;
    const logits = Array.from(x.values, (value, i) => 14 * value - bias.values[i % columns]!);
    kernels.softmaxRows(x, 14, bias);
    for (let row = 0; row < 3; row += 1) {
      const own = logits.slice(row * columns, (row + 1) * columns);
      const most = Math.max(...own);
      const total = own.reduce((sum, logit) => sum + Math.exp(logit - most), 0);
      own.forEach((logit, column) => expect(x.values[row * columns + column]).toBeCloseTo(Math.exp(logit - most) / total, 6));
    }
  });

  it("refuse factors that do not fit each other, and more than their memory", () => {
    kernels.reset();
    expect(() => kernels.product(kernels.matrix(2, 3), kernels.matrix(4, 2), kernels.matrix(2, 2))).toThrow(MatrixShapeError);
    expect(() => kernels.matrix(2 ** 11, 2 ** 11)).toThrow(RangeError);
  });
});
