/** Snowplow as its documentation sets it up; `data-mode="durable"`: what it offers for requests that outlive their page. */
import { newTracker, trackPageView, trackStructEvent } from "@snowplow/browser-tracker";

const { collector, mode } = document.currentScript.dataset;
newTracker("bench", collector, { appId: "bench", ...(mode === "durable" && { keepalive: true, maxLocalStorageQueueSize: 10_000 }) });
trackPageView();
window.peer = { track: (marker) => trackStructEvent({ category: "bench", action: marker }) };
