/** Who may be remembered, and what may be sent. */
import { expect, test } from "vitest";
import { createConsent } from "../../widget/consent.ts";
import { backoffMs } from "../../widget/sync/backoff.ts";

const onChange = () => {};
const none = { analytics: false, personalization: false };

test("allows nothing until the shop's banner says so", () => {
  expect(createConsent({ granted: false, privacyControl: false, onChange }).grants()).toEqual(none);
});
test("follows Google Consent Mode purpose by purpose, and tells of changes only", () => {
  let changes = 0;
  const consent = createConsent({ granted: false, privacyControl: false, onChange: () => (changes += 1) });
  consent.googleCommand("default", { analytics_storage: "denied", ad_storage: "granted" });
  consent.googleCommand("update", { personalization_storage: "granted" });
  consent.googleCommand("update", { personalization_storage: "granted" });
  expect(consent.grants()).toEqual({ analytics: false, personalization: true });
  expect(changes).toBe(1);
  consent.googleCommand("update", { personalization_storage: "denied" });
  expect(consent.grants()).toEqual(none);
});
test("takes a region's default as a denial only, since it does not know the region", () => {
  const consent = createConsent({ granted: false, privacyControl: false, onChange });
  consent.googleCommand("default", { analytics_storage: "granted", region: ["US"] });
  expect(consent.grants()).toEqual(none);
  consent.googleCommand("default", { analytics_storage: "granted" });
  consent.googleCommand("default", { analytics_storage: "denied", region: ["FR"] });
  expect(consent.grants()).toEqual(none);
});
test("never uploads under Global Privacy Control", () => {
  const consent = createConsent({ granted: true, privacyControl: true, onChange });
  consent.update({ analytics: true });
  expect(consent.grants()).toEqual({ analytics: false, personalization: true });
});
test("ignores what is no consent command", () => {
  const consent = createConsent({ granted: false, privacyControl: false, onChange });
  consent.googleCommand("update", "granted");
  consent.googleCommand("wait", { analytics_storage: "granted" });
  consent.update({ analytics: "yes" as never });
  expect(consent.grants()).toEqual(none);
});

test("waits longer after each failure, up to five minutes, and never less than the edge asks", () => {
  const most = (failures: number, header: string | null = null) => backoffMs(failures, header, 0, () => 1);
  expect([1, 2, 3, 20].map((failures) => most(failures))).toEqual([2_000, 4_000, 8_000, 300_000]);
  expect(backoffMs(1, null, 0, () => 0)).toBe(0);
  expect(backoffMs(1, "30", 0, () => 0)).toBe(30_000);
  expect(backoffMs(1, new Date(60_000).toUTCString(), 15_000, () => 0)).toBe(45_000);
  expect(backoffMs(1, "soon", 0, () => 0)).toBe(0);
});
