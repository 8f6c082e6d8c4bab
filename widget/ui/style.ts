/** The carousel's style: the shop's own fonts and colours, and custom properties for what a shop wants otherwise. */
import { PICTURE_HEIGHT } from "./space.ts";

/**
 * Custom properties, all optional, set by the shop on `endcap-carousel` or around it: `--endcap-picture` (height of
 * the pictures), `--endcap-card` (width of a card), `--endcap-gap`, `--endcap-radius`, `--endcap-accent` (sale price,
 * stars), `--endcap-surface` (behind buttons), `--endcap-height` (of the whole), and for the heading `--endcap-heading-font`,
 * `-weight`, `-size`, `-spacing`, `-color`.
 */
const CSS = `
:host { color: inherit; font: inherit; contain: layout; }
:host([hidden]) { display: none; }
* { box-sizing: border-box; }
section { position: relative; padding: 1.25em 0; --surface: var(--endcap-surface, var(--found-surface, Canvas)); --soft: color-mix(in srgb, currentColor 6%, transparent); --quiet: color-mix(in srgb, currentColor 68%, var(--surface)); --accent: var(--endcap-accent, #c2183c); --radius: var(--endcap-radius, 10px); }
header { display: flex; align-items: center; justify-content: space-between; gap: 1em; height: 2.75em; margin: 0 0 .75em; }
h2 { margin: 0; font-family: var(--endcap-heading-font, var(--found-heading-font, inherit)); font-weight: var(--endcap-heading-weight, var(--found-heading-weight, 650)); font-size: var(--endcap-heading-size, var(--found-heading-size, 1.3em)); letter-spacing: var(--endcap-heading-spacing, var(--found-heading-spacing, -.01em)); color: var(--endcap-heading-color, var(--found-heading-color, inherit)); line-height: 1.2; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.arrows { display: flex; gap: .5em; }
.privacy { flex: none; min-height: 32px; margin-right: auto; padding: .25em .35em 0; border-radius: 4px; background: none; color: var(--quiet); font-size: .8em; }
.privacy:hover { color: inherit; text-decoration: underline; text-underline-offset: .2em; }
button { font: inherit; color: inherit; border: 0; padding: 0; margin: 0; cursor: pointer; -webkit-tap-highlight-color: transparent; }
svg { display: block; width: 1.15em; height: 1.15em; fill: none; stroke: currentColor; stroke-width: 1.8; stroke-linecap: round; stroke-linejoin: round; }
.arrow { display: grid; place-items: center; width: 2.25em; height: 2.25em; border-radius: 50%; background: var(--surface); box-shadow: inset 0 0 0 1px color-mix(in srgb, currentColor 18%, transparent); transition: background .15s, opacity .15s; }
.arrow:hover { background: color-mix(in srgb, currentColor 8%, var(--surface)); }
.arrow[hidden] { display: grid; visibility: hidden; }
@media (hover: none) and (pointer: coarse) { .arrows { display: none; } }
ul { display: flex; gap: var(--endcap-gap, 16px); list-style: none; margin: 0 -3px; padding: 3px; overflow-x: auto; overflow-y: hidden; overscroll-behavior-x: contain; scroll-snap-type: x mandatory; scroll-padding-inline: 3px; scrollbar-width: none; }
ul::-webkit-scrollbar { display: none; }
li { position: relative; flex: none; width: var(--endcap-card, clamp(148px, 21vw, 212px)); scroll-snap-align: start; animation: arrive .25s ease-out; }
@keyframes arrive { from { opacity: 0; } }
a { display: flex; flex-direction: column; color: inherit; text-decoration: none; border-radius: var(--radius); }
.picture { position: relative; display: block; height: ${PICTURE_HEIGHT}; margin-bottom: .7em; border-radius: var(--radius); background: var(--soft); overflow: hidden; }
img { display: block; width: 100%; height: 100%; object-fit: cover; transition: transform .35s ease; }
a:hover img { transform: scale(1.03); }
a:hover .title { text-decoration: underline; text-underline-offset: .18em; text-decoration-thickness: 1px; }
.brand, .title, .rating, .price { display: block; overflow: hidden; }
.brand { height: 1.35em; font-size: .8em; line-height: 1.35; color: var(--quiet); white-space: nowrap; text-overflow: ellipsis; }
.title { height: 2.7em; font-size: .95em; line-height: 1.35; display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; overflow-wrap: anywhere; }
.rating { height: 1.5em; margin-top: .25em; font-size: .8em; line-height: 1.5; color: var(--quiet); white-space: nowrap; }
.stars { position: relative; display: inline-block; margin-right: .35em; letter-spacing: .06em; color: color-mix(in srgb, currentColor 28%, transparent); }
.stars > span { position: absolute; inset: 0 auto 0 0; overflow: hidden; color: var(--endcap-stars, #b7791f); }
.price { height: 1.5em; margin-top: .2em; line-height: 1.5; font-weight: 650; font-variant-numeric: tabular-nums; white-space: nowrap; }
.sale { color: var(--accent); }
s { margin-left: .5em; font-size: .85em; font-weight: 400; color: var(--quiet); }
.tools { position: absolute; top: 6px; right: 6px; display: flex; gap: 4px; opacity: 0; transition: opacity .15s; }
li:hover .tools, li:focus-within .tools, .tools:has([aria-expanded=true]) { opacity: 1; }
.tool { display: grid; place-items: center; width: 30px; height: 30px; border-radius: 50%; background: color-mix(in srgb, var(--surface) 90%, transparent); box-shadow: 0 1px 3px rgb(0 0 0 / .16); font-size: 16px; }
.tool:hover { background: var(--surface); }
@media (hover: none) { .tools { opacity: .85; } .tool { box-shadow: none; } }
@media (pointer: coarse) { .tool { width: 32px; height: 32px; } }
.why { position: absolute; inset: 0 0 auto; height: ${PICTURE_HEIGHT}; margin: 0; padding: 44px 12px 12px; border-radius: var(--radius); background: color-mix(in srgb, var(--surface) 94%, transparent); font-size: .85em; line-height: 1.4; overflow: auto; overflow-wrap: anywhere; pointer-events: none; }
.why + .tools { opacity: 1; }
:focus-visible { outline: 2px solid currentColor; outline-offset: 2px; }
a:focus-visible { outline-offset: 1px; }
.spoken { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@media (prefers-reduced-motion: no-preference) { ul { scroll-behavior: smooth; } }
@media (prefers-reduced-motion: reduce) { li { animation: none; } img, .arrow, .tools { transition: none; } a:hover img { transform: none; } }
@media (forced-colors: active) { .arrow, .tool { border: 1px solid; } }
`;

let sheet: CSSStyleSheet | undefined;

/** One sheet for all carousels of a page; a constructed one, since a strict CSP forbids `<style>`. */
export function carouselStyle(): CSSStyleSheet {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(CSS);
  }
  return sheet;
}
