/** The hot scoring step as one WGSL kernel: quantises the session vector and multiplies it with the int8 rows. */
import type { WebGPUProgram } from "@tensorflow/tfjs-backend-webgpu/dist/webgpu_program";
import { MAX_WIDTH, QUERY_LEVELS } from "../../../core/model/config.ts";

/** One invocation an item; at least MAX_WIDTH, so that each invocation of a group quantises one dimension. */
const GROUP_SIZE = MAX_WIDTH;

/** How many values follow the N products in the kernel's output: the quantised query, then its largest entry's bits. */
export function trailerLength(width: number): number {
  return width + 1;
}

/**
 * Inputs: session vectors f32 [1, L, D], of which the last is read; rows i32 [N, ceil(D / 4)], four int8 a word,
 * lowest byte first. Output: i32 [N + D + 1], see `trailerLength`. The trailer saves a second trip to the GPU, and
 * lets a test hold the products against the same quantised query in plain loops.
 */
export function dotRowsProgram(itemCount: number, width: number, length: number): WebGPUProgram {
  const words = Math.ceil(width / 4);
  const size = itemCount + trailerLength(width);
  return {
    variableNames: ["session", "rows"],
    outputShape: [size],
    dispatchLayout: { x: [0] },
    dispatch: [Math.ceil(size / GROUP_SIZE), 1, 1],
    workgroupSize: [GROUP_SIZE, 1, 1],
    size: true,
    shaderKey: `endcapDotRows_${itemCount}_${width}_${length}`,
    getUserCode: () => `
      var<workgroup> query : array<i32, ${4 * words}>;
      fn main(index : i32) {
        var largest = 0.0;
        for (var d = 0; d < ${width}; d++) { largest = max(largest, abs(session[${(length - 1) * width} + d])); }
        let lane = i32(localIndex);
        if (lane < ${4 * words}) {
          query[lane] = 0;
          if (lane < ${width} && largest > 0.0) {
            query[lane] = i32(floor(session[${(length - 1) * width} + lane] / largest * ${QUERY_LEVELS}.0 + 0.5));
          }
        }
        workgroupBarrier();
        if (index < ${itemCount}) {
          var sum = 0;
          for (var w = 0; w < ${words}; w++) {
            let word = rows[index * ${words} + w];
            sum += ((word << 24u) >> 24u) * query[4 * w] + ((word << 16u) >> 24u) * query[4 * w + 1]
              + ((word << 8u) >> 24u) * query[4 * w + 2] + (word >> 24u) * query[4 * w + 3];
          }
          result[index] = sum;
        } else if (index < ${itemCount + width}) {
          result[index] = query[index - ${itemCount}];
        } else if (index < uniforms.size) {
          result[index] = bitcast<i32>(largest);
        }
      }`,
  };
}

/** Packs int8 rows four to a word, padding each row to whole words; [N · ceil(D / 4)]. */
export function packRows(rows: Int8Array, width: number): Int32Array {
  const stride = 4 * Math.ceil(width / 4);
  const count = rows.length / width;
  const bytes = new Int8Array(count * stride);
  for (let item = 0; item < count; item += 1) bytes.set(rows.subarray(item * width, (item + 1) * width), item * stride);
  return new Int32Array(bytes.buffer);
}
