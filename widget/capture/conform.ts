/** Brings what shops push into the shape that the event schemas ask for. */
import type { ShopEventName } from "../../core/events.ts";
import { EVENT_FIELDS, FIELD_KINDS, USUAL_KIND, type FieldNames, type Kind } from "./event-table.ts";

/**
 * Shops' data layers hold prices as text, ids as numbers and names without end; the schemas judge, this one mends.
 *
 * @returns a clean copy of what can be used, or undefined where something required is missing
 */
export function conform(name: ShopEventName, params: unknown): object | undefined {
  return mendObject(EVENT_FIELDS[name]!, params);
}

/** Whether a shop may tell of it: events of slates are the carousels' own. */
export function isShopEvent(name: unknown): name is ShopEventName {
  return Object.hasOwn(EVENT_FIELDS, name as string);
}

function mendObject(names: FieldNames, value: unknown): object | undefined {
  if (typeof value !== "object" || !value) return;
  const copy: Record<string, unknown> = {};
  for (const spelt of names.split(" ")) {
    const name = spelt.replace("!", "");
    const mended = mend(FIELD_KINDS[name] ?? USUAL_KIND, (value as Record<string, unknown>)[name]);
    if (mended !== undefined) copy[name] = mended;
    else if (name !== spelt) return;
  }
  return copy;
}

function mend(kind: Kind, value: unknown): unknown {
  if (Array.isArray(kind)) {
    const [least, most, isWhole] = kind as readonly number[];
    const number = typeof value === "number" || (typeof value === "string" && value.trim()) ? +value : NaN;
    const rounded = isWhole ? Math.round(number) : number;
    return rounded >= least! && rounded <= most! ? rounded : undefined;
  }
  if (typeof kind === "object") {
    const { least, most, of } = kind as Exclude<Kind, readonly unknown[] | number | string>;
    if (!Array.isArray(value)) return;
    const entries = value.slice(0, most).map((entry) => (typeof of === "object" && "names" in of ? mendObject(of.names, entry) : mend(of, entry))).filter((entry) => entry !== undefined);
    return entries.length < least ? undefined : entries;
  }
  if (typeof value !== "string" && typeof value !== "number") return;
  const text = `${value}`.trim();
  return typeof kind === "string" ? (new RegExp(kind).test(text) ? text : undefined) : text.slice(0, kind) || undefined;
}
