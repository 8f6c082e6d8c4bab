/** PostHog as its documentation sets it up; `data-mode="durable"`: without its limit of ten events a second, beyond which it drops. */
import posthog from "posthog-js";

const { collector, mode } = document.currentScript.dataset;
posthog.init("bench", { api_host: collector, ...(mode === "durable" && { rate_limiting: { events_per_second: 1_000, events_burst_limit: 10_000 } }) });
window.peer = { track: (marker) => posthog.capture(marker) };
