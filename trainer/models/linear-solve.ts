/** Solves G · X = R for a symmetric positive definite G by Cholesky's factorisation, block by block over the SIMD products. */
import { createKernels, part, transposed, type Matrix, type MatrixView } from "./wasm/kernels.ts";

/** Rows of a block: its own factor costs little in plain loops, and everything else is a product. */
const BLOCK = 48;

/** The matrix is not positive definite: the ridge is too small for its rounding errors. */
export class FactorisationError extends Error {
  override readonly name = "FactorisationError";
}

/**
 * @param matrix G, row by row, [n · n]; its lower half is read
 * @param right R, row by row, [n · m]
 * @returns X, [n · m]
 * @throws FactorisationError
 */
export function solvePositiveDefinite(matrix: Float32Array, right: Float32Array, n: number): Float32Array {
  const m = right.length / n;
  const kernels = createKernels(4 * (n * n + 2 * n * m + 4 * (n + m) * BLOCK) + 2 ** 20);
  const factor = kernels.matrix(n, n);
  factor.values.set(matrix);
  const solution = kernels.matrix(n, m);
  solution.values.set(right);
  const room = kernels.matrix(n, BLOCK);
  const change = kernels.matrix(BLOCK, m);
  const blocks = Array.from({ length: Math.ceil(n / BLOCK) }, (_, b) => ({ from: b * BLOCK, size: Math.min(BLOCK, n - b * BLOCK) }));

  // G = L · Lᵀ, left-looking: a block of columns is finished before the next is touched.
  for (const { from, size } of blocks) {
    const rest = n - from;
    if (from > 0) {
      const known: Matrix = { ...room, rows: rest, columns: size, rowStride: size };
      kernels.product(part(factor, from, rest, 0, from), transposed(part(factor, from, size, 0, from)), known);
      for (let i = 0; i < rest; i += 1) {
        for (let j = 0; j < size; j += 1) factor.values[(from + i) * n + from + j] = factor.values[(from + i) * n + from + j]! - known.values[i * size + j]!;
      }
    }
    factorColumns(factor.values, n, from, size);
  }
  // L · Y = R downwards, then Lᵀ · X = Y upwards.
  for (const { from, size } of blocks) {
    if (from > 0) subtractProduct(part(factor, from, size, 0, from), part(solution, 0, from, 0, m), from, size);
    for (let i = from; i < from + size; i += 1) {
      for (let k = from; k < i; k += 1) addRow(solution.values, m, k, -factor.values[i * n + k]!, i);
      scaleRow(solution.values, m, i, 1 / factor.values[i * n + i]!);
    }
  }
  for (const { from, size } of blocks.toReversed()) {
    const after = from + size;
    if (after < n) subtractProduct(transposed(part(factor, after, n - after, from, size)), part(solution, after, n - after, 0, m), from, size);
    for (let i = after - 1; i >= from; i -= 1) {
      for (let k = i + 1; k < after; k += 1) addRow(solution.values, m, k, -factor.values[k * n + i]!, i);
      scaleRow(solution.values, m, i, 1 / factor.values[i * n + i]!);
    }
  }
  return solution.values;

  /** Rows `from` on of the solution, less a · b. */
  function subtractProduct(a: MatrixView, b: MatrixView, from: number, size: number): void {
    kernels.product(a, b, part(change, 0, size, 0, m));
    for (let i = 0; i < size * m; i += 1) solution.values[from * m + i] = solution.values[from * m + i]! - change.values[i]!;
  }
}

/** Plain Cholesky of the block on the diagonal, and the rows below it. */
function factorColumns(values: Float32Array, n: number, from: number, size: number): void {
  for (let j = from; j < from + size; j += 1) {
    let pivot = values[j * n + j]!;
    for (let k = from; k < j; k += 1) pivot -= values[j * n + k]! ** 2;
    if (!(pivot > 0)) throw new FactorisationError(`pivot ${pivot} in column ${j} of ${n}: raise the ridge`);
    const diagonal = Math.sqrt(pivot);
    values[j * n + j] = diagonal;
    for (let i = j + 1; i < n; i += 1) {
      let sum = values[i * n + j]!;
      for (let k = from; k < j; k += 1) sum -= values[i * n + k]! * values[j * n + k]!;
      values[i * n + j] = sum / diagonal;
    }
  }
}
function addRow(values: Float32Array, m: number, from: number, share: number, to: number): void {
  for (let c = 0; c < m; c += 1) values[to * m + c] = values[to * m + c]! + share * values[from * m + c]!;
}
function scaleRow(values: Float32Array, m: number, row: number, share: number): void {
  for (let c = 0; c < m; c += 1) values[row * m + c] = values[row * m + c]! * share;
}
