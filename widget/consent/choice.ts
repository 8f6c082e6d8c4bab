/**
 * The shopper's own choice, made in our prompt or panel: one entry in localStorage, without any id.
 *
 * A "no" is kept like a "yes", since keeping it is strictly necessary for not asking again (ePrivacy directive,
 * article 5.3); after half a year it lapses, as the French authority recommends for both.
 * @see https://www.cnil.fr/en/cookies-and-other-tracking-devices-cnil-publishes-new-guidelines
 */
import type { Bridge } from "../bridge.ts";
import type { Grants } from "../consent.ts";
import { toJson } from "../json.ts";

/** Of the entry. @param key the shop's public write key */
export function choiceNameOf(key: string): string {
  return `endcap-choice-${key}`;
}

/** Takes the choice over and keeps it for the next pages; where storage is blocked, it holds for this page. */
export function choose({ consent, choiceName, faults, nowMs }: Bridge, changes: Partial<Grants>): void {
  consent.update(changes, "shopper");
  faults.guard("choice", () => localStorage.setItem(choiceName, toJson({ ...consent.said.shopper, atMs: nowMs() })))();
}
