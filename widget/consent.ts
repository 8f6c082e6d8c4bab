/**
 * What the shopper allows, as the shop's own banner tells it.
 *
 * Where several sources speak, a purpose is allowed when at least one of them allows it and none denies it: withdrawing
 * must be as easy as giving (GDPR, article 7.3), and a banner that was overlooked must not be overruled by another.
 * A source's last word replaces its earlier ones. What no source has spoken of is as the page has preset it.
 */

export const PURPOSES = ["analytics", "personalization"] as const;
/**
 * `analytics`: an id on the device, and events sent to the edge. `personalization`: a history on the device,
 * and ranking by it beyond this page.
 */
export type Purpose = (typeof PURPOSES)[number];
export type Grants = { readonly [P in Purpose]: boolean };
/** `shopper`: their own hand, in our prompt or panel. */
export type ConsentSource = "api" | "google" | "shopify" | "tcf" | "shopper";

export interface Consent {
  grants(): Grants;
  /** What each source has said last. */
  readonly said: { readonly [S in ConsentSource]?: Partial<Grants> };
  /** Takes over the purposes named; others stay as the source has said them. */
  update(changes: Partial<Grants>, source?: ConsentSource): void;
  /** One command of Google Consent Mode, as found in the data layer. */
  googleCommand(action: unknown, state: unknown): void;
}

/**
 * Denies everything until told otherwise.
 *
 * @param options.granted the page's preset; Google's defaults replace it
 * @param options.privacyControl Global Privacy Control is on: nothing is ever uploaded, whatever a banner says
 * @param options.onChange called when what is granted has changed
 */
export function createConsent({ granted, privacyControl, onChange }: { granted: boolean; privacyControl: boolean; onChange: () => void }): Consent {
  const preset: Record<Purpose, boolean> = { analytics: granted, personalization: granted };
  const said: Partial<Record<ConsentSource, Partial<Record<Purpose, boolean>>>> = {};
  const allows = (purpose: Purpose) => {
    const words = Object.values(said).map((word) => word[purpose]).filter((word) => word !== undefined);
    return words.length > 0 ? words.every(Boolean) : preset[purpose];
  };
  const grants = () => ({ analytics: !privacyControl && allows("analytics"), personalization: allows("personalization") });
  const take = (into: Partial<Record<Purpose, boolean>>, changes: Partial<Grants>) => {
    const before = grants();
    for (const purpose of PURPOSES) if (typeof changes[purpose] === "boolean") into[purpose] = changes[purpose];
    const after = grants();
    if (PURPOSES.some((purpose) => before[purpose] !== after[purpose])) onChange();
  };
  return {
    grants,
    said,
    update: (changes, source = "api") => take((said[source] ??= {}), changes),
    googleCommand(action, state) {
      const isDefault = action === "default";
      if ((!isDefault && action !== "update") || typeof state !== "object" || state === null) return;
      const given = state as Record<string, unknown>;
      const changes: { [P in Purpose]?: boolean } = {};
      for (const purpose of PURPOSES) {
        const value = given[`${purpose}_storage`];
        // A default for some regions only: where this visitor is, the tag doesn't know, so only "denied" counts.
        if (value === "denied" || (value === "granted" && !given["region"])) changes[purpose] = value === "granted";
      }
      // A default is how the shop begins, not the shopper's word.
      take(isDefault ? preset : (said.google ??= {}), changes);
    },
  };
}
