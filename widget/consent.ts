/** What the shopper allows, as the shop's own banner tells it. */

export const PURPOSES = ["analytics", "personalization"] as const;
/**
 * `analytics`: an id on the device, and events sent to the edge. `personalization`: a history on the device,
 * and ranking by it beyond this page.
 */
export type Purpose = (typeof PURPOSES)[number];
export type Grants = { readonly [P in Purpose]: boolean };

export interface Consent {
  grants(): Grants;
  /** Takes over the purposes named; others stay as they are. */
  update(changes: Partial<Grants>): void;
  /** One command of Google Consent Mode, as found in the data layer. */
  googleCommand(action: unknown, state: unknown): void;
}

/**
 * Denies everything until told otherwise.
 *
 * @param options.privacyControl Global Privacy Control is on: nothing is ever uploaded, whatever a banner says
 * @param options.onChange called when what is granted has changed
 */
export function createConsent({ granted, privacyControl, onChange }: { granted: boolean; privacyControl: boolean; onChange: () => void }): Consent {
  const told = { analytics: granted, personalization: granted };
  const grants = () => ({ analytics: told.analytics && !privacyControl, personalization: told.personalization });
  const update = (changes: Partial<Grants>) => {
    const before = grants();
    for (const purpose of PURPOSES) if (typeof changes[purpose] === "boolean") told[purpose] = changes[purpose];
    const after = grants();
    if (PURPOSES.some((purpose) => before[purpose] !== after[purpose])) onChange();
  };
  return {
    grants,
    update,
    googleCommand(action, state) {
      if ((action !== "default" && action !== "update") || typeof state !== "object" || state === null) return;
      const given = state as Record<string, unknown>;
      const changes: { [P in Purpose]?: boolean } = {};
      for (const purpose of PURPOSES) {
        const value = given[`${purpose}_storage`];
        // A default for some regions only: where this visitor is, the tag doesn't know, so only "denied" counts.
        if (value === "denied" || (value === "granted" && !given["region"])) changes[purpose] = value === "granted";
      }
      update(changes);
    },
  };
}
