/**
 * The IAB's Transparency and Consent Framework, version 2.
 *
 * The edge is the shop's own, so no vendor asks here: what counts are the shop's own consents (`publisher`) where the
 * banner collects them, else those that the visitor gave for the purposes as such. Legitimate interests count for
 * nothing: keeping an id on a device needs consent.
 * @see https://github.com/InteractiveAdvertisingBureau/GDPR-Transparency-and-Consent-Framework
 */
import type { Consent, Purpose } from "../consent.ts";

export interface TcData {
  eventStatus?: "tcloaded" | "cmpuishown" | "useractioncomplete";
  gdprApplies?: boolean;
  /** Where true, the shop's law does not ask for purpose 1. */
  purposeOneTreatment?: boolean;
  purpose?: { consents?: { [purpose: number]: boolean } };
  publisher?: { consents?: { [purpose: number]: boolean } };
}
export type TcfApi = (command: string, version: number, callback: (data: TcData | null, success: boolean) => void) => void;

/**
 * All purposes that ours need. 1: keeping something on the device. 8, 9, 10: measuring content, understanding
 * audiences, improving the service (the edge counts, and models learn). 5, 6: profiles for personalised content, and
 * choosing content by them.
 */
const NEEDED: { readonly [P in Purpose]: readonly number[] } = { analytics: [1, 8, 9, 10], personalization: [1, 5, 6] };

/** Follows the banner, its stub too, which keeps the question until the banner has loaded. */
export function followTcf(tcf: TcfApi, consent: Consent): void {
  tcf("addEventListener", 2, (data, success) => {
    if (!success || !data) return;
    // The banner has found that no such consent is asked for here; other sources may still deny.
    if (data.gdprApplies === false) return consent.update({ analytics: true, personalization: true }, "tcf");
    // While the banner is shown, the last answer stands.
    if (data.eventStatus !== "tcloaded" && data.eventStatus !== "useractioncomplete") return;
    const own = data.publisher?.consents ?? {};
    const given = Object.keys(own).length > 0 ? own : (data.purpose?.consents ?? {});
    const allows = (purpose: number) => given[purpose] === true || (purpose === 1 && data.purposeOneTreatment === true);
    consent.update({ analytics: NEEDED.analytics.every(allows), personalization: NEEDED.personalization.every(allows) }, "tcf");
  });
}
