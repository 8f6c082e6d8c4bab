/** Writes a file so that it is there whole or not at all, and says in a sentence when the disk is full. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";

/** The machine's disk refuses; the message says where and what to do. */
export class DiskError extends Error {
  override readonly name = "DiskError";
}

/** What was there before stays until the new content is on the disk. @throws DiskError if it cannot be written */
export function writeWhole(path: string, content: string | Uint8Array): void {
  const draft = `${path}.tmp`;
  try {
    const file = openSync(draft, "w");
    try {
      writeFileSync(file, content);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(draft, path);
  } catch (cause) {
    rmSync(draft, { force: true });
    throw diskError(path, cause);
  }
}

/** @returns a DiskError for what only a person can put right, the error itself for anything else */
export function diskError(path: string, cause: unknown): unknown {
  const { code } = cause as NodeJS.ErrnoException;
  const what = code === "ENOSPC" || code === "EDQUOT" ? "the disk is full: free some space"
    : code === "EACCES" || code === "EPERM" ? "it may not be written: check its owner and mode"
    : code === "EROFS" ? "the disk is read-only: name another folder with --data-dir"
    : code === "EMFILE" || code === "EIO" ? `the disk fails (${code})`
    : undefined;
  return what === undefined ? cause : new DiskError(`${path} cannot be written, ${what}. Then run this again; nothing was published`, { cause });
}
