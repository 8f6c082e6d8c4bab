/**
 * The cards of every product of a large shop, kept as the bytes they come in: 100,000 of them are 30 MB of text, and as
 * objects they would not fit an isolate. A card is parsed when it is asked for.
 */
import type { Card } from "../core/catalogue.ts";
import type { CardText } from "./catalogue/store.ts";
import type { Env } from "./env.ts";

export interface AllCards {
  has(itemId: string): boolean;
  /** In the catalogue's own order. */
  ids: readonly string[];
  find(itemId: string): Card | undefined;
  bytes: number;
}

/** Writes a list of the ids into the first line, then one card a line, in the same order. */
export async function writeAllCards(env: Env, name: string, ids: readonly string[], { lines, bytes }: CardText): Promise<void> {
  const head = new TextEncoder().encode(JSON.stringify(ids));
  const { readable, writable } = new FixedLengthStream(head.byteLength + bytes);
  const writing = (async () => {
    const writer = writable.getWriter();
    for (const line of [head, ...lines]) await writer.write(line);
    await writer.close();
  })();
  await Promise.all([env.FILES.put(name, readable), writing]);
}

/** @returns null for catalogues that were imported before these files were written */
export async function readAllCards(env: Env, name: string): Promise<AllCards | null> {
  const object = await env.FILES.get(name);
  return object && indexCards(new Uint8Array(await object.arrayBuffer()));
}

const LINE_BREAK = 10;

export function indexCards(text: Uint8Array): AllCards {
  const decoder = new TextDecoder();
  const line = (from: number, to: number): unknown => JSON.parse(decoder.decode(text.subarray(from, to)));
  const endOf = (from: number) => {
    const end = text.indexOf(LINE_BREAK, from);
    return end < 0 ? text.length : end;
  };
  const ids = line(0, endOf(0)) as string[];
  const placeOf = new Map(ids.map((id, place) => [id, place]));
  const starts = new Uint32Array(ids.length + 1);
  let from = 0;
  for (let place = 0; place <= ids.length; place += 1) starts[place] = from = endOf(from) + 1;
  return {
    ids,
    bytes: text.byteLength,
    has: (itemId) => placeOf.has(itemId),
    find(itemId) {
      const place = placeOf.get(itemId);
      return place === undefined ? undefined : (line(starts[place]!, starts[place + 1]! - 1) as Card);
    },
  };
}
