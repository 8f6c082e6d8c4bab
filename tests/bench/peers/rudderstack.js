/** RudderStack as its documentation sets it up, with its plugins in the script; `data-mode="durable"`: a queue for more events and more attempts. */
import { RudderAnalytics } from "@rudderstack/analytics-js/bundled";

const { collector, mode } = document.currentScript.dataset;
const analytics = new RudderAnalytics();
analytics.load("bench", collector, {
  // What its control plane would answer for a source without destinations.
  getSourceConfig: () => ({ source: { id: "bench", name: "bench", writeKey: "bench", workspaceId: "bench", enabled: true, connections: [], destinations: [], config: { statsCollection: { errors: { enabled: false }, metrics: { enabled: false } } } }, updatedAt: "2026-01-01T00:00:00.000Z" }),
  ...(mode === "durable" && { queueOptions: { maxItems: 10_000, maxAttempts: 100 } }),
});
analytics.page();
window.peer = { track: (marker) => analytics.track(marker) };
