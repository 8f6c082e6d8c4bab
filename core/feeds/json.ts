/** Values of JSON text as it arrives: one a line, or the elements of one list. */
import { FeedError } from "./separated.ts";

export interface JsonValue {
  /** Where it begins, from 1. */
  line: number;
  column: number;
  /** Undefined where the text is not JSON. */
  value: unknown;
}

/** A product longer than this is none: a line, or an element with all of its variants. */
const MAX_LINE_CHARS = 64 * 1024;
const MAX_VALUE_CHARS = 1_000_000;

/** @throws FeedError for a line that is too long */
export async function* readJsonLines(chunks: AsyncIterable<string>): AsyncGenerator<JsonValue> {
  let rest = "";
  let line = 0;
  for await (const chunk of chunks) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop()!;
    for (const text of lines) {
      line += 1;
      if (text.length > MAX_LINE_CHARS) throw new FeedError(`the line is longer than ${MAX_LINE_CHARS} characters`, line, 1);
      if (text.trim()) yield { line, column: 1, value: parsed(text) };
    }
    if (rest.length > MAX_LINE_CHARS) throw new FeedError(`the line is longer than ${MAX_LINE_CHARS} characters`, line + 1, 1);
  }
  if (rest.trim()) yield { line: line + 1, column: 1, value: parsed(rest) };
}

/**
 * The objects of the first list in a JSON document, such as `{"products": [{…}, {…}]}` or `[{…}]`, one at a time.
 * @throws FeedError where the text ends before its list does, or holds no list
 */
export async function* readJsonList(chunks: AsyncIterable<string>): AsyncGenerator<JsonValue> {
  let line = 1;
  let column = 1;
  let depth = 0;
  /** The depth within the list; 0 before it, -1 after it. */
  let inside = 0;
  let inString = false;
  let escaped = false;
  let text = "";
  let place: readonly [number, number] = [1, 1];
  for await (const chunk of chunks) {
    for (let i = 0; i < chunk.length; i += 1) {
      const character = chunk[i]!;
      const collecting = inside > 0 && depth > inside;
      if (collecting) text += character;
      if (inString) {
        if (escaped) escaped = false;
        else if (character === "\\") escaped = true;
        else if (character === '"') inString = false;
      } else if (character === '"') {
        inString = true;
      } else if (character === "{" || character === "[") {
        depth += 1;
        if (inside === 0 && character === "[") inside = depth;
        else if (inside > 0 && depth === inside + 1) [text, place] = [character, [line, column]];
      } else if (character === "}" || character === "]") {
        depth -= 1;
        if (inside > 0 && depth === inside) {
          yield { line: place[0], column: place[1], value: parsed(text) };
          text = "";
        } else if (depth < inside) inside = -1;
      }
      if (text.length > MAX_VALUE_CHARS) throw new FeedError(`an element is longer than ${MAX_VALUE_CHARS} characters`, ...place);
      if (character === "\n") [line, column] = [line + 1, 1];
      else column += 1;
    }
  }
  if (inside === 0) throw new FeedError("the file holds no list of products", line, column);
  if (depth > 0) throw new FeedError("the file ends before its list does: it was cut off", line, column);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
