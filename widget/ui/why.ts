/** Why a product is recommended, in one sentence that is true. */
import type { Shelf } from "../../core/ranking/recommend.ts";
import { strategyHistory } from "../../core/ranking/recommend.ts";
import type { ShopperContext } from "../../core/ranking/policy.ts";
import type { HistoryKind } from "../../core/history.ts";
import type { Strategy } from "../../core/slate.ts";

const DEED: { readonly [K in HistoryKind]: string } = { view: "looked at", wishlist: "wished for", cart: "put in your cart", purchase: "bought" };
/** Below this cosine an item of the history has not carried the recommendation. */
const RELATED = 0.2;

/** @param strategy what the slate was ranked by, which is `popular` where nothing personal took part */
export function whySentence(shelf: Shelf, strategy: Strategy, itemId: string, context: ShopperContext): string {
  const title = (id: string) => shelf.cardOf(id)?.title;
  const known = shelf.model?.model;
  const index = known?.indexOf.get(itemId);
  const popular = "Many people in this shop choose this.";
  if (strategy === "popular" || !known || index === undefined) return popular;
  let best: { similarity: number; itemId: string; kind: HistoryKind } | null = null;
  const D = known.config.width;
  const history = strategyHistory(strategy, context) ?? [];
  history.forEach(({ item_id, kind }, place) => {
    const other = known.indexOf.get(item_id);
    if (other === undefined || title(item_id) === undefined) return;
    let dot = 0;
    for (let d = 0; d < D; d += 1) dot += known.rows[index * D + d]! * known.rows[other * D + d]!;
    // Newer entries weigh more, as they do in the ranking.
    const similarity = dot * known.scales[index]! * known.scales[other]! - 0.02 * (history.length - 1 - place);
    if (similarity > (best?.similarity ?? RELATED)) best = { similarity, itemId: item_id, kind };
  });
  if (!best) return strategy === "for_you" ? "This goes with what you have looked at lately." : popular;
  const { itemId: causeId, kind } = best as { itemId: string; kind: HistoryKind };
  if (strategy === "similar" && causeId === context.itemId) return `This is similar to ${title(causeId)}.`;
  if (strategy === "bought_together" && causeId === context.itemId) return `People who buy ${title(causeId)} often choose this too.`;
  return `Because you ${DEED[kind]} ${title(causeId)}.`;
}
