/** Fetches a file by its hash in parts that are kept, so that the next attempt, or the next page, goes on where one was broken off. */

/** A shop's page is left within seconds: what a slow line brings in by then is worth keeping. */
export const PART_BYTES = 128 * 1024;
/** How often one page goes on by itself after the line broke. */
const RESUMPTIONS = 2;

/** The parts of files that are not whole yet, each `PART_BYTES` long, by number from 0. */
export interface PartsCache {
  get(sha256: string, part: number): Promise<ArrayBuffer | undefined>;
  put(sha256: string, part: number, bytes: ArrayBuffer): Promise<void>;
  /** Forgets the parts of all files. */
  clear(): Promise<void>;
}

export interface DownloadOptions {
  url: string;
  sha256: string;
  /** What the manifest says; nothing longer is taken. */
  bytes: number;
  fetch: typeof fetch;
  parts: PartsCache;
}
export interface Downloaded {
  bytes: ArrayBuffer;
  /** Whether some of it came from kept parts: if it turns out wrong, they may be what is. */
  resumed: boolean;
}

/** A download that did not come to its end; kept parts stay. */
export class DownloadError extends Error {
  override name = "DownloadError";
}

/**
 * @returns as many bytes as came, unverified; more or fewer than asked for where the server's file has another size
 * @throws DownloadError
 */
export async function download({ url, sha256, bytes: size, fetch, parts }: DownloadOptions): Promise<Downloaded> {
  const whole = new Uint8Array(size);
  const kept = await readParts(sha256, whole, parts);
  let received = kept;
  for (let attempt = 0; ; attempt += 1) {
    const before = received;
    try {
      // A range of this form needs no leave from the edge by the Fetch standard; where a browser asks for it, the edge gives it.
      const response = await fetch(url, { credentials: "omit", ...(received > 0 && { headers: { range: `bytes=${received}-` } }) });
      if (!response.ok) throw new DownloadError(`the edge answered ${response.status}`);
      // Not every cache in between does ranges.
      if (response.status !== 206) received = 0;
      const from = received;
      const reader = response.body!.getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        if (received + value.length > size) {
          await reader.cancel();
          return { bytes: new ArrayBuffer(size + 1), resumed: from > 0 };
        }
        whole.set(value, received);
        received += value.length;
        await keepParts(sha256, whole, received - value.length, received, parts);
      }
      return { bytes: received === size ? whole.buffer : whole.slice(0, received).buffer, resumed: kept > 0 && from > 0 };
    } catch (cause) {
      if (cause instanceof DownloadError || attempt === RESUMPTIONS || received === before) throw new DownloadError(cause instanceof DownloadError ? cause.message : String(cause), { cause });
    }
  }
}

/** @returns how many bytes the kept parts were */
async function readParts(sha256: string, whole: Uint8Array, parts: PartsCache): Promise<number> {
  let received = 0;
  while (received + PART_BYTES <= whole.length) {
    const part = await parts.get(sha256, received / PART_BYTES).catch(() => undefined);
    if (part?.byteLength !== PART_BYTES) break;
    whole.set(new Uint8Array(part), received);
    received += PART_BYTES;
  }
  return received;
}

/** A storage that refuses costs the next page what this one has. A file's end is not kept by itself: the whole file is. */
async function keepParts(sha256: string, whole: Uint8Array, from: number, to: number, parts: PartsCache): Promise<void> {
  for (let part = Math.floor(from / PART_BYTES); (part + 1) * PART_BYTES <= Math.min(to, whole.length - 1); part += 1) {
    await parts.put(sha256, part, whole.slice(part * PART_BYTES, (part + 1) * PART_BYTES).buffer as ArrayBuffer).catch(() => {});
  }
}
