/** Constants that both forward passes, the tfjs one and the plain-loop one, must share. */

/** Added to logits that must not count; far below any logit, and finite, because WebGPU's -Infinity is not portable. */
export const MASKED = -1e9;
/** Added under the root of every norm. */
export const NORM_EPSILON = 1e-6;

/** The distance penalty of an attention head: ALiBi's geometric slopes 2^(-8/H), 2^(-16/H), … (arXiv:2108.12409). */
export function headSlope(head: number, heads: number): number {
  return 2 ** ((-8 * (head + 1)) / heads);
}
