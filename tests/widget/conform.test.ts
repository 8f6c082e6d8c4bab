/** The few characters that the tag has of the event schemas mean what the schemas mean. */
import { expect, test } from "vitest";
import { parse, type ObjectSchema, type Schema } from "../../core/schema.ts";
import { SHOP_EVENT_SCHEMAS, type ShopEventName } from "../../core/events.ts";
import { seededRandom } from "../../core/ids.ts";
import { conform, isShopEvent } from "../../widget/capture/conform.ts";

const TRIES = 4_000;
const NAMES = Object.keys(SHOP_EVENT_SCHEMAS) as ShopEventName[];

/** The schemas walked as they are: what the table stands for. */
function mend(schema: Schema, value: unknown): unknown {
  if (value === null || value === undefined) return undefined;
  switch (schema.type) {
    case "string": {
      if (typeof value !== "string" && typeof value !== "number") return undefined;
      const text = String(value).trim().slice(0, schema.maxLength);
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
      const entries = value.slice(0, schema.maxItems).map((entry) => mend(schema.items, entry)).filter((entry) => entry !== undefined);
      return entries.length >= (schema.minItems ?? 0) ? entries : undefined;
    }
    case "object": {
      if (typeof value !== "object") return undefined;
      const copy: Record<string, unknown> = {};
      for (const [name, property] of Object.entries(schema.properties)) {
        const mended = mend(property, (value as Record<string, unknown>)[name]);
        if (mended !== undefined) copy[name] = mended;
        else if (schema.required?.includes(name)) return undefined;
      }
      return copy;
    }
  }
}

/** Something that a shop might push in the place of what the schema asks for, or would never. */
function invent(schema: Schema, random: () => number): unknown {
  const pick = <T>(...choices: T[]): T => choices[Math.floor(random() * choices.length)]!;
  if (random() < 0.15) return pick<unknown>(null, undefined, "", " ", 0, -1, "x", "7", true, NaN, Infinity, "Infinity", [], {}, [[]], [null], { 0: 1 }, "1e3", 3.5, "-1e10", "x".repeat(600));
  switch (schema.type) {
    case "string":
      return pick<unknown>("EUR", "eur", ` ${"n".repeat(Math.floor(random() * 700))} `, Math.floor(random() * 1e6), "slate-id-1", "a".repeat(64), "\u{1f375}".repeat(80), " padded ");
    case "number":
    case "integer":
      return pick<unknown>((random() - 0.2) * 10 ** Math.floor(random() * 12), String(random() * 100), ` ${Math.floor(random() * 9)} `, "1,50", 0.5, 1e5, 100000.4, 1e6, -0);
    case "boolean":
      return pick<unknown>(true, false, 1);
    case "array":
      return Array.from({ length: random() < 0.03 ? 201 : pick(0, 1, 2, 13) }, () => invent(schema.items, random));
    case "object":
      return Object.fromEntries([...Object.entries(schema.properties).filter(() => random() < 0.85).map(([name, property]) => [name, invent(property, random)]), ["unknown", 1]]);
  }
}

test(`mends ${TRIES} pushes as the schemas themselves would, and what it makes the edge takes`, () => {
  const random = seededRandom(7);
  let made = 0;
  for (let i = 0; i < TRIES; i += 1) {
    const name = NAMES[i % NAMES.length]!;
    const schema: ObjectSchema = SHOP_EVENT_SCHEMAS[name];
    const pushed = invent(schema, random);
    const mended = conform(name, pushed);
    expect(mended).toEqual(mend(schema, pushed));
    if (mended === undefined) continue;
    made += 1;
    expect(parse(schema, mended).ok).toBe(true);
  }
  expect(made).toBeGreaterThan(TRIES / 4);
});
test("knows the shops' own events and no others", () => {
  expect(NAMES.every(isShopEvent)).toBe(true);
  for (const name of ["rec_click", "user_engagement", "toString", "", undefined, 7]) expect(isShopEvent(name)).toBe(false);
});
