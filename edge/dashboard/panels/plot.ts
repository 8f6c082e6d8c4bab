/** Draws points over time on a canvas, by uPlot, in the page's colours. */
import uPlot from "uplot";
import type { Point } from "../series.ts";

export interface PlotContent {
  points: Point[];
  /** A bucket's name in the tooltip. */
  when: (atMs: number) => string;
  write: (value: number | null) => string;
  /** A value on the vertical axis. */
  axis: (value: number) => string;
  /** A bucket on the horizontal axis. */
  tick: (atMs: number) => string;
  /** Only every so many buckets may carry a tick: 24 for hours that are labelled by day. */
  tickEvery: number;
  /** Values are counts: no tick between two whole numbers. */
  whole: boolean;
  words: { now: string; before: string; running: string };
}
export interface Plot {
  show(content: PlotContent): void;
  /** Moves the tooltip by the arrow keys, Home and End. */
  step(event: KeyboardEvent): void;
  destroy(): void;
}

const TICK_WIDTH_PX = 76;
const FONT = "12px system-ui, sans-serif";

/**
 * Points stand at 0, 1, 2, … and not at their times: buckets are equal steps to the reader, also over the
 * days on which clocks change, and the labels come from the shop's own calendar.
 */
export function createPlot(box: HTMLElement, first: PlotContent): Plot {
  let content = first;
  const colour = (name: string) => getComputedStyle(box).getPropertyValue(name).trim();
  const tip = document.createElement("div");
  tip.className = "tip";
  tip.hidden = true;

  const plot = new uPlot(
    {
      width: box.clientWidth,
      height: box.clientHeight,
      padding: [12, 26, 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { setScale: false, x: false, y: false }, points: { size: 9, width: 2, fill: () => colour("--panel"), stroke: (_, series) => colour(series === 3 ? "--line-before" : "--accent") } },
      scales: {
        x: { time: false, range: (_, min, max) => (min === max ? [min - 1, max + 1] : [min, max]) },
        y: { range: (_, __, max) => [0, topOf(max, content.whole)] },
      },
      axes: [
        {
          font: FONT, stroke: () => colour("--ink-3"), grid: { show: false }, ticks: { show: false }, gap: 8, size: 32,
          splits: (self) => ticks(content.points.length, content.tickEvery, self.width),
          values: (_, splits) => splits.map((index) => (content.points[index] ? content.tick(content.points[index].startMs) : "")),
        },
        {
          font: FONT, stroke: () => colour("--ink-3"), ticks: { show: false }, gap: 8,
          grid: { stroke: () => colour("--line"), width: 1 },
          splits: (_, __, min, max) => [0, 1, 2, 3, 4].map((step) => min + ((max - min) * step) / 4).filter((value) => !content.whole || Number.isInteger(value)),
          values: (_, splits) => splits.map((value) => content.axis(value)),
          size: (self, values) => {
            self.ctx.font = FONT;
            // The canvas may be scaled; its font is not, so this is in CSS pixels.
            return Math.ceil(Math.max(0, ...(values ?? []).map((value) => self.ctx.measureText(value).width))) + 16;
          },
        },
      ],
      series: [
        {},
        { stroke: () => colour("--accent"), width: 2, fill: () => colour("--accent-wash"), points: { show: lonely } },
        { stroke: () => colour("--accent"), width: 2, dash: [3, 4], points: { show: lonely } },
        { stroke: () => colour("--line-before"), width: 1.5, dash: [6, 4], points: { show: false } },
      ],
      hooks: { setCursor: [tell] },
    },
    dataOf(content.points),
    box,
  );
  plot.over.append(tip);

  function lonely(self: uPlot, series: number): boolean {
    return Array.from(self.data[series]!).filter((value) => value != null).length === 1;
  }

  function tell(self: uPlot): void {
    const index = self.cursor.idx;
    const point = index == null ? undefined : content.points[index];
    tip.hidden = !point || self.cursor.left! < 0;
    if (!point || tip.hidden) return;
    const running = point.running ? ` (${content.words.running})` : "";
    tip.replaceChildren(
      line("tip-when", content.when(point.startMs) + running),
      line("tip-now", content.write(point.value), content.words.now),
      line("tip-before", content.write(point.before), content.words.before),
    );
    const at = self.valToPos(index!, "x");
    const room = self.over.clientWidth;
    tip.style.left = `${at + 14 + tip.offsetWidth <= room ? at + 14 : Math.max(0, at - 14 - tip.offsetWidth)}px`;
    tip.style.top = "8px";
  }

  const resize = new ResizeObserver(() => {
    if (box.clientWidth > 0) plot.setSize({ width: box.clientWidth, height: box.clientHeight });
  });
  resize.observe(box);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const repaint = () => plot.redraw(false);
  dark.addEventListener("change", repaint);

  return {
    show(next) {
      content = next;
      plot.setData(dataOf(next.points));
      tell(plot);
    },
    step(event) {
      const last = content.points.length - 1;
      const from = plot.cursor.idx ?? last;
      const to = { ArrowLeft: from - 1, ArrowRight: from + 1, Home: 0, End: last }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      plot.setCursor({ left: plot.valToPos(Math.max(0, Math.min(last, to)), "x"), top: 0 });
    },
    destroy() {
      resize.disconnect();
      dark.removeEventListener("change", repaint);
      plot.destroy();
    },
  };
}

/** The finished part of the line, its unfinished last step, and the period before. */
function dataOf(points: Point[]): uPlot.AlignedData {
  const running = points.findIndex((point) => point.running);
  return [
    points.map((_, index) => index),
    points.map((point, index) => (running > 0 && index >= running ? null : point.value)),
    points.map((point, index) => (running > 0 && (index === running || index === running - 1) ? point.value : null)),
    points.map((point) => point.before),
  ];
}

/** The end of the vertical axis: four equal, round steps. */
function topOf(max: number | null, whole: boolean): number {
  const highest = max === null || !(max > 0) ? (whole ? 4 : 1) : max;
  const step = highest / 4;
  const magnitude = 10 ** Math.floor(Math.log10(step));
  const round = [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].find((factor) => factor * magnitude >= step)! * magnitude;
  return whole ? Math.ceil(round) * 4 : round * 4;
}

/** Which places carry a label: as many as fit, in even steps. */
function ticks(count: number, every: number, widthPx: number): number[] {
  const fits = Math.max(2, Math.floor(widthPx / TICK_WIDTH_PX));
  const candidates = Math.ceil(count / every);
  const stride = [1, 2, 3, 4, 6, 7, 12, 14, 28, 56].find((step) => candidates / step <= fits) ?? Math.ceil(candidates / fits);
  return Array.from({ length: Math.ceil(candidates / stride) }, (_, index) => index * stride * every);
}

function line(name: string, strong: string, hint?: string): HTMLElement {
  const row = document.createElement("div");
  row.className = name;
  const figure = document.createElement("strong");
  figure.textContent = strong;
  row.append(figure);
  if (hint) row.append(` ${hint}`);
  return row;
}
