/** The one sentence that answers what the carousels earned, and which period everything below is about. */
import { useDashboard } from "../context.ts";

export function Headline() {
  const { store, texts, format } = useDashboard();
  const stats = store.stats.value;
  const period = store.period.value;
  const { range } = store.view.value;
  if (!stats || !period) {
    return <section class="headline" aria-busy="true"><p class="visually-hidden" role="status">{texts.loading}</p><span class="bone headline-bone" /><span class="bone caption-bone" /></section>;
  }
  const name = typeof range === "string" ? texts.range.names[range] : texts.range.customName;
  const { attributed_revenue, attributed_orders, rec_click, revenue } = stats.totals;
  const zone = stats.timeZone;
  const { before } = period;
  const lastBefore = Math.max(before.fromMs, before.toMs - 1);
  const compared = format.days(before.fromMs, lastBefore, zone);
  const running = store.nowMs.value < period.toMs;
  return (
    <section class="headline">
      {attributed_revenue > 0 ? (
        <>
          <h2>
            <strong>{texts.headline.earned(format.money(attributed_revenue, stats.currency))}</strong>
            {revenue > 0 && <span>{texts.headline.ofRevenue(format.part(attributed_revenue / revenue), name)}</span>}
          </h2>
          <p>{texts.headline.caveat(format.count(rec_click), format.count(attributed_orders), attributed_orders === 1)}</p>
        </>
      ) : <h2><strong>{texts.headline.nothingYet(name)}</strong></h2>}
      <p class="hint">
        {texts.range.inZone(format.days(period.fromMs, period.toMs - 1, zone), zone.replaceAll("_", " "))}
        {" · "}
        {running ? texts.range.comparedUntil(compared, format.time(before.toMs, zone)) : texts.range.compared(compared)}
      </p>
    </section>
  );
}
