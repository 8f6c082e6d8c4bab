/** Request bodies, read no further than they may be long. */
import { parse, type Infer, type Schema } from "../core/schema.ts";
import { refuse } from "./refusal.ts";

export type BoundedBody = { ok: true; bytes: Uint8Array<ArrayBuffer> } | { ok: false };

/** Reads a whole body, or stops as soon as it is longer than `maxBytes`. */
export async function readBounded(request: Request, maxBytes: number): Promise<BoundedBody> {
  if (Number(request.headers.get("content-length") ?? 0) > maxBytes) {
    await request.body?.cancel();
    return { ok: false };
  }
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request.body ?? []) {
    length += chunk.byteLength;
    if (length > maxBytes) return { ok: false };
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return { ok: true, bytes };
}

export type JsonBody<T> = { ok: true; value: T } | { ok: false; refusal: Response };

/** Reads a small JSON body by its schema; an empty one counts as `{}`. @param noun what the body is called in refusals */
export async function readJson<const S extends Schema>(request: Request, schema: S, noun: string, maxBytes = 64 * 1024): Promise<JsonBody<Infer<S>>> {
  const body = await readBounded(request, maxBytes);
  if (!body.ok) return { ok: false, refusal: refuse(413, `${noun}-too-large`, `A ${noun} may hold ${maxBytes} bytes.`) };
  const json = body.bytes.byteLength === 0 ? ({ ok: true, value: {} } as const) : parseJson(body.bytes);
  if (!json.ok) return { ok: false, refusal: refuse(400, "invalid-json", "The body is not JSON in UTF-8.") };
  const parsed = parse(schema, json.value, noun);
  return parsed.ok ? parsed : { ok: false, refusal: refuse(400, `invalid-${noun}`, `${parsed.path} ${parsed.message}.`) };
}

export type JsonText = { ok: true; value: unknown } | { ok: false };

/** Parses UTF-8 JSON; not ok for anything else. */
export function parseJson(text: string | Uint8Array): JsonText {
  try {
    return { ok: true, value: JSON.parse(typeof text === "string" ? text : new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(text)) };
  } catch {
    return { ok: false };
  }
}

/** A body that holds a line, or in all more, than it may. */
export class BodyTooLargeError extends Error {
  override name = "BodyTooLargeError";
}

/**
 * The lines of an NDJSON body as they arrive, blank ones left out.
 * @returns line numbers count from 1
 * @throws BodyTooLargeError past a limit
 */
export async function* readLines(body: ReadableStream<Uint8Array> | null, limits: { maxLineChars: number; maxBytes: number }): AsyncGenerator<{ line: number; text: string }> {
  if (!body) return;
  const decoder = new TextDecoder();
  let rest = "";
  let line = 0;
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > limits.maxBytes) throw new BodyTooLargeError(`The body is longer than ${limits.maxBytes} bytes.`);
    const text = rest + decoder.decode(chunk, { stream: true });
    let from = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", from)) {
      line += 1;
      const content = text.slice(from, end).trim();
      if (content.length > limits.maxLineChars) throw new BodyTooLargeError(`Line ${line} is longer than ${limits.maxLineChars} characters.`);
      if (content) yield { line, text: content };
      from = end + 1;
    }
    rest = text.slice(from);
    if (rest.length > limits.maxLineChars) throw new BodyTooLargeError(`Line ${line + 1} is longer than ${limits.maxLineChars} characters.`);
  }
  const content = (rest + decoder.decode()).trim();
  if (content) yield { line: line + 1, text: content };
}

const GZIP_MAGIC = [0x1f, 0x8b];

/**
 * A body as text as it arrives, unpacked where its first bytes are gzip's.
 * @throws BodyTooLargeError past the limit, of unpacked bytes
 */
export async function* textOf(body: ReadableStream<Uint8Array> | null, maxBytes: number): AsyncGenerator<string> {
  if (!body) return;
  const [head, rest] = await peek(body);
  const isGzip = head[0] === GZIP_MAGIC[0] && head[1] === GZIP_MAGIC[1];
  const plain = isGzip ? rest.pipeThrough(new DecompressionStream("gzip") as unknown as ReadableWritablePair<Uint8Array, Uint8Array>) : rest;
  const decoder = new TextDecoder();
  let bytes = 0;
  for await (const chunk of plain) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw new BodyTooLargeError(`The body is longer than ${maxBytes} bytes.`);
    yield decoder.decode(chunk, { stream: true });
  }
  yield decoder.decode();
}

/** The first chunk, and all of the stream from its beginning. */
async function peek(body: ReadableStream<Uint8Array>): Promise<[Uint8Array, ReadableStream<Uint8Array>]> {
  const reader = body.getReader();
  const first = await reader.read();
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      if (first.value) controller.enqueue(first.value);
      if (first.done) controller.close();
    },
    async pull(controller) {
      const { done, value } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
  return [first.value ?? new Uint8Array(), stream];
}
