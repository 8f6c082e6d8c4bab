/** The trouble chunk: judges the clicks and the script errors of the pages that have any. */
import type { RecordEvent } from "../experience/experience.ts";
import type { Faults } from "../faults.ts";
import { watchClicks, type Clicks } from "./clicks.ts";
import { watchErrors, type Errors } from "./errors.ts";

let clicks: Clicks | undefined;
let errors: Errors | undefined;

/** @see TroubleChunk */
export function take(event: Event, path: EventTarget[], record: RecordEvent, faults: Faults): void {
  const edge = new URL(import.meta.url).origin;
  if (event.type === "click") (clicks ??= watchClicks({ edge, record, faults })).take(event as MouseEvent, path);
  else (errors ??= watchErrors({ edge, record })).take(event);
}

/** @see TroubleChunk */
export function leave(): void {
  clicks?.leave();
}
