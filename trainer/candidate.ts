/** A trained model that waits on this machine: between training, assessing, judging and publishing. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Manifest } from "../core/weights/manifest.ts";

export interface Candidate {
  weights: Uint8Array<ArrayBuffer>;
  training: Manifest["training"];
  /** Absent until it has been assessed. */
  evaluation?: Manifest["evaluation"];
}

/** There is none, or it cannot be read; the message says what to do. */
export class CandidateError extends Error {
  override readonly name = "CandidateError";
}

export function writeCandidate(folder: string, { weights, ...rest }: Candidate): void {
  mkdirSync(folder, { recursive: true });
  writeWhole(join(folder, "candidate.safetensors"), weights);
  writeWhole(join(folder, "candidate.json"), JSON.stringify(rest, null, 2));
}

/** @throws CandidateError */
export function readCandidate(folder: string): Candidate {
  try {
    const rest = JSON.parse(readFileSync(join(folder, "candidate.json"), "utf8")) as Omit<Candidate, "weights">;
    return { ...rest, weights: new Uint8Array(readFileSync(join(folder, "candidate.safetensors"))) };
  } catch (cause) {
    throw new CandidateError(`No trained model in ${folder}: train one first`, { cause });
  }
}

function writeWhole(path: string, content: string | Uint8Array): void {
  writeFileSync(`${path}.tmp`, content);
  renameSync(`${path}.tmp`, path);
}
