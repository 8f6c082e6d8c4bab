/** The bar that says why figures are not fresh, since when, and what happens next. */
import { useEffect, useState } from "preact/hooks";
import { useDashboard } from "../context.ts";

export function TroubleBar() {
  const { store, texts, format } = useDashboard();
  const trouble = store.trouble.value;
  const [nowMs, setNowMs] = useState(Date.now());
  useEffect(() => {
    if (!trouble) return;
    setNowMs(Date.now());
    const timer = setInterval(() => setNowMs(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [trouble]);
  if (!trouble) return null;
  const { failure, retryAtMs } = trouble;
  const freshAtMs = store.freshAtMs.value;
  const zone = store.shop.value?.timeZone;
  return (
    <div class="trouble" role="alert">
      <p>
        {failure.kind === "unreachable" ? texts.trouble.unreachable : texts.trouble.refused(failure.message)}
        {freshAtMs !== null && zone && ` ${texts.trouble.stale(format.time(freshAtMs, zone))}`}
        {/* Counting down is for the eye; an alert that changes each second would never stop talking. */}
        {retryAtMs !== null && <span aria-hidden="true"> {texts.trouble.retry(format.count(Math.max(0, Math.ceil((retryAtMs - nowMs) / 1000))))}</span>}
      </p>
      {retryAtMs !== null && <button type="button" class="button" onClick={store.refresh}>{texts.retryNow}</button>}
    </div>
  );
}
