/** The table of log formats, and which of them a file has. */
import { ACTS_TABLE } from "./acts-table.ts";
import { ENDCAP_LINES } from "./endcap-lines.ts";
import { GA4 } from "./ga4.ts";
import { SHOPIFY_ORDERS, WOOCOMMERCE_ORDERS } from "./orders.ts";
import { headFrom, type Mapping, type Reader } from "./reader.ts";
import { DataFileError, headOf } from "./rows.ts";
import { SEGMENT } from "./segment.ts";
import { SESSION_LINES, USER_LINES } from "./sequences.ts";

/** Asked in this order: what is particular before what is general. */
export const READERS: readonly Reader[] = [ENDCAP_LINES, GA4, SEGMENT, SHOPIFY_ORDERS, WOOCOMMERCE_ORDERS, ACTS_TABLE, SESSION_LINES, USER_LINES];

/** For people: what can be read, a format a line. */
export function formatsList(): string {
  return READERS.map(({ what, looks }) => `  - ${what}: ${looks}`).join("\n");
}

/**
 * Looks at a file's beginning.
 * @returns undefined for a file of no known format
 * @throws DataFileError for a file that is missing, empty or broken
 */
export async function readerOf(path: string, mapping?: Mapping): Promise<Reader | undefined> {
  const lines = await headOf(path);
  if (lines.length === 0) throw new DataFileError(`${path} is empty`);
  const head = headFrom(path, lines);
  if (mapping && !head.json) return ACTS_TABLE;
  return READERS.find((reader) => reader.detects(head));
}

/** What to tell of a file that no reader knows. @throws DataFileError for a file that is missing or broken */
export async function unknownFormat(path: string): Promise<string> {
  const { json, columns } = headFrom(path, await headOf(path));
  const seen = json ? `Its first line is JSON with ${Object.keys(json).slice(0, 12).join(", ")}` : `Its columns are ${columns.slice(0, 12).join(", ")}`;
  return `${path} is of no format that Endcap knows. ${seen}. What can be read:\n${formatsList()}`;
}
