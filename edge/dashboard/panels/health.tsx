/** Whether events arrive, what was not counted and why, and the tag that sends them. */
import { useDashboard } from "../context.ts";
import { TagSnippet } from "./tag-snippet.tsx";

/** A shop without an event for this long may have lost its tag. */
const QUIET_AFTER_MS = 60 * 60 * 1000;

export function HealthPanel() {
  const { store, texts, format } = useDashboard();
  const stats = store.stats.value;
  const shop = store.shop.value;
  const words = texts.health;
  const ageMs = stats?.newestEventAtMs == null ? null : store.nowMs.value - stats.newestEventAtMs;
  const quiet = ageMs !== null && ageMs > QUIET_AFTER_MS;
  const reasons: { readonly [reason: string]: string } = { ...words.edgeReasons, ...words.reasons };
  const known = (stats?.sources ?? []).reduce((sum, { events }) => sum + events, 0);
  const sources = [...(stats?.sources ?? [])].sort((a, b) => b.events - a.events).map(({ source, events }) => words.part(words.sources[source], format.part(events / known)));
  return (
    <section class="panel health-panel" aria-labelledby="health-title" aria-busy={!stats}>
      <div class="panel-head"><h2 id="health-title">{words.title}</h2></div>
      {!stats ? <span class="bone table-bone" /> : (
        <div class="health">
          <div>
            <p class={quiet ? "pulse quiet" : "pulse"}>
              <span class="pulse-dot" aria-hidden="true" />
              <span><strong>{ageMs === null ? words.never : words.newest(format.age(ageMs))}</strong><span class="hint block">{quiet ? words.quiet : words.fresh}</span></span>
            </p>
            <h3>{words.dropped}</h3>
            {stats.dropped.length === 0 ? <p class="hint">{words.noneDropped}</p> : (
              <>
                <p class="hint">{words.droppedIntro}</p>
                <table class="dropped">
                  <thead class="visually-hidden"><tr><th scope="col">{words.reason}</th><th scope="col">{words.count}</th></tr></thead>
                  <tbody>
                    {stats.dropped.map(({ reason, count }) => (
                      <tr key={reason} data-reason={reason}><th scope="row">{reasons[reason] ?? words.otherReason(reason)}</th><td class="number">{format.count(count)}</td></tr>
                    ))}
                  </tbody>
                </table>
              </>
            )}
            {stats.erasures > 0 && (
              <>
                <h3>{words.erased}</h3>
                <p class="hint" data-figure="erasures">{words.erasures(format.count(stats.erasures), stats.erasures === 1)}</p>
              </>
            )}
          </div>
          <div>
            <h3>{words.tag}</h3>
            <p class="hint">{words.tagIntro}</p>
            <TagSnippet />
            {shop && <p class="hint">{words.origins(shop.origins.join(", "))}</p>}
            {sources.length > 0 && (
              <>
                <h3>{words.read}</h3>
                <p class="hint" data-figure="sources">{words.learned(format.list(sources))}</p>
                {stats.conflicts > 0 && <p class="hint" data-figure="conflicts">{words.conflicts(format.count(stats.conflicts), stats.conflicts === 1)}</p>}
                {stats.emptySearches > 0 && <p class="hint" data-figure="empty-searches">{words.emptySearches(format.count(stats.emptySearches), stats.emptySearches === 1)}</p>}
              </>
            )}
          </div>
        </div>
      )}
    </section>
  );
}
