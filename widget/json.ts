/** JSON as it should be, on pages that have changed what JSON does. */

/** Prototype.js before 1.7 gives arrays a `toJSON` that turns them into strings. */
export function toJson(value: unknown): string {
  const prototype = Array.prototype as { toJSON?: unknown };
  const patched = prototype.toJSON;
  if (!patched) return JSON.stringify(value);
  delete prototype.toJSON;
  try {
    return JSON.stringify(value);
  } finally {
    prototype.toJSON = patched;
  }
}
