/** The panel's style, over the shop's own look (see look.ts): a sheet on phones, a card elsewhere. */
export const PANEL_CSS = `
:host { all: initial; font: 400 16px/1.5 var(--font); color: var(--ink); }
* { box-sizing: border-box; }
dialog { width: min(40em, calc(100vw - 48px)); max-width: none; max-height: min(46em, calc(100dvh - 48px)); margin: auto; padding: 0; border: 0; border-radius: calc(var(--radius) + 6px); background: var(--surface); color: inherit; box-shadow: 0 2px 6px rgb(0 0 0 / .14), 0 24px 80px rgb(0 0 0 / .32); overflow: hidden; overscroll-behavior: contain; --line: color-mix(in srgb, currentColor 14%, transparent); --quiet: color-mix(in srgb, currentColor 72%, var(--surface)); }
dialog[open] { animation: rise .24s ease-out; }
dialog::backdrop { background: rgb(0 0 0 / .42); }
@keyframes rise { from { opacity: 0; translate: 0 14px; } }
.sheet { display: flex; flex-direction: column; max-height: inherit; }
.head { display: flex; align-items: center; justify-content: space-between; gap: 1em; padding: 1.15em 1.5em .9em; }
h2, h3, p, ul, dl, dd { margin: 0; padding: 0; }
h2 { font: 600 1.35em/1.25 var(--heading); letter-spacing: -.01em; }
h3 { font: 600 1em/1.4 var(--font); }
p { font-size: .94em; color: var(--quiet); }
.body { padding: 0 1.5em 1.25em; overflow: auto; overscroll-behavior: contain; }
.lead { margin-bottom: 1em; }
section { padding: 1.1em 0 .9em; border-top: 1px solid var(--line); }
section > p { margin: .2em 0 .6em; }
button { all: unset; box-sizing: border-box; cursor: pointer; -webkit-tap-highlight-color: transparent; }
:focus-visible { outline: 2px solid currentColor; outline-offset: 2px; }
h3:focus { outline: none; }
.close { display: grid; place-items: center; flex: none; width: 40px; height: 40px; margin-right: -10px; border-radius: 50%; transition: background .15s; }
.close:hover { background: color-mix(in srgb, currentColor 8%, transparent); }
svg { width: 20px; height: 20px; fill: none; stroke: currentColor; stroke-width: 1.8; stroke-linecap: round; }
.switches { display: grid; gap: 1.1em; }
.switch { display: flex; align-items: center; justify-content: space-between; gap: 1.5em; }
[role=switch] { flex: none; width: 48px; height: 28px; padding: 3px; border-radius: 14px; background: color-mix(in srgb, currentColor 12%, var(--surface)); box-shadow: inset 0 0 0 1.5px color-mix(in srgb, currentColor 55%, var(--surface)); transition: background .18s; }
[role=switch] span { display: block; width: 22px; height: 22px; border-radius: 50%; background: color-mix(in srgb, currentColor 60%, var(--surface)); transition: translate .18s, background .18s; }
[role=switch][aria-checked=true] { background: var(--fill); box-shadow: none; }
[role=switch][aria-checked=true] span { background: var(--on-fill); translate: 20px 0; }
[role=switch]:disabled { cursor: not-allowed; opacity: .55; }
.fold { border-top: 1px solid var(--line); }
summary { display: flex; align-items: center; justify-content: space-between; gap: 1em; min-height: 44px; padding: .45em 0; cursor: pointer; list-style: none; font-size: .94em; }
summary::-webkit-details-marker { display: none; }
.fold > summary::after, .ledger summary::after { content: ""; flex: none; width: 7px; height: 7px; margin: 0 4px 3px 0; border: solid var(--quiet); border-width: 0 1.6px 1.6px 0; rotate: 45deg; transition: rotate .18s; }
details[open] > summary::after { rotate: 225deg; margin-bottom: -3px; }
summary > :first-child { flex: 1; }
.count { color: var(--quiet); font-variant-numeric: tabular-nums; }
ul { list-style: none; margin: 0 0 .75em; font-size: .9em; }
li { display: flex; align-items: baseline; justify-content: space-between; gap: 1.25em; padding: .32em 0; overflow-wrap: anywhere; }
li > :last-child:not(:first-child) { flex: none; max-width: 60%; text-align: right; }
li > details { flex: 1; max-width: 100%; }
.ledger summary { min-height: 32px; padding: 0; font-size: 1em; }
.quiet { color: var(--quiet); font-variant-numeric: tabular-nums; }
code, pre { font: .85em/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
pre { max-height: 15em; margin: .25em 0 .9em; padding: .8em 1em; border-radius: var(--radius); background: color-mix(in srgb, currentColor 5%, var(--surface)); white-space: pre-wrap; overflow: auto; overflow-wrap: anywhere; overscroll-behavior: contain; text-align: left; }
.undo { padding: .2em .7em; border-radius: var(--radius); box-shadow: inset 0 0 0 1px var(--line); font-weight: 600; }
.undo:hover { background: color-mix(in srgb, currentColor 6%, transparent); }
.foot { padding: .9em 1.5em; border-top: 1px solid var(--line); background: color-mix(in srgb, currentColor 2.5%, var(--surface)); }
.foot, .foot [role=group] { display: flex; flex-wrap: wrap; align-items: center; justify-content: flex-end; gap: .6em; }
.foot [role=group] { width: 100%; }
#really { flex: 1 0 100%; color: inherit; }
.plain, .grave { min-height: 44px; padding: .55em 1.15em; border-radius: var(--radius); font-size: .94em; font-weight: 600; text-align: center; transition: background .15s; }
.plain { box-shadow: inset 0 0 0 1px color-mix(in srgb, currentColor 30%, transparent); }
.plain:hover { background: color-mix(in srgb, currentColor 7%, transparent); }
.grave { box-shadow: inset 0 0 0 1px color-mix(in srgb, currentColor 30%, transparent); }
.grave:hover { background: color-mix(in srgb, currentColor 7%, transparent); }
.grave.filled { background: var(--fill); color: var(--on-fill); box-shadow: none; }
.grave.filled:hover { background: color-mix(in srgb, var(--fill) 88%, var(--on-fill)); }
[aria-busy=true] { opacity: .6; cursor: progress; }
.forgotten { display: grid; gap: .8em; justify-items: start; padding: .6em 0 1.5em; border: 0; }
.forgotten h3 { font-size: 1.1em; }
.forgotten > p { margin: 0; }
.receipt { width: 100%; padding: 1.1em 1.25em; border-radius: var(--radius); box-shadow: inset 0 0 0 1px var(--line); }
.receipt strong { color: var(--ink); font-weight: 600; }
dl { margin: .7em 0 1em; font-size: .9em; }
dl div { display: flex; gap: 1em; padding: .15em 0; }
dt { flex: none; width: 5.5em; color: var(--quiet); }
@media (max-width: 560px) {
  dialog { width: 100vw; max-height: calc(100dvh - 28px); margin: auto 0 0; border-radius: calc(var(--radius) + 8px) calc(var(--radius) + 8px) 0 0; }
  .head { padding: 1em 1.15em .75em; }
  .body { padding: 0 1.15em 1em; }
  .foot { padding: .8em 1.15em calc(.8em + env(safe-area-inset-bottom)); }
  .foot > button, .foot [role=group] > button { flex: 1; }
}
@media (prefers-reduced-motion: reduce) { dialog[open] { animation: none; } * { transition: none !important; } }
@media (forced-colors: active) { dialog, .plain, .grave, .undo, .receipt { border: 1px solid; } [role=switch] { border: 1px solid; } [role=switch] span { background: ButtonText; } }
`;
