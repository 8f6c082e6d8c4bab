/** The session encoder in plain loops, which keeps what the next click does not change. */
import { HISTORY_KINDS, type EncodedHistory } from "../history.ts";
import type { Model, ModelConfig } from "./config.ts";
import { headSlope, MASKED, NORM_EPSILON } from "./constants.ts";

/**
 * Histories remembered at a time: a page asks for the shopper's, for the cart's and for its product's in turn, and
 * each of them grows by itself.
 */
const KEPT_HISTORIES = 4;

/** What a session vector was made of. */
export interface SessionTrace {
  /** How much each entry's row counts, oldest first, [count]. */
  weights: Float32Array;
  /** Length of the vector before it was brought to 1. */
  norm: number;
}

export interface SessionEncoder {
  /**
   * The session vector of one history. `network.ts` in plain loops: everything at place t depends on places ≤ t only,
   * so that a history which continues a remembered one costs the places that are new, and gives the same numbers, to
   * the bit, as from the start. One whose oldest entry has fallen off is computed anew: its places saw that entry.
   *
   * @param trace is told how the vector came about
   * @returns a unit vector, [D]; all zero for an empty history
   */
  encode(input: EncodedHistory, trace?: SessionTrace): Float32Array;
  /** Places computed so far, over all histories: one a click. */
  readonly steps: number;
}

/** @see core/model/network.ts for the architecture */
export function createSessionEncoder(model: Model): SessionEncoder {
  const layers = layersOf(model);
  const scratch = createScratch(model.config);
  /** The last used first. */
  const kept: KeptHistory[] = [];
  let steps = 0;

  return {
    get steps() {
      return steps;
    },
    encode(input, trace) {
      if (input.count === 0) return new Float32Array(model.config.width);
      const history = longestShared(kept, input) ?? (kept.length < KEPT_HISTORIES ? createKept(model.config) : kept.at(-1)!);
      const at = kept.indexOf(history);
      if (at >= 0) kept.splice(at, 1);
      kept.unshift(history);
      // The newest place is computed in any case: its hidden vector is not kept.
      const from = Math.min(sharedPlaces(history, input), input.count - 1);
      for (let t = from; t < input.count; t += 1, steps += 1) step(model, layers, scratch, history, input, t);
      history.count = input.count;
      return pool(model, scratch, history, trace);
    },
  };
}

/** The session vector of one history, from the start; see `SessionEncoder`. */
export function encodeSession(model: Model, input: EncodedHistory, trace?: SessionTrace): Float32Array {
  return createSessionEncoder(model).encode(input, trace);
}

/** What was computed for the places of one history. */
interface KeptHistory {
  count: number;
  items: Int32Array;
  kinds: Uint8Array;
  gaps: Uint8Array;
  /** The entries' item rows, [L, D]. */
  rows: Float32Array;
  /** Keys and values of each block, [L, D] each. */
  keys: Float32Array[];
  values: Float32Array[];
  /** How much each entry calls for, before distance counts, [L]. */
  calls: Float32Array;
}

function createKept({ width: D, length: L, blocks }: ModelConfig): KeptHistory {
  // Shops' libraries have an `Array.from` of their own.
  const perBlock = () => new Array<null>(blocks).fill(null).map(() => new Float32Array(L * D));
  return { count: 0, items: new Int32Array(L), kinds: new Uint8Array(L), gaps: new Uint8Array(L), rows: new Float32Array(L * D), keys: perBlock(), values: perBlock(), calls: new Float32Array(L) };
}

function longestShared(kept: readonly KeptHistory[], input: EncodedHistory): KeptHistory | undefined {
  let best: KeptHistory | undefined;
  let longest = 0;
  for (const history of kept) {
    const shared = sharedPlaces(history, input);
    if (shared > longest) [best, longest] = [history, shared];
  }
  return best;
}

/** How many of the oldest entries are the same. */
function sharedPlaces({ count, items, kinds, gaps }: KeptHistory, input: EncodedHistory): number {
  const first = input.items.length - input.count;
  let t = 0;
  while (t < count && t < input.count && items[t] === input.items[first + t] && kinds[t] === input.kinds[first + t] && gaps[t] === input.gaps[first + t]) t += 1;
  return t;
}

/** A block's weights, by name; looked up once, not once a step. */
type Layer = { readonly [name in "attentionNorm" | "query" | "key" | "value" | "output" | "feedForwardNorm" | "expand" | "expandBias" | "contract" | "contractBias"]: Float32Array };

function layersOf({ config, encoder }: Model): Layer[] {
  return new Array<null>(config.blocks).fill(null).map((_, block) => {
    const prefix = `blocks.${block}.`;
    return Object.fromEntries(Object.entries(encoder).filter(([name]) => name.startsWith(prefix)).map(([name, values]) => [name.slice(prefix.length), values])) as unknown as Layer;
  });
}

interface Scratch {
  hidden: Float32Array;
  normed: Float32Array;
  query: Float32Array;
  attended: Float32Array;
  projected: Float32Array;
  expanded: Float32Array;
  logits: Float32Array;
}

function createScratch({ width: D, length: L }: ModelConfig): Scratch {
  const vector = (length = D) => new Float32Array(length);
  return { hidden: vector(), normed: vector(), query: vector(), attended: vector(), projected: vector(), expanded: vector(2 * D), logits: vector(L) };
}

/** Computes place t of a history whose places before it are kept; leaves its final hidden vector in the scratch. */
function step(model: Model, layers: readonly Layer[], scratch: Scratch, kept: KeptHistory, input: EncodedHistory, t: number): void {
  const { width: D } = model.config;
  const { encoder } = model;
  const { hidden, normed, query, attended, projected, expanded } = scratch;
  const place = input.items.length - input.count + t;
  const item = (kept.items[t] = input.items[place]!);
  const kind = (kept.kinds[t] = input.kinds[place]!) * D;
  const gap = (HISTORY_KINDS.length + (kept.gaps[t] = input.gaps[place]!)) * D;
  const features = encoder["features"]!;
  const scale = model.scales[item]!;
  for (let d = 0; d < D; d += 1) {
    const value = (kept.rows[t * D + d] = model.rows[item * D + d]! * scale);
    hidden[d] = value + features[kind + d]! + features[gap + d]!;
  }
  layers.forEach((layer, block) => {
    rmsNorm(hidden, layer.attentionNorm, normed);
    project(normed, layer.query, query);
    project(normed, layer.key, kept.keys[block]!.subarray(t * D, (t + 1) * D));
    project(normed, layer.value, kept.values[block]!.subarray(t * D, (t + 1) * D));
    attend(model.config, query, kept.keys[block]!, kept.values[block]!, t, scratch.logits, attended);
    addTo(hidden, project(attended, layer.output, projected));
    project(rmsNorm(hidden, layer.feedForwardNorm, normed), layer.expand, expanded);
    for (let i = 0; i < expanded.length; i += 1) expanded[i] = Math.max(0, expanded[i]! + layer.expandBias[i]!);
    addTo(hidden, project(expanded, layer.contract, projected));
    addTo(hidden, layer.contractBias);
  });
  rmsNorm(hidden, encoder["finalNorm"]!, normed);
  kept.calls[t] = dot(normed, encoder["pool"]!);
}

/** Causal attention of place t over the places up to it, head by head. @param out [D] */
function attend({ width: D, heads }: ModelConfig, query: Float32Array, keys: Float32Array, values: Float32Array, t: number, logits: Float32Array, out: Float32Array): void {
  const width = D / heads;
  out.fill(0);
  for (let head = 0; head < heads; head += 1) {
    const slope = headSlope(head, heads);
    const from = head * width;
    for (let j = 0; j <= t; j += 1) {
      let logit = 0;
      for (let d = from; d < from + width; d += 1) logit += query[d]! * keys[j * D + d]!;
      logits[j] = logit / Math.sqrt(width) - slope * (t - j);
    }
    softmax(logits, t + 1);
    for (let j = 0; j <= t; j += 1) for (let d = from; d < from + width; d += 1) out[d]! += logits[j]! * values[j * D + d]!;
  }
}

/** The weighted sum of the entries' rows, and what the newest entry, whose hidden vector the scratch holds, calls for. */
function pool(model: Model, { normed, projected, logits }: Scratch, { count, rows, calls }: KeptHistory, trace?: SessionTrace): Float32Array {
  const { width: D } = model.config;
  const recency = softplus(model.encoder["recency"]![0]!);
  for (let t = 0; t < count; t += 1) logits[t] = calls[t]! - recency * (count - 1 - t);
  softmax(logits, count);
  const session = new Float32Array(D);
  for (let t = 0; t < count; t += 1) for (let d = 0; d < D; d += 1) session[d]! += logits[t]! * rows[t * D + d]!;
  addTo(session, project(normed, model.encoder["shift"]!, projected));
  const norm = Math.sqrt(dot(session, session) + NORM_EPSILON);
  for (let d = 0; d < D; d += 1) session[d] = session[d]! / norm;
  if (trace) Object.assign(trace, { weights: logits.slice(0, count), norm });
  return session;
}

/** [I] × [I, O] → [O], into `out`. */
function project(x: Float32Array, matrix: Float32Array, out: Float32Array): Float32Array {
  out.fill(0);
  const outer = out.length;
  for (let i = 0; i < x.length; i += 1) {
    const value = x[i]!;
    if (value === 0) continue;
    for (let o = 0, at = i * outer; o < outer; o += 1) out[o]! += value * matrix[at + o]!;
  }
  return out;
}

/** Root-mean-square norm, into `out`. */
function rmsNorm(x: Float32Array, gain: Float32Array, out: Float32Array): Float32Array {
  const norm = Math.sqrt(dot(x, x) / x.length + NORM_EPSILON);
  for (let d = 0; d < x.length; d += 1) out[d] = (x[d]! / norm) * gain[d]!;
  return out;
}

/** In place, over the first `n` values. */
function softmax(logits: Float32Array, n: number): void {
  let max = MASKED;
  for (let j = 0; j < n; j += 1) max = Math.max(max, logits[j]!);
  let sum = 0;
  for (let j = 0; j < n; j += 1) sum += logits[j] = Math.exp(logits[j]! - max);
  for (let j = 0; j < n; j += 1) logits[j] = logits[j]! / sum;
}
function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let d = 0; d < a.length; d += 1) sum += a[d]! * b[d]!;
  return sum;
}
function addTo(target: Float32Array, addend: Float32Array): void {
  for (let i = 0; i < target.length; i += 1) target[i] = target[i]! + addend[i]!;
}
function softplus(x: number): number {
  return x > 20 ? x : Math.log1p(Math.exp(x));
}
