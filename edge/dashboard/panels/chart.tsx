/** The chosen figure over time, as a chart or as a table of the same numbers. */
import { useEffect, useRef, useState } from "preact/hooks";
import { STAT_BUCKETS } from "../../../core/api.ts";
import { useDashboard } from "../context.ts";
import { METRICS } from "../metrics.ts";
import { MAX_HOURLY_DAYS } from "../range.ts";
import { pointsOf, type Point } from "../series.ts";
import type { Plot, PlotContent } from "./plot.ts";

export function ChartPanel() {
  const { store, texts, format } = useDashboard();
  const [asTable, setAsTable] = useState(false);
  const stats = store.stats.value;
  const period = store.period.value;
  const view = store.view.value;
  const metric = METRICS[view.metric];
  const { name } = texts.metrics[view.metric];
  const points = stats && period && pointsOf({ metric: view.metric, stats, before: store.before.value, nowMs: store.nowMs.value });
  const empty = points?.every((point) => !point.value && !point.before);
  const write = (value: number | null) => format.metric(value, metric.unit, stats?.currency ?? "");
  const zone = stats?.timeZone ?? "UTC";
  const when = (atMs: number) => (period?.bucket === "hour" ? format.dayAndTime(atMs, zone) : format.day(atMs, zone));
  return (
    <section class="panel chart-panel" aria-labelledby="chart-title" aria-busy={!points}>
      <div class="panel-head">
        <h2 id="chart-title">{name}</h2>
        <div class="panel-tools">
          {period && period.days <= MAX_HOURLY_DAYS && (
            <div class="segments" role="group" aria-label={texts.chart.bucketLabel}>
              {STAT_BUCKETS.map((bucket) => (
                <button key={bucket} type="button" aria-pressed={period.bucket === bucket} onClick={() => store.show({ bucket })}>{texts.chart.buckets[bucket]}</button>
              ))}
            </div>
          )}
          <div class="segments" role="group" aria-label={texts.chart.shownAs}>
            <button type="button" aria-pressed={!asTable} onClick={() => setAsTable(false)}>{texts.chart.asChart}</button>
            <button type="button" aria-pressed={asTable} onClick={() => setAsTable(true)}>{texts.chart.asTable}</button>
          </div>
        </div>
      </div>
      {!points || !period || !stats ? <div class="chart"><span class="bone chart-bone" /></div>
        : empty ? (
          <div class="chart chart-empty">
            <p>{texts.chart.empty}</p>
            {stats.newestEventAtMs !== null && stats.newestEventAtMs < period.fromMs && <p class="hint">{texts.chart.emptyHint(format.age(store.nowMs.value - stats.newestEventAtMs))}</p>}
          </div>
        )
        : asTable ? <PointTable points={points} when={when} write={write} bucket={period.bucket} name={name} />
        : (
          <>
            <Canvas
              summary={summaryOf(points, (from, to, low, high) => texts.chart.summary(name, when(from), when(to), write(low), write(high)))}
              content={{
                points, when, write,
                axis: (value) => format.axis(value, metric.unit, stats.currency),
                tick: (atMs) => (period.bucket === "hour" && period.days <= 2 ? format.time(atMs, zone) : format.shortDay(atMs, zone)),
                tickEvery: period.bucket === "hour" && period.days > 2 ? 24 : 1,
                whole: metric.unit === "count",
                words: { now: texts.chart.thisPeriod, before: texts.chart.before, running: texts.chart.running },
              }}
            />
            <p class="legend" aria-hidden="true">
              <span class="legend-now" />{texts.chart.thisPeriod}
              <span class="legend-before" />{texts.chart.before}
            </p>
          </>
        )}
    </section>
  );
}

/** uPlot in a box that keeps its size; the code comes with the first chart, and is asked for again while it can't be had. */
function Canvas({ content, summary }: { content: PlotContent; summary: string }) {
  const { texts } = useDashboard();
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<Plot | null>(null);
  const loading = useRef(false);
  const latest = useRef(content);
  const [missing, setMissing] = useState(false);
  latest.current = content;
  // Without dependencies: every new answer of the edge draws anew, or tries again to fetch what draws.
  useEffect(() => {
    if (plot.current) return plot.current.show(content);
    if (loading.current) return;
    loading.current = true;
    import("./plot.ts").then(({ createPlot }) => {
      if (box.current) plot.current = createPlot(box.current, latest.current);
      setMissing(false);
    }, () => setMissing(true)).finally(() => { loading.current = false; });
  });
  useEffect(() => () => {
    plot.current?.destroy();
    plot.current = null;
  }, []);
  return (
    <>
      {missing && <p class="notice" role="status">{texts.chart.missing}</p>}
      <div ref={box} class="chart" role="img" aria-label={summary} tabIndex={0} onKeyDown={(event) => plot.current?.step(event)} />
    </>
  );
}

function PointTable({ points, when, write, bucket, name }: { points: Point[]; when: (atMs: number) => string; write: (value: number | null) => string; bucket: "hour" | "day"; name: string }) {
  const { texts } = useDashboard();
  return (
    <div class="scroll chart-table" tabIndex={0} role="region" aria-label={name}>
      <table>
        <thead><tr><th scope="col">{texts.chart.time[bucket]}</th><th scope="col" class="number">{texts.chart.thisPeriod}</th><th scope="col" class="number">{texts.chart.before}</th></tr></thead>
        <tbody>
          {points.map((point) => (
            <tr key={point.startMs}>
              <th scope="row">{when(point.startMs)}{point.running && <span class="hint"> {texts.chart.running}</span>}</th>
              <td class="number">{write(point.value)}</td>
              <td class="number muted">{write(point.before)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function summaryOf(points: Point[], write: (from: number, to: number, low: number | null, high: number | null) => string): string {
  const values = points.flatMap((point) => (point.value === null ? [] : [point.value]));
  return write(points[0]!.startMs, points.at(-1)!.startMs, values.length ? Math.min(...values) : null, values.length ? Math.max(...values) : null);
}
