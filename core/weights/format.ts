/**
 * Weights files: safetensors, read without copying and written deterministically.
 * @see https://huggingface.co/docs/safetensors
 */

const BYTES_OF = { I8: 1, U8: 1, I16: 2, U16: 2, F16: 2, I32: 4, U32: 4, F32: 4 } as const;
export type Dtype = keyof typeof BYTES_OF;
/** A header larger than this is refused before it is parsed. */
const MAX_HEADER_BYTES = 1 << 20;

export interface Tensor {
  dtype: Dtype;
  shape: number[];
  /** Little-endian, row-major. */
  data: Uint8Array;
}

export interface TensorFile {
  metadata: { [key: string]: string };
  tensors: { [name: string]: Tensor };
}

/** A file that is not what the format says; `message` names the place. */
export class WeightsFormatError extends Error {
  override name = "WeightsFormatError";
}

/** Writes a safetensors file. Same content, same bytes: names are sorted, the header is padded to 8 bytes. */
export function writeTensors(file: TensorFile): Uint8Array<ArrayBuffer> {
  const header: Record<string, unknown> = {};
  if (Object.keys(file.metadata).length > 0) header["__metadata__"] = Object.fromEntries(Object.entries(file.metadata).sort(byName));
  // Wide types first, so that every tensor starts at a multiple of its own width.
  const entries = Object.entries(file.tensors).sort((a, b) => BYTES_OF[b[1].dtype] - BYTES_OF[a[1].dtype] || byName(a, b));
  let offset = 0;
  for (const [name, tensor] of entries) {
    const bytes = byteLength(tensor.dtype, tensor.shape);
    if (bytes !== tensor.data.byteLength) throw new WeightsFormatError(`tensor "${name}" of shape [${tensor.shape.join(", ")}] needs ${bytes} bytes, got ${tensor.data.byteLength}`);
    header[name] = { dtype: tensor.dtype, shape: tensor.shape, data_offsets: [offset, offset + bytes] };
    offset += bytes;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const headerBytes = Math.ceil(json.length / 8) * 8;
  const out = new Uint8Array(8 + headerBytes + offset);
  new DataView(out.buffer).setBigUint64(0, BigInt(headerBytes), true);
  out.fill(0x20, 8, 8 + headerBytes);
  out.set(json, 8);
  let at = 8 + headerBytes;
  for (const [, tensor] of entries) {
    out.set(tensor.data, at);
    at += tensor.data.byteLength;
  }
  return out;
}

/**
 * Reads a safetensors file; tensor data are views into `bytes`.
 * @throws WeightsFormatError for anything truncated, overlapping, or of absurd shape
 */
export function readTensors(bytes: Uint8Array<ArrayBuffer>): TensorFile {
  if (bytes.byteLength < 8) throw new WeightsFormatError(`file has ${bytes.byteLength} bytes, fewer than its length field`);
  const declared = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  if (declared > BigInt(MAX_HEADER_BYTES) || Number(declared) > bytes.byteLength - 8) throw new WeightsFormatError(`header of ${declared} bytes does not fit a file of ${bytes.byteLength}`);
  const start = 8 + Number(declared);
  let header: Record<string, unknown>;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(8, start))) as Record<string, unknown>;
  } catch {
    throw new WeightsFormatError("header is not JSON");
  }
  if (typeof header !== "object" || header === null) throw new WeightsFormatError("header is not an object");
  // Without a prototype, so that no name in a foreign file can be one of an object's own.
  const file: TensorFile = { metadata: Object.create(null), tensors: Object.create(null) };
  const spans: [from: number, to: number, name: string][] = [];
  for (const [name, value] of Object.entries(header)) {
    if (name === "__metadata__") {
      if (typeof value !== "object" || value === null) throw new WeightsFormatError("metadata is not an object");
      for (const [key, entry] of Object.entries(value)) if (typeof entry === "string") file.metadata[key] = entry;
      continue;
    }
    const { dtype, shape, data_offsets } = (value ?? {}) as { dtype?: unknown; shape?: unknown; data_offsets?: unknown };
    if (typeof dtype !== "string" || !Object.hasOwn(BYTES_OF, dtype)) throw new WeightsFormatError(`tensor "${name}" has unknown dtype ${String(dtype)}`);
    if (!isListOfSizes(shape) || shape.length > 4) throw new WeightsFormatError(`tensor "${name}" has no valid shape`);
    if (!isListOfSizes(data_offsets) || data_offsets.length !== 2) throw new WeightsFormatError(`tensor "${name}" has no valid offsets`);
    const [from, to] = data_offsets as [number, number];
    if (to < from || start + to > bytes.byteLength) throw new WeightsFormatError(`tensor "${name}" ends beyond the file`);
    if (byteLength(dtype as Dtype, shape) !== to - from) throw new WeightsFormatError(`tensor "${name}" of shape [${shape.join(", ")}] does not fill its ${to - from} bytes`);
    spans.push([from, to, name]);
    file.tensors[name] = { dtype: dtype as Dtype, shape, data: bytes.subarray(start + from, start + to) };
  }
  spans.sort((a, b) => a[0] - b[0]);
  let end = 0;
  for (const [from, to, name] of spans) {
    if (from !== end) throw new WeightsFormatError(`tensor "${name}" leaves a gap or overlaps another`);
    end = to;
  }
  if (start + end !== bytes.byteLength) throw new WeightsFormatError(`${bytes.byteLength - start - end} bytes after the last tensor`);
  return file;
}

/** The tensor as a typed array of its own (copied only if misaligned). @throws WeightsFormatError if missing or of another type or shape */
export function typedTensor<D extends keyof TypedArrays>(file: TensorFile, name: string, dtype: D, shape: readonly (number | null)[]): TypedArrays[D] {
  const tensor = file.tensors[name];
  if (!tensor) throw new WeightsFormatError(`tensor "${name}" is missing`);
  if (tensor.dtype !== dtype) throw new WeightsFormatError(`tensor "${name}" is ${tensor.dtype}, expected ${dtype}`);
  if (tensor.shape.length !== shape.length || shape.some((size, i) => size !== null && size !== tensor.shape[i])) {
    throw new WeightsFormatError(`tensor "${name}" has shape [${tensor.shape.join(", ")}], expected [${shape.map((size) => size ?? "any").join(", ")}]`);
  }
  const width = BYTES_OF[dtype];
  const data = tensor.data.byteOffset % width === 0 ? tensor.data : tensor.data.slice();
  const View = VIEWS[dtype] as unknown as new (buffer: ArrayBufferLike, offset: number, length: number) => TypedArrays[D];
  return new View(data.buffer, data.byteOffset, data.byteLength / width);
}

/** A tensor over a typed array's own bytes. */
export function tensorOf(dtype: keyof TypedArrays, shape: number[], values: TypedArrays[keyof TypedArrays]): Tensor {
  return { dtype, shape, data: new Uint8Array(values.buffer, values.byteOffset, values.byteLength) };
}

interface TypedArrays {
  I8: Int8Array; U8: Uint8Array; I16: Int16Array; U16: Uint16Array; I32: Int32Array; U32: Uint32Array; F32: Float32Array;
}
const VIEWS = { I8: Int8Array, U8: Uint8Array, I16: Int16Array, U16: Uint16Array, I32: Int32Array, U32: Uint32Array, F32: Float32Array };

function byteLength(dtype: Dtype, shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, BYTES_OF[dtype]);
}
function isListOfSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0 && size < 2 ** 31);
}
function byName(a: [string, unknown], b: [string, unknown]): number {
  return a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0;
}
