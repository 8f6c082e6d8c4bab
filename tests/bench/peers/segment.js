/** Segment's analytics.js as its documentation sets it up; `data-mode="durable"`: requests that outlive their page. */
import { AnalyticsBrowser } from "@segment/analytics-next";

const { collector, mode } = document.currentScript.dataset;
const { host, protocol } = new URL(collector);
const api = { apiHost: `${host}/v1`, protocol: protocol.slice(0, -1) };
const analytics = AnalyticsBrowser.load(
  { writeKey: "bench", cdnSettings: { integrations: { "Segment.io": { apiKey: "bench", ...api } } } },
  { integrations: { "Segment.io": { ...api, ...(mode === "durable" && { deliveryStrategy: { strategy: "standard", config: { keepalive: true } } }) } } },
);
void analytics.page();
window.peer = { track: (marker) => void analytics.track(marker) };
