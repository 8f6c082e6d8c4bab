/**
 * Schemas as plain JSON Schema data: the type is inferred from it, the validator walks it, and the
 * API description is the data itself, so that nothing is written twice.
 */

export type Schema =
  | { readonly type: "string"; readonly maxLength?: number; readonly minLength?: number; readonly pattern?: string; readonly enum?: readonly string[]; readonly description?: string }
  | { readonly type: "number" | "integer"; readonly minimum?: number; readonly maximum?: number; readonly description?: string }
  | { readonly type: "boolean"; readonly description?: string }
  | { readonly type: "array"; readonly items: Schema; readonly minItems?: number; readonly maxItems?: number; readonly description?: string }
  | ObjectSchema;

export interface ObjectSchema {
  readonly type: "object";
  readonly properties: { readonly [name: string]: Schema };
  readonly required?: readonly string[];
  readonly description?: string;
}

/** The TypeScript type of the values that a schema accepts. */
export type Infer<S> =
  S extends { enum: readonly (infer E)[] } ? E
  : S extends { type: "string" } ? string
  : S extends { type: "number" | "integer" } ? number
  : S extends { type: "boolean" } ? boolean
  : S extends { type: "array"; items: infer I } ? Infer<I>[]
  : S extends { type: "object"; properties: infer P; required: readonly (infer R)[] }
    ? Simplify<{ -readonly [K in keyof P as K extends R ? K : never]: Infer<P[K]> } & { -readonly [K in keyof P as K extends R ? never : K]?: Infer<P[K]> }>
  : S extends { type: "object"; properties: infer P } ? { -readonly [K in keyof P]?: Infer<P[K]> }
  : never;
type Simplify<T> = { [K in keyof T]: T[K] };

export type Parsed<T> = { ok: true; value: T } | { ok: false; path: string; message: string };

/**
 * Checks a value of unknown origin and returns a clean copy that holds only what the schema names.
 * Unknown properties are left out, not refused: an older edge must accept a newer tag. `null` counts
 * as absent, since shops' data layers are full of it.
 *
 * @param path how the value is called in messages, e.g. `events[3]`
 * @returns the copy, or where the first fault is and what was expected there
 */
export function parse<const S extends Schema>(schema: S, value: unknown, path = ""): Parsed<Infer<S>> {
  return walk(schema, value, path) as Parsed<Infer<S>>;
}

function walk(schema: Schema, value: unknown, path: string): Parsed<unknown> {
  switch (schema.type) {
    case "string": {
      if (typeof value !== "string") return expected(path, "a string", value);
      if (schema.maxLength !== undefined && value.length > schema.maxLength) return fault(path, `is longer than ${schema.maxLength} characters`);
      if (schema.minLength !== undefined && value.length < schema.minLength) return fault(path, `is shorter than ${schema.minLength} characters`);
      if (schema.enum && !schema.enum.includes(value)) return fault(path, `must be one of ${schema.enum.join(", ")}`);
      if (schema.pattern && !compiled(schema.pattern).test(value)) return fault(path, `does not match ${schema.pattern}`);
      return { ok: true, value };
    }
    case "number":
    case "integer": {
      if (typeof value !== "number" || !Number.isFinite(value)) return expected(path, "a finite number", value);
      if (schema.type === "integer" && !Number.isSafeInteger(value)) return fault(path, "must be a whole number");
      if (schema.minimum !== undefined && value < schema.minimum) return fault(path, `is below ${schema.minimum}`);
      if (schema.maximum !== undefined && value > schema.maximum) return fault(path, `is above ${schema.maximum}`);
      return { ok: true, value };
    }
    case "boolean":
      return typeof value === "boolean" ? { ok: true, value } : expected(path, "true or false", value);
    case "array": {
      if (!Array.isArray(value)) return expected(path, "a list", value);
      if (schema.minItems !== undefined && value.length < schema.minItems) return fault(path, `has fewer than ${schema.minItems} entries`);
      if (schema.maxItems !== undefined && value.length > schema.maxItems) return fault(path, `has more than ${schema.maxItems} entries`);
      const copy = [];
      for (let i = 0; i < value.length; i += 1) {
        const entry = walk(schema.items, value[i], `${path}[${i}]`);
        if (!entry.ok) return entry;
        copy.push(entry.value);
      }
      return { ok: true, value: copy };
    }
    case "object": {
      if (typeof value !== "object" || value === null || Array.isArray(value)) return expected(path, "an object", value);
      const source = value as Record<string, unknown>;
      const copy: Record<string, unknown> = {};
      for (const name of Object.keys(schema.properties)) {
        const at = path ? `${path}.${name}` : name;
        const given = Object.hasOwn(source, name) ? source[name] : undefined;
        if (given === undefined || given === null) {
          if (schema.required?.includes(name)) return fault(at, "is missing");
          continue;
        }
        const entry = walk(schema.properties[name]!, given, at);
        if (!entry.ok) return entry;
        copy[name] = entry.value;
      }
      return { ok: true, value: copy };
    }
  }
}

const patterns = new Map<string, RegExp>();
function compiled(pattern: string): RegExp {
  let regExp = patterns.get(pattern);
  if (!regExp) patterns.set(pattern, (regExp = new RegExp(pattern, "u")));
  return regExp;
}

function fault(path: string, message: string): { ok: false; path: string; message: string } {
  return { ok: false, path, message };
}
function expected(path: string, what: string, value: unknown): { ok: false; path: string; message: string } {
  const got = value === null ? "null" : Array.isArray(value) ? "a list" : typeof value;
  return fault(path, `must be ${what}, got ${got}`);
}
