/** How many different shoppers got how far, and where they stopped. */
import { useDashboard } from "../context.ts";

const STEPS = ["viewed", "carted", "checkout", "purchased"] as const;

export function FunnelPanel() {
  const { store, texts, format } = useDashboard();
  const funnel = store.stats.value?.funnel;
  const words = texts.funnel;
  // People can put products into a cart from a list, so a later step may be the larger one.
  const most = funnel ? Math.max(...STEPS.map((step) => funnel[step])) : 0;
  return (
    <section class="panel funnel-panel" aria-labelledby="funnel-title" aria-busy={!funnel}>
      <div class="panel-head"><div><h2 id="funnel-title">{words.title}</h2><p class="hint">{words.intro}</p></div></div>
      {!funnel ? <span class="bone table-bone" /> : most === 0 ? <p class="empty">{words.empty}</p> : (
        <ol class="funnel">
          {STEPS.map((step, index) => {
            const count = funnel[step];
            const next = STEPS[index + 1];
            const left = next ? count - funnel[next] : 0;
            return (
              <li key={step} data-step={step}>
                <div class="funnel-line">
                  <span class="funnel-name">{words.steps[step]}</span>
                  <span class="funnel-count">{format.count(count)}</span>
                  {index > 0 && funnel.viewed > 0 && <span class="hint funnel-share">{words.ofFirst(format.part(count / funnel.viewed))}</span>}
                </div>
                <div class="funnel-bar" aria-hidden="true"><span style={{ width: `${(count / most) * 100}%` }} /></div>
                {left > 0 && <p class="funnel-left">{words.left(format.count(left), format.part(left / count))}</p>}
              </li>
            );
          })}
        </ol>
      )}
    </section>
  );
}
