// Sets Google Consent Mode before any other script runs: denied, until the visitor has accepted.
window.dataLayer = window.dataLayer || [];
window.gtag = function () { window.dataLayer.push(arguments); };
window.gtag("consent", "default", { analytics_storage: "denied", personalization_storage: "denied", ad_storage: "denied", ad_user_data: "denied", ad_personalization: "denied" });
try {
  if (localStorage.getItem("shop-consent") === "granted") window.gtag("consent", "update", { analytics_storage: "granted", personalization_storage: "granted" });
} catch { /* Storage is blocked: the default stands. */ }
