/**
 * The space that a carousel takes, held before it is drawn so that nothing moves when it is.
 *
 * The tag holds it as soon as it knows the placements, from the second page on before the network has answered. Where a
 * place is in view when the page opens, even that is too late: the shop's own style sheet holds it then, e.g.
 * `#recommendations:empty { min-height: calc(clamp(148px, 21vw, 212px) + 14em) }`.
 */

/** Height of the pictures; `--endcap-picture` overrides it. */
export const PICTURE_HEIGHT = "var(--endcap-picture, clamp(148px, 21vw, 212px))";
/** Everything else of a carousel: heading, texts of a card, margins. The texts are in `em`, as the shop's font is. */
const REST = "14em";

/** By the CSSOM, not by a `style` attribute, which a strict CSP forbids. */
export function reserve(host: HTMLElement): void {
  // The carousel's own scrolling and growing is none of the page's business: no anchoring.
  host.style.cssText += `;display:block;box-sizing:border-box;min-height:var(--endcap-height, calc(${PICTURE_HEIGHT} + ${REST}));overflow-anchor:none`;
}

/** Gives the space back. */
export function release(host: HTMLElement): void {
  host.style.setProperty("display", "none");
}
