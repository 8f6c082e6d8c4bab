/** A trained model that waits on this machine: between training, assessing, judging and publishing. */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Manifest } from "../core/weights/manifest.ts";
import { writeWhole } from "./whole-file.ts";

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
  writeWhole(join(folder, "candidate.json"), JSON.stringify({ ...rest, sha256: hashOf(weights) }, null, 2));
}

/** @throws CandidateError */
export function readCandidate(folder: string): Candidate {
  let candidate: Candidate & { sha256?: string };
  try {
    const rest = JSON.parse(readFileSync(join(folder, "candidate.json"), "utf8")) as Omit<Candidate, "weights">;
    candidate = { ...rest, weights: new Uint8Array(readFileSync(join(folder, "candidate.safetensors"))) };
  } catch (cause) {
    throw new CandidateError(`No trained model in ${folder}: train one first`, { cause });
  }
  const { sha256, ...rest } = candidate;
  // Cut off between the two files, figures of one model would vouch for another.
  if (sha256 !== hashOf(candidate.weights)) throw new CandidateError(`The model in ${folder} is not the one that its figures belong to (training was cut off while writing it): train again`);
  return rest;
}

function hashOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
