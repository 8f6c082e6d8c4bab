/**
 * The schemas of the events that shops tell of, as the few characters that a tag needs of them.
 *
 * The build evaluates this file and ships what it exports (see `evaluateAtBuild` in vite.config.ts): core/events.ts stays
 * the one place where a field is described.
 */
import { SHOP_EVENT_SCHEMAS } from "../../core/events.ts";
import type { ObjectSchema, Schema } from "../../core/schema.ts";

/** The names of an object's fields, apart by spaces; `!` follows those without which the object is none. */
export type FieldNames = string;
/**
 * What a field holds: a text of so many characters, a text of a pattern, a number between two bounds (whole with a
 * third entry), or a list of at least and at most so many such things.
 */
export type Kind = number | string | readonly [least: number, most: number, isWhole?: 1] | { readonly least: number; readonly most: number; readonly of: Kind | { readonly names: FieldNames } };

/** What most fields hold. */
export const USUAL_KIND = 120;

const kinds: { [field: string]: Kind } = {};

export const EVENT_FIELDS: { readonly [name: string]: FieldNames } = Object.fromEntries(Object.entries(SHOP_EVENT_SCHEMAS).map(([name, schema]) => [name, namesOf(schema)]));
/** What fields hold that hold something else than usual; a field means the same wherever it stands. */
export const FIELD_KINDS: { readonly [field: string]: Kind } = kinds;

function namesOf({ properties, required = [] }: ObjectSchema): FieldNames {
  return Object.entries(properties).map(([name, schema]) => {
    const kind = kindOf(schema);
    if (JSON.stringify(kinds[name] ?? kind) !== JSON.stringify(kind)) throw new Error(`The field ${name} means one thing here and another there.`);
    kinds[name] = kind;
    return name + (required.includes(name) ? "!" : "");
  }).join(" ");
}

function kindOf(schema: Schema): Kind {
  switch (schema.type) {
    case "string":
      if (schema.enum || (schema.pattern && schema.maxLength) || (schema.minLength ?? 1) !== 1) break;
      return schema.pattern ?? schema.maxLength ?? Infinity;
    case "number":
    case "integer":
      return [schema.minimum ?? -Infinity, schema.maximum ?? Infinity, ...(schema.type === "integer" ? [1] : [])] as unknown as Kind;
    case "array":
      return { least: schema.minItems ?? 0, most: schema.maxItems ?? Infinity, of: schema.items.type === "object" ? { names: namesOf(schema.items) } : kindOf(schema.items) };
  }
  throw new Error(`No kind is like ${JSON.stringify(schema)}`);
}
for (const [name, kind] of Object.entries(kinds)) if (kind === USUAL_KIND) delete kinds[name];
