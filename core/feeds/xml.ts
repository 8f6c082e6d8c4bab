/** Items of an RSS or Atom feed as it arrives: each with the text of its direct children, and where these stand. */
import { FeedError } from "./separated.ts";

export interface XmlItem {
  /** Where the item begins, from 1. */
  line: number;
  column: number;
  /** By local name, prefixes like `g:` left out; the first of several stands. */
  fields: Map<string, { text: string; line: number; column: number }>;
}

/** Entities that XML knows by itself; documents that define others are refused, and so none can grow. */
const ENTITIES: { readonly [name: string]: string } = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
/** An item, or a tag, longer than this is no product's. */
const MAX_ITEM_CHARS = 1_000_000;

/**
 * @param itemNames local names of the elements that are items
 * @throws FeedError for text that is not well-formed, defines entities, or ends before its root element does
 */
export async function* readXmlItems(chunks: AsyncIterable<string>, itemNames: ReadonlySet<string> = new Set(["item", "entry"])): AsyncGenerator<XmlItem> {
  const open: string[] = [];
  let rest = "";
  let line = 1;
  let column = 1;
  let item: XmlItem | null = null;
  let itemDepth = 0;
  let text = "";
  let field: { line: number; column: number } | null = null;
  let itemChars = 0;
  let seenRoot = false;

  const advance = (passed: string) => {
    for (let at = passed.indexOf("\n"), from = 0; ; at = passed.indexOf("\n", from)) {
      if (at < 0) {
        column += passed.length - from;
        return;
      }
      line += 1;
      column = 1;
      from = at + 1;
    }
  };
  const say = (raw: string, isText: boolean) => {
    if (!item) return;
    itemChars += raw.length;
    if (itemChars > MAX_ITEM_CHARS) throw new FeedError(`an item is longer than ${MAX_ITEM_CHARS} characters`, item.line, item.column);
    if (field) text += isText ? decode(raw, line, column) : raw;
  };

  for await (const chunk of chunks) {
    rest += chunk;
    for (;;) {
      const start = rest.indexOf("<");
      if (start < 0) {
        // An entity may be cut at the chunk's end.
        const safe = rest.lastIndexOf("&") < 0 ? rest.length : rest.lastIndexOf("&");
        say(rest.slice(0, safe), true);
        advance(rest.slice(0, safe));
        rest = rest.slice(safe);
        if (rest.length > MAX_ITEM_CHARS) throw new FeedError("text goes on without end", line, column);
        break;
      }
      if (start > 0) {
        say(rest.slice(0, start), true);
        advance(rest.slice(0, start));
        rest = rest.slice(start);
      }
      if (rest.length < 9 && "<![CDATA[".startsWith(rest)) break;
      const closing = rest.startsWith("<![CDATA[") ? "]]>" : rest.startsWith("<!--") ? "-->" : rest.startsWith("<?") ? "?>" : null;
      const end = closing === null ? endOfTag(rest) : rest.indexOf(closing, 2);
      if (end < 0) {
        if (rest.length > MAX_ITEM_CHARS) throw new FeedError("a tag goes on without end", line, column);
        break;
      }
      const whole = rest.slice(0, end + (closing?.length ?? 1));
      if (closing === "]]>") {
        say(whole.slice(9, -3), false);
      } else if (closing === null && whole.startsWith("<!")) {
        if (whole.includes("[")) throw new FeedError("a document type with definitions of its own is not read", line, column);
      } else if (closing === null) {
        const name = /^<\/?\s*([^\s/>]+)/.exec(whole)?.[1]?.replace(/^.*:/, "");
        if (name === undefined) throw new FeedError(`"${whole.slice(0, 20)}" is no tag`, line, column);
        if (whole.startsWith("</")) {
          const expected = open.pop();
          if (expected !== name) throw new FeedError(`</${name}> closes ${expected === undefined ? "nothing" : `<${expected}>`}`, line, column);
          if (item && open.length === itemDepth) {
            yield item;
            item = null;
          } else if (item && field && open.length === itemDepth + 1) {
            if (!item.fields.has(name)) item.fields.set(name, { text: text.trim(), ...field });
            field = null;
          }
        } else {
          seenRoot = true;
          const isEmpty = whole.endsWith("/>");
          if (!item && itemNames.has(name)) {
            item = { line, column, fields: new Map() };
            itemDepth = open.length;
            itemChars = 0;
            if (isEmpty) {
              yield item;
              item = null;
            }
          } else if (item && open.length === itemDepth + 1) {
            const href = /\shref\s*=\s*("[^"]*"|'[^']*')/.exec(whole)?.[1];
            // Atom's links carry their address as an attribute.
            if (isEmpty && href !== undefined && !item.fields.has(name)) item.fields.set(name, { text: decode(href.slice(1, -1), line, column), line, column });
            field = isEmpty ? null : { line, column };
            text = "";
          }
          if (!isEmpty) open.push(name);
        }
      }
      advance(whole);
      rest = rest.slice(whole.length);
    }
  }
  if (open.length > 0) throw new FeedError(`the file ends before <${open[0]}> does: it was cut off`, line, column);
  if (!seenRoot) throw new FeedError("the file holds no XML", line, column);
}

/** The end of a tag; a `>` within quotes ends none. */
function endOfTag(text: string): number {
  let quote = "";
  for (let i = 1; i < text.length; i += 1) {
    const character = text[i]!;
    if (quote) {
      if (character === quote) quote = "";
    } else if (character === '"' || character === "'") quote = character;
    else if (character === ">") return i;
  }
  return -1;
}

function decode(text: string, line: number, column: number): string {
  return text.replace(/&([^;\s&]{0,10});?/g, (whole, name: string) => {
    if (name.startsWith("#")) {
      const code = name[1] === "x" || name[1] === "X" ? Number.parseInt(name.slice(2), 16) : Number.parseInt(name.slice(1), 10);
      if (code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff)) return String.fromCodePoint(code);
    }
    const known = whole.endsWith(";") ? ENTITIES[name] : undefined;
    if (known !== undefined) return known;
    // Shops write "&" and HTML's entities where XML has none; what can't be meant otherwise is taken as it stands.
    if (name.startsWith("#") || /^\w+$/.test(name) || !whole.endsWith(";")) return whole;
    throw new FeedError(`"${whole}" is no entity`, line, column);
  });
}
