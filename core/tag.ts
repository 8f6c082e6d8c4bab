/** The script tag that a shop owner pastes. */
import { routes } from "./api.ts";

/**
 * @param edge the edge's origin
 * @param key the shop's public write key
 * @param signers fingerprints of the keys whose models the page trusts
 * @param more further attributes without `data-`, e.g. `{ arm: "treatment" }`
 */
export function tagSnippet(edge: string, key: string, signers: readonly string[], more: { [name: string]: string } = {}): string {
  const attributes = Object.entries({ key, signers: signers.join(","), ...more }).map(([name, value]) => ` data-${name}="${value.replaceAll("&", "&amp;").replaceAll('"', "&quot;")}"`);
  return `<script async src="${edge}${routes.tag}"${attributes.join("")}></script>`;
}
