/** The headline figures, each with its unit, its change and its definition; choosing one draws it in the chart. */
import type { StatsResponse } from "../../../core/api.ts";
import { useDashboard } from "../context.ts";
import { CAROUSEL_METRICS, changeOf, METRICS, SHOP_METRICS, type Change, type MetricKey } from "../metrics.ts";
import { Definition } from "./definition.tsx";

/** Smaller changes come and go by chance: they are told, but not in green or red. */
const SLIGHT_SHARE = 0.01;
const SLIGHT_POINTS = 0.001;

export function Tiles() {
  const { store, texts } = useDashboard();
  const stats = store.stats.value;
  const before = store.before.value;
  return (
    <div class="tile-groups">
      {([["carousels", CAROUSEL_METRICS], ["shop", SHOP_METRICS]] as const).map(([group, metrics]) => (
        <section key={group} aria-labelledby={`group-${group}`}>
          <h2 id={`group-${group}`} class="group-title">{texts.groups[group]}</h2>
          <ul class={`tiles tiles-${group}`}>
            {metrics.map((metric) => <Tile key={metric} metric={metric} stats={stats} before={before} />)}
          </ul>
        </section>
      ))}
    </div>
  );
}

function Tile({ metric: key, stats, before }: { metric: MetricKey; stats: StatsResponse | null; before: StatsResponse | null }) {
  const { store, texts, format } = useDashboard();
  const metric = METRICS[key];
  const { name, definition } = texts.metrics[key];
  const chosen = store.view.value.metric === key;
  const now = stats && metric.of(stats.totals);
  const then = before && metric.of(before.totals);
  const currency = stats?.currency ?? "";
  return (
    <li class={chosen ? "tile chosen" : "tile"} data-metric={key}>
      <button type="button" class="tile-choose" aria-pressed={chosen} onClick={() => store.show({ metric: key })}>
        <span class="tile-name">{name}</span>
        {stats ? <span class="tile-figure">{format.metric(now, metric.unit, currency)}</span> : <span class="bone figure-bone" />}
        <span class="tile-unit">{key === "impressions" && stats ? texts.renders(format.count(stats.totals.rec_render)) : texts.units[key]}</span>
        {stats && before ? <ChangeMark change={changeOf(metric, now, then)} before={texts.change.before(format.metric(then, metric.unit, currency))} /> : <span class="bone change-bone" />}
      </button>
      <Definition id={key} title={texts.howCountedTitle} label={texts.howCounted(name)} body={definition} />
    </li>
  );
}

function ChangeMark({ change, before }: { change: Change; before: string }) {
  const { texts, format } = useDashboard();
  if (change.kind === "none" || change.kind === "from-nothing") {
    return <span class="change" title={before}>{change.kind === "none" ? texts.change.none : texts.change.fromNothing}</span>;
  }
  const write = (by: number) => (change.kind === "points" ? texts.change.points(format.points(by)) : format.part(by));
  const amount = write(Math.abs(change.by));
  // What is nothing once rounded is no change.
  if (amount === write(0)) return <span class="change" title={before}>{texts.change.same}</span>;
  const direction = change.by > 0 ? "up" : "down";
  const slight = Math.abs(change.by) < (change.kind === "points" ? SLIGHT_POINTS : SLIGHT_SHARE);
  return (
    <span class={`change ${direction}${slight ? " slight" : ""}`} title={before}>
      <span aria-hidden="true">{direction === "up" ? "↑" : "↓"} </span>
      <span class="visually-hidden">{texts.change[direction]} </span>
      {amount}
    </span>
  );
}
