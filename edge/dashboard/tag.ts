/** The script tag that a shop owner pastes. */
import { routes, type ShopResponse } from "../../core/api.ts";

/** @param edge the origin that serves the tag, which is the dashboard's own */
export function tagOf(edge: string, shop: Pick<ShopResponse, "writeKey" | "signers">): string {
  return `<script async src="${edge}${routes.tag}" data-key="${shop.writeKey}" data-signers="${shop.signers.join(",")}"></script>`;
}
