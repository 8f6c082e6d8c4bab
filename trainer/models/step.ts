/** One training step's loss and gradients, written out by hand over the WebAssembly kernels. */
import { TEMPERATURE, type ModelConfig } from "../../core/model/config.ts";
import { MASKED } from "../../core/model/constants.ts";
import { encode, type EncoderInput, type EncoderValues } from "./encoder.ts";
import { createKernels, transposed } from "./wasm/kernels.ts";

/** What one step learns from: P moments among T places of B windows, and M candidate items. */
export interface Batch extends EncoderInput {
  /** Unit rows of the candidates; [M · D]. */
  candidateRows: Float32Array;
  /** Subtracted from the candidates' logits, so that often drawn ones are not pushed away too hard; [M], or null for a full softmax. */
  logQ: Float32Array | null;
  /** Moment p's targets are the columns `targets[offsets[p]]` up to `targets[offsets[p + 1]]`, equally wanted. */
  offsets: Uint32Array;
  targets: Int32Array;
  /** The column that moment p's answer cannot be; -1 for none; [P]. */
  excluded: Int32Array;
}

export interface StepGradients {
  /** Mean cross-entropy of a moment, in nats. */
  loss: number;
  encoder: EncoderValues;
  /** [T · D] */
  entryRows: Float32Array;
  /** [M · D] */
  candidateRows: Float32Array;
}

/** Computes steps; the weights stay the caller's. */
export type Step = (encoder: EncoderValues, batch: Batch) => StepGradients;

/** @param maxBytes what one step may hold: its logits are P × M floats */
export function createStep(config: ModelConfig, maxBytes: number): Step {
  const kernels = createKernels(maxBytes);
  const { width } = config;
  return (weights, batch) => {
    kernels.reset();
    const { offsets, targets } = batch;
    const encoded = encode(kernels, config, weights, batch);
    const { sessions } = encoded;
    const moments = sessions.rows;
    const candidates = kernels.matrix(batch.candidateRows.length / width, width);
    candidates.values.set(batch.candidateRows);
    const bias = kernels.matrix(1, candidates.rows);
    if (batch.logQ) bias.values.set(batch.logQ);

    // logits → probabilities → their gradient, all in one place.
    const table = kernels.matrix(moments, candidates.rows);
    const columns = candidates.rows;
    kernels.product(sessions, transposed(candidates), table);
    batch.excluded.forEach((column, p) => column >= 0 && (table.values[p * columns + column] = MASKED));
    kernels.softmaxRows(table, 1 / TEMPERATURE, bias);
    let loss = 0;
    for (let p = 0; p < moments; p += 1) {
      const share = 1 / (offsets[p + 1]! - offsets[p]!);
      for (let t = offsets[p]!; t < offsets[p + 1]!; t += 1) loss -= (share * Math.log(Math.max(table.values[p * columns + targets[t]!]!, 1e-30))) / moments;
      for (let t = offsets[p]!; t < offsets[p + 1]!; t += 1) table.values[p * columns + targets[t]!] = table.values[p * columns + targets[t]!]! - share;
    }
    const scale = 1 / (moments * TEMPERATURE);
    const toSessions = kernels.matrix(moments, width);
    kernels.product(table, candidates, toSessions);
    const toCandidates = kernels.matrix(columns, width);
    kernels.product(transposed(table), sessions, toCandidates);
    for (let i = 0; i < toSessions.values.length; i += 1) toSessions.values[i] = toSessions.values[i]! * scale;
    return { loss, ...encoded.backward(toSessions), candidateRows: toCandidates.values.map((value) => value * scale) };
  };
}
