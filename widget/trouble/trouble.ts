/** The trouble chunk: measures the view, and judges the clicks and the script errors of the pages that have any. */
import type { Bridge } from "../bridge.ts";
import type { Trouble } from "../experience/experience.ts";
import { watchClicks } from "./clicks.ts";
import { watchErrors, type Errors } from "./errors.ts";
import { watchVitals } from "./vitals.ts";

/** Watches the page, from what the browser has noted of it so far. */
export function start(bridge: Bridge): Trouble {
  const vitals = bridge.faults.guard("vitals", watchVitals)();
  const clicks = watchClicks(bridge);
  let errors: Errors | undefined;
  let told = false;
  return {
    take(event, path) {
      if (event.type === "click") clicks.take(event as MouseEvent, path);
      else (errors ??= watchErrors(bridge)).take(event);
    },
    leave() {
      clicks.leave();
      if (vitals && !told) void bridge.recorder.record("web_vitals", vitals.read());
      told = true;
    },
    restart(sinceMs, restoredMs) {
      vitals?.restart(sinceMs, restoredMs);
      told = false;
    },
  };
}
