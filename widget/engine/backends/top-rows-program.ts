/**
 * The hot scoring step as one WGSL kernel: int8 rows times a whole-number query, by each row's own factor, to the best
 * of every workgroup. Neither the rows in f32 nor the scores of all items ever exist in memory.
 */
import type { WebGPUProgram } from "@tensorflow/tfjs-backend-webgpu/dist/webgpu_program";
import type { RankTable } from "../../../core/model/rank.ts";
import type { Selection } from "../../../core/ranking/topk.ts";

/** Lanes of a workgroup, which every adapter has. */
const LANES = 256;
/** Items that a group sorts at the most: 12 KB of the 16 that every adapter has. */
const MAX_GROUP_ITEMS = 1024;
/** Words of one candidate: the key's upper and lower half, and the item. */
const CANDIDATE_WORDS = 3;
/** The upper half of the key of an item that may not be chosen; those of real keys are within ±2^21. */
const NEVER = -(2 ** 30);

/**
 * Inputs, all i32: rows [N · ceil(D / 4)], four int8 a word, lowest byte first, see `packRows`; table [3N], see
 * `packTable`; query [4 · ceil(D / 4)]; mask [ceil(N / 32)], a bit set for every item to leave out. Output, i32:
 * candidates [groups · slots · 3], each group's best first; an item of -1 is none.
 *
 * A key is 64 bits wide in two words, `base + factor · Σ row · query`, and exact: see `core/model/rank.ts`. Sizes are
 * uniforms, so that shops of all sizes share three pipelines.
 */
export function topRowsProgram(itemCount: number, k: number): WebGPUProgram {
  // A power of two, which the sort needs; a small catalogue's only group is no larger than it must be.
  const groupItems = Math.min(MAX_GROUP_ITEMS, Math.max(LANES, 2 ** Math.ceil(Math.log2(itemCount))));
  const groups = Math.ceil(itemCount / groupItems);
  const slots = Math.min(groupItems, k);
  return {
    variableNames: ["rows", "table", "query", "mask"],
    outputShape: [groups * slots * CANDIDATE_WORDS],
    dispatchLayout: { x: [0] },
    dispatch: [groups, 1, 1],
    workgroupSize: [LANES, 1, 1],
    shaderKey: `endcapTopRows_${groupItems}`,
    getUserCode: () => `
      var<workgroup> upper : array<i32, ${groupItems}>;
      var<workgroup> lower : array<u32, ${groupItems}>;
      var<workgroup> items : array<i32, ${groupItems}>;
      fn precedes(a : i32, b : i32) -> bool {
        if (upper[a] != upper[b]) { return upper[a] > upper[b]; }
        if (lower[a] != lower[b]) { return lower[a] > lower[b]; }
        return items[a] < items[b];
      }
      fn productOf(item : i32) -> i32 {
        let words = uniforms.queryShape / 4;
        var sum = 0;
        for (var w = 0; w < words; w++) {
          let word = rows[item * words + w];
          sum += ((word << 24u) >> 24u) * query[4 * w] + ((word << 16u) >> 24u) * query[4 * w + 1]
            + ((word << 8u) >> 24u) * query[4 * w + 2] + (word >> 24u) * query[4 * w + 3];
        }
        return sum;
      }
      fn score(slot : i32, item : i32) {
        items[slot] = item;
        upper[slot] = ${NEVER};
        lower[slot] = 0u;
        if (item >= uniforms.tableShape / 3) { return; }
        if (((u32(mask[item / 32]) >> u32(item % 32)) & 1u) == 1u) { return; }
        let product = productOf(item);
        let factor = table[3 * item];
        let a = u32(abs(product));
        let b = u32(abs(factor));
        let low = (a & 0xffffu) * (b & 0xffffu);
        let middle = (a >> 16u) * (b & 0xffffu) + (a & 0xffffu) * (b >> 16u) + (low >> 16u);
        var h = (a >> 16u) * (b >> 16u) + (middle >> 16u);
        var l = (middle << 16u) | (low & 0xffffu);
        if ((product < 0) != (factor < 0)) {
          l = ~l + 1u;
          h = ~h + select(0u, 1u, l == 0u);
        }
        let sum = l + u32(table[3 * item + 1]);
        upper[slot] = i32(h + u32(table[3 * item + 2]) + select(0u, 1u, sum < l));
        lower[slot] = sum;
      }
      fn main(index : i32) {
        let lane = i32(localIndex);
        let group = index / ${LANES};
        for (var slot = lane; slot < ${groupItems}; slot += ${LANES}) { score(slot, group * ${groupItems} + slot); }
        workgroupBarrier();
        // Bitonic sort, best first.
        for (var size = 2; size <= ${groupItems}; size *= 2) {
          for (var stride = size / 2; stride > 0; stride /= 2) {
            for (var pair = lane; pair < ${groupItems / 2}; pair += ${LANES}) {
              let one = 2 * pair - (pair & (stride - 1));
              let other = one + stride;
              if (precedes(other, one) == ((one & size) == 0)) {
                let u = upper[one];
                let l = lower[one];
                let i = items[one];
                upper[one] = upper[other];
                lower[one] = lower[other];
                items[one] = items[other];
                upper[other] = u;
                lower[other] = l;
                items[other] = i;
              }
            }
            workgroupBarrier();
          }
        }
        let slots = uniforms.outShape / (${CANDIDATE_WORDS} * i32(numWorkgroups.x));
        for (var slot = lane; slot < slots; slot += ${LANES}) {
          let at = ${CANDIDATE_WORDS} * (group * slots + slot);
          result[at] = upper[slot];
          result[at + 1] = i32(lower[slot]);
          result[at + 2] = select(items[slot], -1, upper[slot] == ${NEVER});
        }
      }`,
  };
}

/** Offers a selection what the kernel wrote. */
export function offerCandidates(candidates: Int32Array, selection: Selection): void {
  for (let at = 0; at < candidates.length; at += CANDIDATE_WORDS) {
    const item = candidates[at + 2]!;
    if (item >= 0) selection.offer(candidates[at]! * 2 ** 32 + (candidates[at + 1]! >>> 0), item);
  }
}

/** Packs int8 rows four to a word, padding each row to whole words; [N · ceil(D / 4)]. */
export function packRows(rows: Int8Array, width: number): Int32Array {
  const stride = 4 * Math.ceil(width / 4);
  if (stride === width && rows.byteOffset % 4 === 0) return new Int32Array(rows.buffer, rows.byteOffset, rows.length / 4);
  const count = rows.length / width;
  const bytes = new Int8Array(count * stride);
  for (let item = 0; item < count; item += 1) bytes.set(rows.subarray(item * width, (item + 1) * width), item * stride);
  return new Int32Array(bytes.buffer);
}

/** Factor, lower and upper half of the base of every item; [3N]. */
export function packTable({ base, factors }: RankTable): Int32Array {
  const table = new Int32Array(3 * base.length);
  base.forEach((value, item) => {
    table[3 * item] = factors[item]!;
    table[3 * item + 1] = value - 2 ** 32 * Math.floor(value / 2 ** 32);
    table[3 * item + 2] = Math.floor(value / 2 ** 32);
  });
  return table;
}

/** A query padded to whole words; [4 · ceil(D / 4)]. */
export function packQuery(values: Int32Array): Int32Array {
  const padded = new Int32Array(4 * Math.ceil(values.length / 4));
  padded.set(values);
  return padded;
}
