/** The built-in prompt, for shops without a banner of their own: `data-consent="prompt"`. */
import type { Bridge } from "../bridge.ts";
import type { Grants } from "../consent.ts";
import { takeLook } from "../panel/look.ts";
import { choose } from "./choice.ts";

/** None is more prominent than the others, and none is more clicks away: the least that consent takes to be free. */
const ANSWERS: readonly { label: string; grants: Grants }[] = [
  { label: "No, thanks", grants: { analytics: false, personalization: false } },
  { label: "Only on this device", grants: { analytics: false, personalization: true } },
  { label: "Yes, allow both", grants: { analytics: true, personalization: true } },
];

const CSS = `
:host { all: initial; position: fixed; z-index: 2147483000; inset: auto 16px 16px auto; display: block; width: min(27em, calc(100% - 32px)); font: 400 16px/1.5 var(--font); color: var(--ink); }
div { box-sizing: border-box; padding: 1.25em; border-radius: calc(var(--radius) + 6px); background: var(--surface); box-shadow: 0 1px 2px rgb(0 0 0 / .12), 0 12px 40px rgb(0 0 0 / .18); outline: 1px solid color-mix(in srgb, currentColor 12%, transparent); animation: rise .28s ease-out; }
h2 { margin: 0 0 .4em; font: 600 1.06em/1.3 var(--heading); }
p { margin: 0 0 1em; font-size: .92em; color: color-mix(in srgb, currentColor 82%, var(--surface)); }
nav { display: grid; grid-template-columns: 1fr 1fr; gap: .5em; }
button { all: unset; box-sizing: border-box; min-height: 44px; padding: .5em .8em; border-radius: var(--radius); background: color-mix(in srgb, currentColor 7%, var(--surface)); box-shadow: inset 0 0 0 1px color-mix(in srgb, currentColor 26%, transparent); font-size: .92em; font-weight: 600; text-align: center; cursor: pointer; transition: background .15s; }
button:hover { background: color-mix(in srgb, currentColor 14%, var(--surface)); }
button:focus-visible { outline: 2px solid currentColor; outline-offset: 2px; }
button:nth-child(2) { grid-row: 2; grid-column: 1 / 3; }
@keyframes rise { from { opacity: 0; translate: 0 12px; } }
@media (max-width: 480px) { :host { inset: auto 8px 8px; width: auto; } }
@media (prefers-reduced-motion: reduce) { div { animation: none; } button { transition: none; } }
@media (forced-colors: active) { div, button { border: 1px solid; } }
@media print { :host { display: none; } }
`;

/**
 * Asks, beside the page and never over it: nothing is blocked, the focus stays where it is, and Escape puts the question
 * off until the next page. Somebody who has an answer already, or whose browser says it for them (Global Privacy
 * Control), is not asked.
 */
export function showPrompt(bridge: Bridge): void {
  const { consent, faults } = bridge;
  if (Object.keys(consent.said).length > 0 || (navigator as { globalPrivacyControl?: boolean }).globalPrivacyControl) return;
  const host = document.createElement("endcap-consent");
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(CSS);
  root.adoptedStyleSheets = [sheet];
  takeLook(host);

  const card = element("div", { role: "dialog", "aria-labelledby": "title", "aria-describedby": "text" });
  const buttons = ANSWERS.map(({ label, grants }) => {
    const button = element("button", { type: "button" }, label);
    button.addEventListener("click", faults.guard("prompt", () => {
      host.remove();
      choose(bridge, grants);
    }));
    return button;
  });
  const answers = element("nav", { "aria-label": "Your answer" });
  answers.append(...buttons);
  card.append(
    element("h2", { id: "title" }, "May this shop remember what you look at?"),
    element("p", { id: "text" }, "Your picks are worked out in your own browser. Allow both, and the shop also counts visits, without your name, to get better. You can look at it all, and delete it, under “Your data”."),
    answers,
  );
  card.addEventListener("keydown", (event) => (event as KeyboardEvent).key === "Escape" && host.remove());
  root.append(card);
  // First on the page for keyboards and screen readers, wherever it is seen.
  document.body.prepend(host);
}

function element(name: string, attributes: { [name: string]: string }, text = ""): HTMLElement {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  made.textContent = text;
  return made;
}
