/** Why a product is recommended, in one sentence that is true. */
import type { HistoryKind } from "../../core/history.ts";
import { encodeHistory } from "../../core/history.ts";
import { explain } from "../../core/model/because.ts";
import type { ShopperContext } from "../../core/ranking/policy.ts";
import { strategyHistory, type Shelf } from "../../core/ranking/recommend.ts";
import type { Strategy } from "../../core/slate.ts";

const DEED: { readonly [K in HistoryKind]: string } = { view: "looked at", wishlist: "wished for", cart: "put in your cart", purchase: "bought" };
/** Below this share of what speaks for a product, no single one of the history has carried it; */
const MIN_SHARE = 0.2;
/** below this share of its score, the history has not. */
const MIN_PERSONAL = 0.2;

/** @param strategy what the slate was ranked by, which is `popular` where nothing personal took part */
export function whySentence(shelf: Shelf, strategy: Strategy, itemId: string, context: ShopperContext): string {
  const popular = "Many people in this shop choose this.";
  const title = (id: string) => shelf.cardOf(id)?.title;
  const model = shelf.model?.model;
  const item = model?.indexOf.get(itemId);
  if (strategy === "popular" || !model || item === undefined) return popular;
  const history = strategyHistory(strategy, context) ?? [];
  const input = encodeHistory(history, (id) => model.indexOf.get(id), model.config.length);
  if (input.count === 0) return popular;
  const { because, personal } = explain(model, input);
  const cause = personal(item) < MIN_PERSONAL ? undefined : because(item).find(({ item_id, share }) => share >= MIN_SHARE && title(item_id) !== undefined);
  if (!cause) return strategy === "for_you" ? "This goes with what you have looked at lately." : popular;
  const causeId = cause.item_id;
  if (strategy === "similar" && causeId === context.itemId) return `This is similar to ${title(causeId)}.`;
  if (strategy === "bought_together" && causeId === context.itemId) return `People who buy ${title(causeId)} often choose this too.`;
  return `Because you ${DEED[history.findLast(({ item_id }) => item_id === causeId)!.kind]} ${title(causeId)}.`;
}
