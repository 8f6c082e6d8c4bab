/** The chunk that takes personal data out of what a page tells; the tag loads it where a text gives cause. */
export { redactParams, redactPath } from "../core/redact.ts";
