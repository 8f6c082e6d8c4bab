/** The script tag that a shop owner pastes, made from the shop's public credentials. */
import { escapeHtml } from "./html.ts";

/** @param credentials of a shop's credentials file, only what every visitor may see */
export function tagOf({ edge, writeKey, signer }: { edge: string; writeKey: string; signer: string }): string {
  return `<script async src="${escapeHtml(edge)}/tag.js" data-key="${escapeHtml(writeKey)}" data-signers="${escapeHtml(signer)}"></script>`;
}
