import { expect, test } from "vitest";
import { parse, type ObjectSchema, type Schema } from "../../core/schema.ts";

const accepts = (schema: Schema, value: unknown) => parse(schema, value).ok;
const fault = (schema: Schema, value: unknown, path = "x") => {
  const parsed = parse(schema, value, path);
  return parsed.ok ? null : `${parsed.path} ${parsed.message}`;
};

test("text is held to its exact bounds", () => {
  const schema = { type: "string", minLength: 2, maxLength: 4 } as const;
  expect(["a", "ab", "abcd", "abcde"].map((text) => accepts(schema, text))).toEqual([false, true, true, false]);
  expect(fault(schema, 3)).toBe("x must be a string, got number");
  expect(fault({ type: "string", enum: ["red", "blue"] }, "green")).toBe("x must be one of red, blue");
  expect(fault({ type: "string", pattern: "^[A-Z]{3}$" }, "eur")).toBe("x does not match ^[A-Z]{3}$");
});

test("numbers are finite, within their bounds, and whole where they must be", () => {
  const schema = { type: "number", minimum: -1, maximum: 1 } as const;
  expect([-1.01, -1, 0, 1, 1.01, NaN, Infinity, "0"].map((value) => accepts(schema, value))).toEqual([false, true, true, true, false, false, false, false]);
  const whole = { type: "integer" } as const;
  expect([1, 1.5, 2 ** 53 - 1, 2 ** 53].map((value) => accepts(whole, value))).toEqual([true, false, true, false]);
});

test("lists are held to their length, and a fault inside names its place", () => {
  const schema = { type: "array", minItems: 1, maxItems: 2, items: { type: "boolean" } } as const;
  expect([[], [true], [true, false], [true, true, true]].map((value) => accepts(schema, value))).toEqual([false, true, true, false]);
  expect(fault(schema, [true, "no"])).toBe("x[1] must be true or false, got string");
  expect(fault(schema, { 0: true })).toBe("x must be a list, got object");
});

const PERSON: ObjectSchema = { type: "object", required: ["name"], properties: { name: { type: "string" }, age: { type: "integer" } } };

test("a copy holds only what the schema names, so an older edge takes a newer tag", () => {
  const given = { name: "Ada", shoeSize: 38 };
  const parsed = parse(PERSON, given);
  expect(parsed).toEqual({ ok: true, value: { name: "Ada" } });
  expect(given).toHaveProperty("shoeSize");
});

test("null counts as absent, and what is required must be present on the object itself", () => {
  expect(parse(PERSON, { name: "Ada", age: null })).toEqual({ ok: true, value: { name: "Ada" } });
  expect(fault(PERSON, { name: null })).toBe("x.name is missing");
  expect(fault(PERSON, Object.create({ name: "inherited" }))).toBe("x.name is missing");
  expect(fault(PERSON, [])).toBe("x must be an object, got a list");
  expect(fault(PERSON, null)).toBe("x must be an object, got null");
});
