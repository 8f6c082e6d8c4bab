/** Writes WebAssembly modules: as much of the format as the training kernels need, so that no compiler has to be installed. */

/** Instructions, as bytes. */
export type Code = readonly number[];
export type ValueType = "i32" | "f32" | "v128";

/** A function that a module exports. Locals are numbered after the parameters. */
export interface WasmFunction {
  name: string;
  parameters: readonly ValueType[];
  result?: ValueType;
  locals: readonly ValueType[];
  body: Code;
}

const TYPE_BYTE = { i32: 0x7f, f32: 0x7d, v128: 0x7b } as const;
const VOID = 0x40;

/**
 * A module that imports its memory as `env.memory`.
 * @see https://webassembly.github.io/spec/core/binary/
 */
export function assemble(functions: readonly WasmFunction[]): Uint8Array<ArrayBuffer> {
  const types = functions.map(({ parameters, result }) => [0x60, ...vector(parameters.map((type) => [TYPE_BYTE[type]])), ...vector(result ? [[TYPE_BYTE[result]]] : [])]);
  const memory = [...name("env"), ...name("memory"), 0x02, 0x00, 0x01];
  const exported = functions.map((fn, index) => [...name(fn.name), 0x00, ...unsigned(index)]);
  const bodies = functions.map(({ locals, body }) => {
    const bytes = [...vector(locals.map((type) => [0x01, TYPE_BYTE[type]])), ...body, 0x0b];
    return [...unsigned(bytes.length), ...bytes];
  });
  return Uint8Array.from([
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00,
    ...section(1, vector(types)), ...section(2, vector([memory])), ...section(3, vector(functions.map((_, index) => unsigned(index)))),
    ...section(7, vector(exported)), ...section(10, vector(bodies)),
  ]);
}

export const get = (local: number): Code => [0x20, ...unsigned(local)];
export const set = (local: number, value: Code): Code => [...value, 0x21, ...unsigned(local)];
export const i32 = (value: number): Code => [0x41, ...signed(value)];
export const f32 = (value: number): Code => [0x43, ...new Uint8Array(Float32Array.of(value).buffer)];

export const add = (a: Code, b: Code): Code => [...a, ...b, 0x6a];
export const multiply = (a: Code, b: Code): Code => [...a, ...b, 0x6c];
export const equal = (a: Code, b: Code): Code => [...a, ...b, 0x46];
export const less = (a: Code, b: Code): Code => [...a, ...b, 0x48];
export const notMore = (a: Code, b: Code): Code => [...a, ...b, 0x4c];
export const both = (a: Code, b: Code): Code => [...a, ...b, 0x71];

export const f32Load = (at: Code, offset = 0): Code => [...at, 0x2a, 2, ...unsigned(offset)];
export const f32Store = (at: Code, value: Code, offset = 0): Code => [...at, ...value, 0x38, 2, ...unsigned(offset)];
export const f32Add = (a: Code, b: Code): Code => [...a, ...b, 0x92];
export const f32Max = (a: Code, b: Code): Code => [...a, ...b, 0x97];
export const f32Divide = (a: Code, b: Code): Code => [...a, ...b, 0x95];

/** Four floats at a time. Alignment is only a hint: any address will do. */
export const v128Load = (at: Code, offset = 0): Code => [...at, 0xfd, 0x00, 2, ...unsigned(offset)];
export const v128LoadSplat = (at: Code, offset = 0): Code => [...at, 0xfd, 0x09, 2, ...unsigned(offset)];
export const v128Store = (at: Code, value: Code, offset = 0): Code => [...at, ...value, 0xfd, 0x0b, 2, ...unsigned(offset)];
export const splat = (value: Code): Code => [...value, 0xfd, 0x13];
export const lane = (value: Code, index: number): Code => [...value, 0xfd, 0x1f, index];
export const v128Add = (a: Code, b: Code): Code => [...a, ...b, 0xfd, 0xe4, 0x01];
export const v128Subtract = (a: Code, b: Code): Code => [...a, ...b, 0xfd, 0xe5, 0x01];
export const v128Multiply = (a: Code, b: Code): Code => [...a, ...b, 0xfd, 0xe6, 0x01];
export const v128Max = (a: Code, b: Code): Code => [...a, ...b, 0xfd, 0xe9, 0x01];
export const nearest = (a: Code): Code => [...a, 0xfd, 0x6a];
/** 2^n for four whole floats n in −126..127, by writing the exponent. */
export const powerOfTwo = (n: Code): Code => [...n, 0xfd, 0xf8, 0x01, ...i32(127), 0xfd, 0x11, 0xfd, 0xae, 0x01, ...i32(23), 0xfd, 0xab, 0x01];

export const when = (condition: Code, then: Code, otherwise: Code = []): Code => [...condition, 0x04, VOID, ...then, ...(otherwise.length > 0 ? [0x05, ...otherwise] : []), 0x0b];
/** Runs the body for `counter` = its value now, then `step` more each time, while it is less than the bound. */
export const countUp = (counter: number, bound: Code, step: number, body: Code): Code =>
  [0x02, VOID, 0x03, VOID, ...get(counter), ...bound, 0x4e, 0x0d, 1, ...body, ...set(counter, add(get(counter), i32(step))), 0x0c, 0, 0x0b, 0x0b];

function section(id: number, content: Code): Code {
  return [id, ...unsigned(content.length), ...content];
}
function vector(items: readonly Code[]): Code {
  return [...unsigned(items.length), ...items.flat()];
}
function name(text: string): Code {
  return vector([...new TextEncoder().encode(text)].map((byte) => [byte]));
}
/** LEB128. */
function unsigned(value: number): Code {
  const bytes: number[] = [];
  do {
    bytes.push((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
    value >>>= 7;
  } while (value > 0);
  return bytes;
}
function signed(value: number): Code {
  const bytes: number[] = [];
  for (;;) {
    const low = value & 0x7f;
    value >>= 7;
    const done = (value === 0 && (low & 0x40) === 0) || (value === -1 && (low & 0x40) !== 0);
    bytes.push(done ? low : low | 0x80);
    if (done) return bytes;
  }
}
