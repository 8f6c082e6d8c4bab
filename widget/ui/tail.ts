/**
 * The long tail of a large shop on this device: candidates that the edge adds to the head, ranked together with it. They
 * are never waited for, and come from public files of the products that were looked at; where history may be sent, one
 * request fills in what those lack.
 */
import { candidatePaths, MAX_CART_ITEMS_SENT, MAX_HISTORY_SENT, type Candidates, type CandidatesRequest } from "../../core/api.ts";
import { joinShelf, readCandidates } from "../../core/ranking/candidates.ts";
import type { ShopperContext } from "../../core/ranking/policy.ts";
import type { Shelf } from "../../core/ranking/recommend.ts";
import type { HeadName } from "../../core/weights/manifest.ts";
import type { Bridge } from "../bridge.ts";
import { toJson } from "../json.ts";
import type { Files } from "../store/files.ts";
import { logSent } from "../store/outbox.ts";

/** Answers kept, of up to about 40 KB each; the newest. */
const KEPT: { readonly [N in HeadName]: number } = { light: 6, standard: 24 };

export type ModelShelf = Shelf & { model: NonNullable<Shelf["model"]> };

/** One answer of the edge. */
export interface StoredAnswer {
  /** The items that it was asked about. */
  about: string[];
  candidates: Candidates;
}

export interface Tail {
  /** The head with what has come of the tail. */
  shelf(): Shelf;
  /** Asks for what is not here of what goes with this context. */
  want(context: ShopperContext): void;
  answers(): number;
}

/** @param onCome there is more on the shelf */
export async function createTail(bridge: Bridge, files: Pick<Files, "answers" | "keepAnswers">, head: ModelShelf, name: HeadName, onCome: () => void): Promise<Tail> {
  const { edge, key, fetch, faults, nowMs } = bridge;
  const { version, model } = head.model;
  const joined = ({ candidates }: StoredAnswer) => {
    const read = readCandidates(candidates, head.model);
    return read.ok ? [read.value] : [];
  };
  let answers = (await files.answers()).filter((answer) => joined(answer).length > 0);
  let shelf: Shelf | undefined;
  /** What has been asked on this page; what failed is asked again on the next one. */
  const asked = new Set<string>();
  const isMissing = (id: string) => !asked.has(id) && !answers.some(({ about }) => about.includes(id));
  /** What the device remembers, or shows: answers about anything else go. */
  let current = new Set<string>();

  const take = async (response: Response, about: string[]) => {
    if (!response.ok) throw new Error(`candidates: ${response.status}`);
    const answer = { about, candidates: (await response.json()) as Candidates };
    const read = readCandidates(answer.candidates, head.model);
    if (!read.ok) throw new Error(`${read.path} ${read.message}`);
    answers = [...answers, answer].filter(({ about }) => about.some((id) => current.has(id))).slice(-KEPT[name]);
    shelf = undefined;
    onCome();
    await files.keepAnswers(answers);
  };
  const askPublic = async (itemId: string) => {
    asked.add(itemId);
    await take(await fetch(edge + candidatePaths.ofItem(key, version, name, itemId), { credentials: "omit", referrerPolicy: "origin" }), [itemId]);
  };
  const askPersonal = async ({ history, cart, nowMs: atMs }: ShopperContext, about: string[]) => {
    for (const id of about) asked.add(id);
    const request: CandidatesRequest = {
      key, model_version: version, head: name,
      cart: cart.slice(-MAX_CART_ITEMS_SENT),
      history: history.slice(-MAX_HISTORY_SENT).map(({ item_id, kind, atMs: doneMs }) => ({ item_id, kind, ageMs: Math.max(0, atMs - doneMs) })),
    };
    const body = toJson(request);
    const response = await fetch(edge + candidatePaths.personal, { method: "POST", credentials: "omit", referrerPolicy: "origin", headers: { "Content-Type": "text/plain" }, body });
    faults.watch("ledger", bridge.journal.run((state) => logSent(state, body, nowMs())));
    await take(response, about);
  };

  return {
    shelf: () => (shelf ??= joinShelf(head, answers.flatMap(joined))),
    want(context) {
      const { itemId, cart } = context;
      const history = context.history.slice(-model.config.length).map(({ item_id }) => item_id);
      const before = current;
      current = new Set([...history, ...cart, ...(itemId === undefined ? [] : [itemId])]);
      if ([...before].some((id) => !current.has(id))) answers = answers.filter(({ about }) => about.some((id) => current.has(id)));
      if (itemId !== undefined && isMissing(itemId)) faults.watch("candidates", askPublic(itemId));
      const { analytics, personalization } = bridge.consent.grants();
      const missing = [...current].filter(isMissing);
      if (missing.length > 0 && analytics && personalization) faults.watch("candidates", askPersonal(context, missing));
    },
    answers: () => answers.length,
  };
}
