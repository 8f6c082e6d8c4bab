/** HTML as tagged templates: every value is escaped unless it is HTML already. */

/** Markup that may be sent as it is. */
export class Html {
  readonly markup: string;
  constructor(markup: string) {
    this.markup = markup;
  }
  toString(): string {
    return this.markup;
  }
}

export type Fragment = Html | string | number | false | null | undefined | readonly Fragment[];

/** Builds markup; strings and numbers in it are escaped, lists joined, `false`, `null` and `undefined` left out. */
export function html(parts: TemplateStringsArray, ...values: Fragment[]): Html {
  let markup = parts[0]!;
  for (let i = 0; i < values.length; i += 1) markup += render(values[i]) + parts[i + 1]!;
  return new Html(markup);
}

/** A data block that scripts read; `<` is written so that no value can end it. */
export function dataBlock(type: "application/json" | "application/ld+json", value: unknown, id?: string): Html {
  const json = JSON.stringify(value).replaceAll("<", "\\u003c");
  return new Html(`<script type="${type}"${id ? ` id="${escapeHtml(id)}"` : ""}>${json}</script>`);
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" })[sign]!);
}

function render(value: Fragment): string {
  if (value instanceof Html) return value.markup;
  if (Array.isArray(value)) return value.map(render).join("");
  return value === false || value === null || value === undefined ? "" : escapeHtml(String(value));
}
