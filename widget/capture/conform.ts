/** Brings what shops push into the shape that the event schemas ask for. */
import { SHOP_EVENT_SCHEMAS, type ShopEventName } from "../../core/events.ts";
import type { ObjectSchema, Schema } from "../../core/schema.ts";

/**
 * Shops' data layers hold prices as text, ids as numbers and names without end; the schemas judge, this one mends.
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

function mend(schema: Schema, value: unknown): unknown {
  if (value === null || value === undefined) return undefined;
  switch (schema.type) {
    case "string": {
      if (typeof value !== "string" && typeof value !== "number") return undefined;
      const whole = String(value).trim();
      const text = whole.slice(0, schema.maxLength);
      // Half an address or number would not be known for one.
      const cut = text === whole ? text : text.replace(/\S*[@\d]\S*$/, "");
      if (cut.length < (schema.minLength ?? 1)) return undefined;
      if (schema.pattern && !new RegExp(schema.pattern).test(cut)) return undefined;
      return !schema.enum || schema.enum.includes(cut) ? cut : undefined;
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
        const mended = mend(schema.items, entry);
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
    const mended = mend(schema.properties[name]!, (value as Record<string, unknown>)[name]);
    if (mended !== undefined) copy[name] = mended;
    else if (schema.required?.includes(name)) return undefined;
  }
  return copy;
}
