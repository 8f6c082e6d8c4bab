/** Pages whose scripts have changed the language under everybody's feet: nothing of ours may show, and what can work does. */
import { GRANTED, test } from "./host.ts";

/** What can still work; "nothing" is silent. */
type Works = "everything" | "without the data layer" | "events" | "on leaving" | "nothing";

/** Prototype.js 1.6's and 1.7's ways, in Magento 1 to this day: `toJSON` that quotes twice, and old meanings of new names. */
const PROTOTYPE_JS = `
  Array.prototype.toJSON = function () { return "[" + this.map(String).join(", ") + "]"; };
  String.prototype.toJSON = function () { return '"' + this + '"'; };
  Number.prototype.toJSON = function () { return String(this); };
  Object.toJSON = (value) => "" + value;
  Array.from = (list) => { if (!list) return []; const copy = []; for (let i = 0; i < list.length; i++) copy[i] = list[i]; return copy; };
  Array.prototype.entries = Array.prototype.toArray = Array.prototype.clone = function () { return this.slice(); };
  Array.prototype.each = Array.prototype.forEach;
  Array.prototype.flatten = function () { return this.reduce((all, one) => all.concat(one), []); };
  Array.prototype.include = Array.prototype.member = Array.prototype.includes;
  Array.prototype.without = function (...out) { return this.filter((one) => !out.includes(one)); };
  Array.prototype.keys = undefined;
  String.prototype.strip = String.prototype.trim;
  Function.prototype.wrap = function (wrapper) { return (...args) => wrapper(this, ...args); };
  HTMLElement.prototype.select = function (css) { return [...this.querySelectorAll(css)]; };
  HTMLElement.prototype.update = function (html) { this.textContent = html; return this; };
  HTMLElement.prototype.remove = function () { this.parentNode && this.parentNode.removeChild(this); return this; };
  document.getElementsByClassName = (name) => [...document.querySelectorAll("." + name)];`;

/** MooTools 1.2's. */
const MOOTOOLS = `
  Array.from = (item) => item == null ? [] : Array.isArray(item) ? item : [item];
  Array.prototype.contains = Array.prototype.includes;
  Array.prototype.flatten = function () { return [].concat(...this); };
  Array.prototype.include = function (item) { if (!this.includes(item)) this.push(item); return this; };
  String.prototype.contains = String.prototype.includes;
  Function.prototype.bind = function (self, args) { const call = this; return function () { return call.apply(self, args || arguments); }; };
  window.$ = document.id = (id) => document.getElementById(id);
  window.Event = function (event) { return event || window.event; };
  window.Hash = function () {};
  Element.prototype.getElement = Element.prototype.querySelector;
  Element.prototype.set = function (name, value) { this.setAttribute(name, value); return this; };
  Element.prototype.inject = function (target) { target.appendChild(this); return this; };`;

/** What core-js and zone.js leave: promises, maps and timers that are not the browser's. */
const POLYFILLS = `
  const Native = Promise;
  window.Promise = class ZonePromise extends Native { static get [Symbol.species]() { return ZonePromise; } };
  const { then } = Native.prototype;
  Native.prototype.then = function (fulfilled, rejected) { return new window.Promise((resolve, reject) => then.call(this, resolve, reject)).constructor === Promise ? then.call(this, fulfilled, rejected) : null; };
  for (const name of ["setTimeout", "setInterval", "requestAnimationFrame"]) {
    const original = window[name];
    window[name] = function (callback, ...rest) { const id = original.call(window, function () { return callback.apply(this, arguments); }, ...rest); return { valueOf: () => id, ref() {}, unref() {} }; };
  }
  const { addEventListener } = EventTarget.prototype;
  EventTarget.prototype.addEventListener = function (type, listener, options) { return addEventListener.call(this, type, listener && function (event) { return (listener.handleEvent || listener).call(listener.handleEvent ? listener : this, event); }, options); };
  class Entries extends Map {}
  window.Map = Entries;
  window.Set = class extends Set {};`;

/** Functions that the browsers we support may not have: newer than 2022. */
const NEWER = `
  for (const [owner, names] of [
    [Array.prototype, ["toSorted", "toSpliced", "toReversed", "with"]], [URL, ["canParse", "parse"]], [Object, ["groupBy"]], [Map, ["groupBy"]],
    [Array, ["fromAsync"]], [Promise, ["withResolvers", "try"]], [AbortSignal, ["any", "timeout"]], [String.prototype, ["isWellFormed", "toWellFormed"]],
    [Set.prototype, ["union", "difference", "intersection"]], [window, ["structuredClone", "scheduler", "requestIdleCallback", "Iterator"]], [Element.prototype, ["checkVisibility", "setHTML"]],
    [Uint8Array.prototype, ["toBase64", "toHex"]], [Uint8Array, ["fromBase64"]], [Response, ["json"]],
  ]) for (const name of names) delete owner[name];
  delete Window.prototype.navigation; delete window.navigation;`;

const PAGES: [what: string, works: Works, head: string][] = [
  ["Prototype.js gave arrays, text and numbers a toJSON of their own", "everything", PROTOTYPE_JS],
  ["MooTools extended everything", "everything", MOOTOOLS],
  ["polyfills replaced promises, maps, timers and listeners", "everything", POLYFILLS],
  ["functions newer than 2022 are missing", "everything", NEWER],
  ["map, filter, flat and forEach of arrays are somebody's own", "everything", `
    Array.prototype.map = function (callback, self) { const out = []; for (let i = 0; i < this.length; i++) out.push(callback.call(self, this[i], i, this)); return out; };
    Array.prototype.filter = function (callback, self) { const out = []; for (let i = 0; i < this.length; i++) if (callback.call(self, this[i], i, this)) out.push(this[i]); return out; };
    Array.prototype.forEach = function (callback, self) { for (let i = 0; i < this.length; i++) callback.call(self, this[i], i, this); };
    Array.prototype.flat = function () { return [].concat(...this); };`],
  ["flat and flatMap of arrays throw", "nothing", `for (const name of ["flat", "flatMap"]) Array.prototype[name] = () => { throw new Error("the shop's own"); };`],
  ["arrays and objects have enumerable methods", "everything", `for (const name of ["each", "last", "remove", "contains"]) Array.prototype[name] = function () { return this; }; Object.prototype.extend = function (more) { return Object.assign(this, more); }; Object.prototype.clone = function () { return { ...this }; }; Object.prototype.each = () => {};`],
  ["every object has getters that throw", "events", `for (const name of ["owner", "debug", "items_", "__shop"]) Object.defineProperty(Object.prototype, name, { enumerable: true, get() { throw new Error("the shop's own"); } });`],
  ["JSON.stringify throws", "nothing", `JSON.stringify = () => { throw new TypeError("the shop's own"); };`],
  ["JSON.parse throws", "nothing", `JSON.parse = () => { throw new SyntaxError("the shop's own"); };`],
  ["the clock stands still", "everything", `{ const at = Date.now(); Date.now = () => at; }`],
  ["timers never fire", "on leaving", `window.setTimeout = () => 1;`],
  ["crypto has neither subtle nor randomUUID", "everything", `Object.defineProperty(crypto, "subtle", { value: undefined }); Object.defineProperty(crypto, "randomUUID", { value: undefined });`],
  ["elements are called like what scripts ask for", "without the data layer", `</script><a id="endcap"></a><form id="dataLayer"></form><img name="getElementById"><form name="title"></form><form name="cookie"></form><form name="referrer"></form><form name="readyState"></form><img name="currentScript"><a id="config"></a><a id="indexedDB"></a><script>window.name = "endcap";`],
  ["window.endcap is something of the shop's", "nothing", `window.endcap = { track: () => "the shop's own" };`],
  ["the data layer is an object that is no array", "without the data layer", `window.dataLayer = { push: () => 1 };`],
  ["the data layer is frozen", "without the data layer", `window.dataLayer = Object.freeze([]);`],
  ["history throws", "everything", `delete Window.prototype.navigation; delete window.navigation; for (const name of ["pushState", "replaceState"]) history[name] = () => { throw new Error("the shop's own"); };`],
];

for (const [what, works, head] of PAGES) {
  test(`harms no page, and does what it can, where ${what} @once`, async ({ host, shop }) => {
    shop.options = { tag: GRANTED, head: `<script>${head}</script>` };
    await host.visit();
    if (works === "everything" || works === "without the data layer") await host.expectCarousel();
    await host.act();
    if (works === "everything") await host.expectEvents("page_view", "view_item", "add_to_cart", "rec_render");
    if (works === "without the data layer") await host.expectEvents("page_view", "view_item", "rec_render");
    if (works === "events") await host.expectEvents("page_view", "view_item", "add_to_cart");
    await host.expectUnchanged();
    await host.leave();
    if (works === "on leaving") await host.expectEvents("page_view", "view_item", "add_to_cart");
  });
}
