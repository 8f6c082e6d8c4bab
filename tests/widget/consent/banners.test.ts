/** What banners say in their own words, and what it means for ours. */
import { describe, expect, test } from "vitest";
import { createConsent } from "../../../widget/consent.ts";
import { followShopify, type ShopifyGlobal } from "../../../widget/consent/shopify.ts";
import { followTcf, type TcData } from "../../../widget/consent/tcf.ts";

const none = { analytics: false, personalization: false };
const both = { analytics: true, personalization: true };
const fresh = (granted = false) => createConsent({ granted, privacyControl: false, onChange: () => {} });
const all = Object.fromEntries(Array.from({ length: 11 }, (_, index) => [index + 1, true]));

describe("the IAB's framework", () => {
  const told = (...words: (TcData | null)[]) => {
    const consent = fresh();
    followTcf((command, version, callback) => {
      expect([command, version]).toEqual(["addEventListener", 2]);
      for (const word of words) callback(word, word !== null);
    }, consent);
    return consent.grants();
  };
  const answered = (data: TcData): TcData => ({ gdprApplies: true, eventStatus: "useractioncomplete", ...data });

  test("allows what all purposes that it needs are consented to, and no more", () => {
    expect(told(answered({ purpose: { consents: all } }))).toEqual(both);
    for (const missing of [8, 9, 10]) expect(told(answered({ purpose: { consents: { ...all, [missing]: false } } }))).toEqual({ analytics: false, personalization: true });
    for (const missing of [5, 6]) expect(told(answered({ purpose: { consents: { ...all, [missing]: false } } }))).toEqual({ analytics: true, personalization: false });
    expect(told(answered({ purpose: { consents: { ...all, 1: false } } }))).toEqual(none);
  });
  test("takes the shop's own consents where the banner collects them, before those for vendors", () => {
    expect(told(answered({ purpose: { consents: all }, publisher: { consents: { 1: true } } }))).toEqual(none);
    expect(told(answered({ purpose: { consents: {} }, publisher: { consents: all } }))).toEqual(both);
  });
  test("takes legitimate interest for no consent", () => {
    expect(told(answered({ purpose: { consents: {}, legitimateInterests: all } as TcData["purpose"] }))).toEqual(none);
  });
  test("needs no purpose 1 where the shop's law does not ask for it", () => {
    expect(told(answered({ purposeOneTreatment: true, purpose: { consents: { ...all, 1: false } } }))).toEqual(both);
  });
  test("waits while the banner is shown, and keeps the last answer while it is shown again", () => {
    expect(told({ gdprApplies: true, eventStatus: "cmpuishown", purpose: { consents: all } })).toEqual(none);
    expect(told(answered({ purpose: { consents: all } }), { gdprApplies: true, eventStatus: "cmpuishown", purpose: { consents: {} } })).toEqual(both);
    expect(told(null)).toEqual(none);
  });
  test("allows both where the banner says that the GDPR does not apply", () => expect(told({ gdprApplies: false, eventStatus: "tcloaded" })).toEqual(both));
  test("takes consent back", () => expect(told(answered({ purpose: { consents: all } }), answered({ purpose: { consents: {} } }))).toEqual(none));
});

describe("Shopify's Customer Privacy API", () => {
  const allowing = (analytics: boolean, preferences?: boolean) => ({ analyticsProcessingAllowed: () => analytics, ...(preferences !== undefined && { preferencesProcessingAllowed: () => preferences }) });

  test("is asked where it is there, and loaded where it is not", () => {
    const consent = fresh();
    followShopify({ customerPrivacy: allowing(true, false) }, new EventTarget(), consent);
    expect(consent.grants()).toEqual({ analytics: true, personalization: false });

    const later = fresh();
    const shopify: ShopifyGlobal = {
      loadFeatures(features, done) {
        expect(features).toEqual([{ name: "consent-tracking-api", version: "0.1" }]);
        shopify.customerPrivacy = allowing(true, true);
        done();
      },
    };
    followShopify(shopify, new EventTarget(), later);
    expect(later.grants()).toEqual(both);
  });
  test("allows nothing that it has no answer for", () => {
    const consent = fresh(true);
    followShopify({ customerPrivacy: allowing(true) }, new EventTarget(), consent);
    expect(consent.grants()).toEqual({ analytics: true, personalization: false });
    const failed = fresh();
    followShopify({ loadFeatures: (_, done) => done(new Error("blocked")) }, new EventTarget(), failed);
    expect(failed.grants()).toEqual(none);
  });
  test("is followed when the visitor decides, and decides again", () => {
    const [consent, page] = [fresh(), new EventTarget()];
    followShopify({ customerPrivacy: allowing(false, false) }, page, consent);
    const decide = (allowed: boolean) => page.dispatchEvent(Object.assign(new Event("visitorConsentCollected"), { detail: { analyticsAllowed: allowed, preferencesAllowed: allowed } }));
    decide(true);
    expect(consent.grants()).toEqual(both);
    decide(false);
    expect(consent.grants()).toEqual(none);
  });
});

describe("several sources", () => {
  test("are outweighed by one that denies, until it allows itself", () => {
    const consent = fresh();
    consent.update({ analytics: true, personalization: true }, "tcf");
    consent.update({ analytics: false }, "shopper");
    consent.update({ analytics: true }, "api");
    expect(consent.grants()).toEqual({ analytics: false, personalization: true });
    consent.update({ analytics: true }, "shopper");
    expect(consent.grants()).toEqual(both);
  });
  test("count before what the page has preset, and before Google's defaults", () => {
    const consent = fresh(true);
    consent.update({ analytics: false }, "shopify");
    expect(consent.grants()).toEqual({ analytics: false, personalization: true });
    consent.googleCommand("default", { personalization_storage: "denied" });
    expect(consent.grants()).toEqual(none);
    consent.update({ personalization: true });
    expect(consent.grants()).toEqual({ analytics: false, personalization: true });
  });
});
