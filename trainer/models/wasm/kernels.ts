/** The two inner loops of training, in WebAssembly SIMD: matrix products of any layout, and the softmax of long rows. */
import {
  add, assemble, both, countUp, equal, f32, f32Add, f32Divide, f32Load, f32Max, f32Store, get, i32, lane, less, multiply, nearest, notMore,
  powerOfTwo, set, splat, v128Add, v128Load, v128LoadSplat, v128Max, v128Multiply, v128Store, v128Subtract, when, type Code, type WasmFunction,
} from "./assembler.ts";

const PAGE_BYTES = 65_536;
const FLOAT_BYTES = 4;
/** A product is computed in tiles of so many rows and columns: eight registers of sums, and six for what they are made of. */
const TILE_ROWS = 4;
const TILE_COLUMNS = 8;

/** Where a matrix, or a part of one, lies in the kernels' memory. */
export interface MatrixView {
  /** In bytes. */
  address: number;
  rows: number;
  columns: number;
  /** From one row, and from one column, to the next, in floats: a transposed matrix is the same one with these two exchanged. */
  rowStride: number;
  columnStride: number;
}
export interface Matrix extends MatrixView {
  /** Row by row. */
  values: Float32Array;
}

export interface Kernels {
  /** Forgets all matrices; their memory is given out again. */
  reset(): void;
  /** A matrix of zeros. Valid until `reset`. */
  matrix(rows: number, columns: number): Matrix;
  /** c = a · b, or c += a · b. */
  product(a: MatrixView, b: MatrixView, c: MatrixView, mode?: "set" | "add"): void;
  /** Each row x becomes softmax(scale · x − bias), in place. @param bias one row of as many columns */
  softmaxRows(x: MatrixView, scale: number, bias: MatrixView): void;
}

/** Matrices whose shapes do not fit each other. */
export class MatrixShapeError extends Error {
  override readonly name = "MatrixShapeError";
}

export function transposed({ address, rows, columns, rowStride, columnStride }: MatrixView): MatrixView {
  return { address, rows: columns, columns: rows, rowStride: columnStride, columnStride: rowStride };
}

/** Some rows and columns of a matrix, on the same memory. */
export function part({ address, rowStride, columnStride }: MatrixView, fromRow: number, rows: number, fromColumn: number, columns: number): MatrixView {
  return { address: address + (fromRow * rowStride + fromColumn * columnStride) * FLOAT_BYTES, rows, columns, rowStride, columnStride };
}

/**
 * @param maxBytes what all matrices and the scratch space may take at one time
 * @throws RangeError from `matrix` where they would take more
 */
export function createKernels(maxBytes: number): Kernels {
  const memory = new WebAssembly.Memory({ initial: Math.ceil(maxBytes / PAGE_BYTES) });
  const module = new WebAssembly.Module(assemble([PRODUCT, SOFTMAX_ROW]));
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const multiplyInto = exports["product"] as (...numbers: number[]) => void;
  const softmaxRow = exports["softmaxRow"] as (x: number, bias: number, columns: number, scale: number) => void;
  let used = 0;

  function take(floats: number): number {
    const address = used;
    // Rows begin on cache lines.
    used = Math.ceil((used + floats * FLOAT_BYTES) / 64) * 64;
    if (used > memory.buffer.byteLength) throw new RangeError(`a training step needs more than the ${maxBytes} bytes that it was given: lower placesPerStep or negatives`);
    return address;
  }

  return {
    reset() {
      used = 0;
    },
    matrix(rows, columns) {
      const address = take(rows * columns);
      return { values: new Float32Array(memory.buffer, address, rows * columns).fill(0), address, rows, columns, rowStride: columns, columnStride: 1 };
    },
    product(a, b, c, mode = "set") {
      if (a.columns !== b.rows || a.rows !== c.rows || b.columns !== c.columns || c.columnStride !== 1) {
        throw new MatrixShapeError(`[${a.rows}, ${a.columns}] × [${b.rows}, ${b.columns}] → [${c.rows}, ${c.columns}]`);
      }
      const before = used;
      const panels = Math.ceil(b.columns / TILE_COLUMNS) * TILE_COLUMNS * b.rows;
      const scratch = take(panels + TILE_ROWS * a.columns + TILE_ROWS * TILE_COLUMNS);
      used = before;
      const bytes = (floats: number) => floats * FLOAT_BYTES;
      multiplyInto(a.address, bytes(a.rowStride), bytes(a.columnStride), b.address, bytes(b.rowStride), bytes(b.columnStride), c.address, bytes(c.rowStride),
        a.rows, b.columns, a.columns, mode === "add" ? 1 : 0, scratch, scratch + bytes(panels));
    },
    softmaxRows(x, scale, bias) {
      if (bias.columns !== x.columns || x.columnStride !== 1) throw new MatrixShapeError(`bias of ${bias.columns} for rows of ${x.columns}`);
      for (let row = 0; row < x.rows; row += 1) softmaxRow(x.address + row * x.rowStride * FLOAT_BYTES, bias.address, x.columns, scale);
    },
  };
}

/**
 * c = a · b. Both factors are first laid out in the order that the inner loop reads them: b whole, in panels of 8
 * columns, and a in panels of 4 rows, unless its rows are contiguous and can be read as they are.
 */
const PRODUCT: WasmFunction = (() => {
  const [a, aRow, aColumn, b, bRow, bColumn, c, cRow, m, n, k, accumulate, panels, panelA] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13] as const;
  const [i, j, p, q, from, to, step, end] = [14, 15, 16, 17, 18, 19, 20, 21] as const;
  const rowAt = [22, 23, 24, 25] as const;
  const [left, right, value] = [26, 27, 28] as const;
  const sum = (row: number, half: number) => 29 + row * 2 + half;
  const rowsOfTile = [0, 1, 2, 3] as const;

  const packB: Code = [
    ...set(j, i32(0)),
    ...countUp(j, get(n), TILE_COLUMNS, [
      ...set(p, i32(0)),
      ...countUp(p, get(k), 1, [
        ...set(from, add(get(b), add(multiply(get(p), get(bRow)), multiply(get(j), get(bColumn))))),
        ...set(to, add(get(panels), add(multiply(multiply(get(j), get(k)), i32(FLOAT_BYTES)), multiply(get(p), i32(TILE_COLUMNS * FLOAT_BYTES))))),
        ...when(both(equal(get(bColumn), i32(FLOAT_BYTES)), notMore(add(get(j), i32(TILE_COLUMNS)), get(n))),
          [...v128Store(get(to), v128Load(get(from))), ...v128Store(get(to), v128Load(get(from), 16), 16)],
          [
            ...set(q, i32(0)),
            ...countUp(q, i32(TILE_COLUMNS), 1, [
              ...when(less(add(get(j), get(q)), get(n)), f32Store(get(to), f32Load(get(from))), f32Store(get(to), f32(0))),
              ...set(to, add(get(to), i32(FLOAT_BYTES))), ...set(from, add(get(from), get(bColumn))),
            ]),
          ]),
      ]),
    ]),
  ];
  const packA: Code = [
    ...set(to, get(panelA)), ...set(p, i32(0)),
    ...countUp(p, get(k), 1, [
      ...set(from, add(get(a), add(multiply(get(i), get(aRow)), multiply(get(p), get(aColumn))))),
      ...when(both(equal(get(aRow), i32(FLOAT_BYTES)), notMore(add(get(i), i32(TILE_ROWS)), get(m))),
        [...v128Store(get(to), v128Load(get(from))), ...set(to, add(get(to), i32(16)))],
        [
          ...set(q, i32(0)),
          ...countUp(q, i32(TILE_ROWS), 1, [
            ...when(less(add(get(i), get(q)), get(m)), f32Store(get(to), f32Load(get(from))), f32Store(get(to), f32(0))),
            ...set(to, add(get(to), i32(FLOAT_BYTES))), ...set(from, add(get(from), get(aRow))),
          ]),
        ]),
    ]),
  ];
  const chooseRows: Code = when(both(equal(get(aColumn), i32(FLOAT_BYTES)), notMore(add(get(i), i32(TILE_ROWS)), get(m))),
    [...set(step, i32(FLOAT_BYTES)), ...rowsOfTile.flatMap((r) => set(rowAt[r], add(get(a), multiply(add(get(i), i32(r)), get(aRow)))))],
    [...packA, ...set(step, i32(TILE_ROWS * FLOAT_BYTES)), ...rowsOfTile.flatMap((r) => set(rowAt[r], add(get(panelA), i32(r * FLOAT_BYTES))))]);

  const multiplyTile: Code = [
    ...rowsOfTile.flatMap((r) => [...set(sum(r, 0), splat(f32(0))), ...set(sum(r, 1), splat(f32(0)))]),
    ...set(from, add(get(panels), multiply(multiply(get(j), get(k)), i32(FLOAT_BYTES)))),
    ...set(p, i32(0)), ...set(end, multiply(get(k), get(step))),
    // p counts in bytes along a's rows.
    0x02, 0x40, 0x03, 0x40, ...get(p), ...get(end), 0x4e, 0x0d, 1,
    ...set(left, v128Load(get(from))), ...set(right, v128Load(get(from), 16)),
    ...rowsOfTile.flatMap((r) => [
      ...set(value, v128LoadSplat(add(get(rowAt[r]), get(p)))),
      ...set(sum(r, 0), v128Add(get(sum(r, 0)), v128Multiply(get(value), get(left)))),
      ...set(sum(r, 1), v128Add(get(sum(r, 1)), v128Multiply(get(value), get(right)))),
    ]),
    ...set(from, add(get(from), i32(TILE_COLUMNS * FLOAT_BYTES))), ...set(p, add(get(p), get(step))),
    0x0c, 0, 0x0b, 0x0b,
  ];
  const cAt = (row: Code) => add(get(c), add(multiply(add(get(i), row), get(cRow)), multiply(get(j), i32(FLOAT_BYTES))));
  const storeTile: Code = when(both(notMore(add(get(i), i32(TILE_ROWS)), get(m)), notMore(add(get(j), i32(TILE_COLUMNS)), get(n))),
    rowsOfTile.flatMap((r) => [
      ...set(to, cAt(i32(r))),
      ...when(get(accumulate),
        [...v128Store(get(to), v128Add(v128Load(get(to)), get(sum(r, 0)))), ...v128Store(get(to), v128Add(v128Load(get(to), 16), get(sum(r, 1))), 16)],
        [...v128Store(get(to), get(sum(r, 0))), ...v128Store(get(to), get(sum(r, 1)), 16)]),
    ]),
    [
      // Over an edge: through a whole tile of scratch space, behind a's panel.
      ...set(from, add(get(panelA), multiply(get(k), i32(TILE_ROWS * FLOAT_BYTES)))),
      ...rowsOfTile.flatMap((r) => [...v128Store(get(from), get(sum(r, 0)), r * 32), ...v128Store(get(from), get(sum(r, 1)), r * 32 + 16)]),
      ...set(p, i32(0)),
      ...countUp(p, i32(TILE_ROWS), 1, when(less(add(get(i), get(p)), get(m)), [
        ...set(q, i32(0)), ...set(to, cAt(get(p))),
        ...countUp(q, i32(TILE_COLUMNS), 1, [
          ...when(less(add(get(j), get(q)), get(n)), when(get(accumulate), f32Store(get(to), f32Add(f32Load(get(to)), f32Load(get(from)))), f32Store(get(to), f32Load(get(from))))),
          ...set(to, add(get(to), i32(FLOAT_BYTES))), ...set(from, add(get(from), i32(FLOAT_BYTES))),
        ]),
      ])),
    ]);
  return {
    name: "product",
    parameters: Array.from({ length: 14 }, () => "i32" as const),
    locals: [...Array.from({ length: 12 }, () => "i32" as const), ...Array.from({ length: 11 }, () => "v128" as const)],
    body: [
      ...packB, ...set(i, i32(0)),
      ...countUp(i, get(m), TILE_ROWS, [...chooseRows, ...set(j, i32(0)), ...countUp(j, get(n), TILE_COLUMNS, [...multiplyTile, ...storeTile])]),
    ],
  };
})();

/** Coefficients of 2^r for |r| ≤ ½, highest power first: ln(2)^i / i!, whose relative error is below 2e-7. */
const POWER_SERIES = [6, 5, 4, 3, 2, 1, 0].map((i) => Math.LN2 ** i / [1, 1, 2, 6, 24, 120, 720][i]!);
/** exp of less is not told from 0, and its power of two could not be written. */
const LEAST_EXPONENT = -86;

const SOFTMAX_ROW: WasmFunction = (() => {
  const [x, bias, columns, scale] = [0, 1, 2, 3] as const;
  const [at, wholeEnd, end, most, total, x4, power, r, sum4] = [4, 5, 6, 7, 8, 9, 10, 11, 12] as const;
  const bytes = (count: Code) => multiply(count, i32(FLOAT_BYTES));
  // exp(x4 − most) = 2^n · 2^r with n whole; x4 is replaced.
  const exponential: Code = [
    ...set(x4, v128Multiply(v128Max(v128Subtract(get(x4), splat(get(most))), splat(f32(LEAST_EXPONENT))), splat(f32(Math.LOG2E)))),
    ...set(power, nearest(get(x4))), ...set(r, v128Subtract(get(x4), get(power))),
    ...set(x4, v128Multiply(powerOfTwo(get(power)), POWER_SERIES.slice(1).reduce<Code>((sum, coefficient) => v128Add(v128Multiply(sum, get(r)), splat(f32(coefficient))), splat(f32(POWER_SERIES[0]!))))),
  ];
  const here = (base: number) => add(get(base), get(at));
  const fourTimes = (body: Code, rest: Code): Code => [...set(at, i32(0)), ...countUp(at, get(wholeEnd), 16, body), ...countUp(at, get(end), FLOAT_BYTES, rest)];
  return {
    name: "softmaxRow",
    parameters: ["i32", "i32", "i32", "f32"],
    locals: ["i32", "i32", "i32", "f32", "f32", "v128", "v128", "v128", "v128"],
    body: [
      ...set(end, bytes(get(columns))), ...set(wholeEnd, [...get(end), ...i32(-16), 0x71]),
      ...set(most, f32(-3e38)), ...set(sum4, splat(f32(-3e38))),
      ...fourTimes(
        [...set(x4, v128Subtract(v128Multiply(v128Load(here(x)), splat(get(scale))), v128Load(here(bias)))), ...v128Store(here(x), get(x4)), ...set(sum4, v128Max(get(sum4), get(x4)))],
        [...f32Store(here(x), lane(v128Subtract(v128Multiply(splat(f32Load(here(x))), splat(get(scale))), splat(f32Load(here(bias)))), 0)), ...set(most, f32Max(get(most), f32Load(here(x))))]),
      ...[0, 1, 2, 3].flatMap((i) => set(most, f32Max(get(most), lane(get(sum4), i)))),
      ...set(sum4, splat(f32(0))), ...set(total, f32(0)),
      ...fourTimes(
        [...set(x4, v128Load(here(x))), ...exponential, ...v128Store(here(x), get(x4)), ...set(sum4, v128Add(get(sum4), get(x4)))],
        [...set(x4, splat(f32Load(here(x)))), ...exponential, ...f32Store(here(x), lane(get(x4), 0)), ...set(total, f32Add(get(total), lane(get(x4), 0)))]),
      ...[0, 1, 2, 3].flatMap((i) => set(total, f32Add(get(total), lane(get(sum4), i)))),
      ...set(total, f32Divide(f32(1), get(total))),
      ...fourTimes(
        v128Store(here(x), v128Multiply(v128Load(here(x)), splat(get(total)))),
        f32Store(here(x), lane(v128Multiply(splat(f32Load(here(x))), splat(get(total))), 0))),
    ],
  };
})();
