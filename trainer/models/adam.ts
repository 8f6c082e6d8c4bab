/** Adam over rows of plain arrays: only the rows that a step touched are read and written. */

const BETA1 = 0.9;
const BETA2 = 0.98;
const EPSILON = 1e-8;

/** A parameter with its gradient and its moments, [rows, width]. */
export interface Parameter {
  values: Float32Array;
  /** Summed by the step, cleared by the update. */
  gradient: Float32Array;
  width: number;
  mean: Float32Array;
  square: Float32Array;
  /** Updates that each row has seen: its own clock for the bias correction. */
  updates: Uint32Array;
}

export function createParameter(values: Float32Array, width: number): Parameter {
  const { length } = values;
  return { values, gradient: new Float32Array(length), width, mean: new Float32Array(length), square: new Float32Array(length), updates: new Uint32Array(length / width) };
}

/**
 * One update. A row that was not touched keeps its value and its moments (lazy Adam), so a step costs
 * what it touches, not what the catalogue holds.
 *
 * @param touched the rows with a gradient; all rows where it is left out
 * @param decay decoupled weight decay, relative to the rate (AdamW)
 */
export function updateRows(parameter: Parameter, rate: number, touched?: ArrayLike<number>, decay = 0): void {
  const { values, gradient, width, mean, square, updates } = parameter;
  const count = touched ? touched.length : updates.length;
  for (let i = 0; i < count; i += 1) {
    const row = touched ? touched[i]! : i;
    const n = (updates[row]! += 1);
    const meanCorrection = 1 / (1 - BETA1 ** n);
    const squareCorrection = 1 / (1 - BETA2 ** n);
    for (let at = row * width, end = at + width; at < end; at += 1) {
      const g = gradient[at]!;
      const m = (mean[at] = BETA1 * mean[at]! + (1 - BETA1) * g);
      const v = (square[at] = BETA2 * square[at]! + (1 - BETA2) * g * g);
      values[at] = values[at]! - rate * ((m * meanCorrection) / (Math.sqrt(v * squareCorrection) + EPSILON) + decay * values[at]!);
      gradient[at] = 0;
    }
  }
}
