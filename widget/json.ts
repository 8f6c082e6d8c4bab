/** JSON as it should be, on pages that have changed what JSON does. */

interface Patched {
  toJSON?: unknown;
}

/** Prototype.js before 1.7 gives arrays and text a `toJSON` that quotes them twice; there, a replacer brings the plain value back. */
export function toJson(value: unknown): string {
  const patched = ([] as Patched).toJSON ?? ("" as Patched).toJSON;
  return JSON.stringify(value, patched ? function (this: Record<string, unknown>, key: string) { return this[key]; } : undefined);
}
