/** PostHog as its documentation sets it up; `data-mode="durable"`: each event is sent at once, none waits in memory for its batch. */
import posthog from "posthog-js";

const { collector, mode } = document.currentScript.dataset;
posthog.init("bench", { api_host: collector, ...(mode === "durable" && { request_batching: false }) });
window.peer = { track: (marker) => posthog.capture(marker) };
