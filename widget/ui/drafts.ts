/**
 * The next page's first paint, prepared on this one: the best of what a "for you" carousel would show, with their cards. As
 * long as nothing that it was made from has changed, a page draws from it before it has read the catalogue and the model.
 */
import { hash32 } from "../../core/ids.ts";
import type { ShopperContext } from "../../core/ranking/policy.ts";
import { fromDraft } from "../../core/ranking/recommend.ts";
import type { DrawnSlate, Placement } from "../../core/slate.ts";
import type { Bridge } from "../bridge.ts";
import type { Files } from "../store/files.ts";

/** Places of a draft: what the policy takes out of them on the next page leaves enough. */
const PLACES = 40;
/** A draft serves the visit that it was made in: later, products seen long ago may be shown again. */
const LIFETIME_MS = 30 * 60 * 1000;

export interface StoredDraft {
  /** Of everything that the ranking depends on. */
  key: number;
  atMs: number;
  slate: DrawnSlate;
}

export interface Drafts {
  /** Null where there is none for this placement as things stand. */
  take(placement: Placement, context: ShopperContext): Promise<DrawnSlate | null>;
  /** Prepares the next page, unless that has been done. @param rank with as many places as it is asked for */
  prepare(context: ShopperContext, rank: (placement: Placement, context: ShopperContext) => Promise<DrawnSlate | null>): Promise<void>;
}

export function createDrafts({ config, consent }: Pick<Bridge, "config" | "consent">, files: Pick<Files, "draft" | "keepDraft">): Drafts {
  const keyOf = ({ history, cart, dismissed, choices }: ShopperContext) => {
    const shop = config();
    return hash32(JSON.stringify([shop?.catalogue?.sha256, shop?.manifest?.signature, history.length, history.at(-1), cart, dismissed, choices]));
  };
  /** The draft on the disk. */
  let kept: number | undefined;

  return {
    async take(placement, context) {
      if (placement.strategy !== "for_you" || context.history.length === 0) return null;
      const draft = await files.draft();
      kept = draft?.key;
      if (!draft || draft.key !== keyOf(context) || context.nowMs - draft.atMs > LIFETIME_MS) return null;
      return fromDraft(draft.slate, placement, context);
    },
    async prepare(context, rank) {
      const placement = config()?.placements.find(({ strategy }) => strategy === "for_you");
      const key = keyOf(context);
      if (!placement || context.history.length === 0 || kept === key || !consent.grants().personalization) return;
      kept = key;
      const { itemId: _, ...anywhere } = context;
      const slate = await rank({ ...placement, k: PLACES }, { ...anywhere, shown: [] });
      if (slate && slate.strategy === "for_you") await files.keepDraft({ key, atMs: context.nowMs, slate });
    },
  };
}
