/** Brings what shops push into the shape that the event schemas ask for. */
import { SHOP_EVENT_SCHEMAS, type ShopEventName } from "../../core/events.ts";
import { kindOf, redact } from "../../core/redact.ts";
import type { ObjectSchema, Schema } from "../../core/schema.ts";

/**
 * Shops' data layers hold prices as text, ids as numbers and names without end; the schemas judge, this one mends, and takes out
 * what identifies a person before anything is cut to its length.
 *
 * @returns a clean copy of what can be used, or undefined where something required is missing
 */
export function conform(name: ShopEventName, params: unknown): object | undefined {
  return mend(SHOP_EVENT_SCHEMAS[name], params) as object | undefined;
}

/** Whether a shop may tell of it: events of slates are the carousels' own. */
export function isShopEvent(name: unknown): name is ShopEventName {
  return Object.hasOwn(SHOP_EVENT_SCHEMAS, name as string);
}

function mend(schema: Schema, value: unknown, field = ""): unknown {
  if (value === null || value === undefined) return undefined;
  switch (schema.type) {
    case "string": {
      if (typeof value !== "string" && typeof value !== "number") return undefined;
      const text = redact(String(value).trim(), kindOf(field)).slice(0, schema.maxLength);
      if (text.length < (schema.minLength ?? 1)) return undefined;
      if (schema.pattern && !new RegExp(schema.pattern).test(text)) return undefined;
      return !schema.enum || schema.enum.includes(text) ? text : undefined;
    }
    case "number":
    case "integer": {
      if (typeof value === "string" ? value.trim() === "" : typeof value !== "number") return undefined;
      const number = schema.type === "integer" ? Math.round(Number(value)) : Number(value);
      return number >= (schema.minimum ?? -Infinity) && number <= (schema.maximum ?? Infinity) && Number.isFinite(number) ? number : undefined;
    }
    case "boolean":
      return typeof value === "boolean" ? value : undefined;
    case "array": {
      if (!Array.isArray(value)) return undefined;
      const entries: unknown[] = [];
      for (const entry of value.slice(0, schema.maxItems)) {
        const mended = mend(schema.items, entry, field);
        if (mended !== undefined) entries.push(mended);
      }
      return entries.length >= (schema.minItems ?? 0) ? entries : undefined;
    }
    case "object":
      return mendObject(schema, value);
  }
}

function mendObject(schema: ObjectSchema, value: unknown): object | undefined {
  if (typeof value !== "object") return undefined;
  const copy: Record<string, unknown> = {};
  for (const name of Object.keys(schema.properties)) {
    const mended = mend(schema.properties[name]!, (value as Record<string, unknown>)[name], name);
    if (mended !== undefined) copy[name] = mended;
    else if (schema.required?.includes(name)) return undefined;
  }
  return copy;
}
