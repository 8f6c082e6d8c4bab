/** Browsers that keep nothing, or pretend to: private windows, blocked storage, missing and hanging databases. */
import { GRANTED, test } from "./host.ts";

const FULL = ["page_view", "view_item", "add_to_cart", "rec_render"];

const BROWSERS: [what: string, script: string][] = [
  ["there is no IndexedDB", `Object.defineProperty(window, "indexedDB", { value: undefined });`],
  ["IndexedDB refuses", `IDBFactory.prototype.open = () => { const request = {}; Promise.resolve().then(() => { request.error = new DOMException("not here", "UnknownError"); (request.onerror || (() => {}))(); }); return request; };`],
  // https://bugs.webkit.org/show_bug.cgi?id=226547
  ["IndexedDB never answers", `IDBFactory.prototype.open = () => ({ addEventListener() {} });`],
  ["localStorage throws", `for (const name of ["localStorage", "sessionStorage"]) Object.defineProperty(window, name, { get() { throw new DOMException("not here", "SecurityError"); } });`],
  ["there is no channel, no lock and no beacon", `delete window.BroadcastChannel; delete Navigator.prototype.locks; delete Navigator.prototype.sendBeacon;`],
  ["locks refuse, as in sandboxes", `LockManager.prototype.request = async () => { throw new DOMException("not here", "SecurityError"); };`],
  ["nothing is stored at all", `for (const name of ["indexedDB", "localStorage", "sessionStorage", "caches", "cookieStore"]) Object.defineProperty(window, name, { get() { throw new DOMException("not here", "SecurityError"); } }); window.BroadcastChannel = class { constructor() { throw new DOMException("not here", "SecurityError"); } }; Object.defineProperty(document, "cookie", { get() { throw new DOMException("not here", "SecurityError"); } }); delete Navigator.prototype.locks;`],
];

for (const [what, script] of BROWSERS) {
  test(`shows carousels and delivers events where ${what} @once`, async ({ host, shop }) => {
    shop.options = { tag: GRANTED, head: `<script>${script}</script>` };
    await host.visit();
    await host.expectCarousel();
    await host.act();
    await host.expectEvents(...FULL);
    await host.expectUnchanged();
    await host.leave();
  });
}
