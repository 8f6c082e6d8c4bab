/** Comma-separated values as spreadsheets read them (RFC 4180), safe to open. */

/**
 * @param rows the first one holds the column names; numbers stay plain, with a dot
 * @returns text with CRLF line ends and a byte order mark, without which Excel reads UTF-8 as something else
 */
export function toCsv(rows: readonly (readonly (string | number | null)[])[]): string {
  return `\ufeff${rows.map((row) => row.map(cell).join(",")).join("\r\n")}\r\n`;
}

function cell(value: string | number | null): string {
  if (value === null) return "";
  if (typeof value === "number") return String(value);
  // A leading =, +, -, @ or control character makes spreadsheets run text as a formula; an apostrophe keeps it text.
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
