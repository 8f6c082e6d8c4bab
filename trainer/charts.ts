/** Plots as SVG text that follows the page's colours: intervals, lines and bars, wide or on a phone. */

/** Colours by name are the page's custom properties. */
export interface Series {
  name: string;
  color: string;
}

/** Narrow enough that letters can be read on a phone, where a plot is hardly smaller than this. */
const WIDTH = 420;
const MARGIN = { left: 44, right: 12, top: 10, bottom: 30 };
/** Widths of letters at the plots' size, for room on the left. */
const CHARACTER_PX = 7;

/** For text and attributes alike. */
export function escapeText(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

/** Round numbers from 0 (or below) to at least the largest value. */
export function ticksBetween(low: number, high: number, about = 5): number[] {
  const span = high - low || 1;
  const raw = span / about;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= raw * 0.999)!;
  const first = Math.floor(low / step + 1e-9);
  const ticks: number[] = [];
  for (let i = first; ; i += 1) {
    ticks.push(Number((i * step).toPrecision(12)));
    if (i * step >= high - 1e-12 * step) return ticks;
  }
}

export function formatNumber(value: number): string {
  const size = Math.abs(value);
  if (value === 0) return "0";
  return size >= 100 ? Math.round(value).toLocaleString("en") : size >= 10 ? value.toFixed(1) : size >= 1 ? value.toFixed(2) : value.toFixed(3).replace(/^(-?)0\./, "$1.");
}

function frame(label: string, height: number, content: string): string {
  return `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escapeText(label)}"><title>${escapeText(label)}</title>${content}</svg>`;
}

export interface IntervalRow extends Series {
  value: number;
  low: number;
  high: number;
  note?: string;
}

/** A dot with its interval for every row, on one scale. @param zero draws the line that intervals must keep clear of */
export function intervalPlot({ label, rows, zero = false }: { label: string; rows: readonly IntervalRow[]; zero?: boolean }): string {
  const left = Math.min(170, Math.max(...rows.map(({ name }) => name.length)) * CHARACTER_PX + 16);
  const ticks = ticksBetween(Math.min(0, ...rows.map(({ low }) => low)), Math.max(...rows.map(({ high }) => high), zero ? 0.001 : 0.01), 3);
  const [from, to] = [ticks[0]!, ticks.at(-1)!];
  const right = 52;
  const x = (value: number) => left + ((value - from) / (to - from || 1)) * (WIDTH - left - right);
  const rowHeight = 30;
  const height = rows.length * rowHeight + MARGIN.top + MARGIN.bottom;
  const bottom = height - MARGIN.bottom;
  const grid = ticks.map((tick) => `<line class="${zero && tick === 0 ? "zero" : "grid"}" x1="${x(tick)}" x2="${x(tick)}" y1="${MARGIN.top}" y2="${bottom}"/><text class="tick" x="${x(tick)}" y="${bottom + 18}" text-anchor="middle">${formatNumber(tick)}</text>`);
  const marks = rows.map(({ name, color, value, low, high, note }, i) => {
    const y = MARGIN.top + (i + 0.5) * rowHeight;
    return `<g><title>${escapeText(`${name}: ${formatNumber(value)} (${formatNumber(low)} to ${formatNumber(high)})${note ? `, ${note}` : ""}`)}</title>`
      + `<text class="name" x="${left - 10}" y="${y + 5}" text-anchor="end">${escapeText(name)}</text>`
      + `<line x1="${x(low)}" x2="${x(high)}" y1="${y}" y2="${y}" stroke="var(--${color})" stroke-width="3" stroke-linecap="round" opacity=".55"/>`
      + `<circle cx="${x(value)}" cy="${y}" r="6" fill="var(--${color})"/><text class="value" x="${WIDTH - right + 12}" y="${y + 5}">${formatNumber(value)}</text></g>`;
  });
  return frame(label, height, grid.join("") + marks.join(""));
}

export interface Line extends Series {
  points: readonly (readonly [x: number, y: number])[];
}

/** Lines over a common pair of axes. @param fromZero whether the scale begins at 0 */
export function linePlot({ label, lines, xLabel, fromZero = true, height = 230 }: { label: string; lines: readonly Line[]; xLabel: string; fromZero?: boolean; height?: number }): string {
  const all = lines.flatMap(({ points }) => points);
  const ys = all.map(([, y]) => y);
  const xs = all.map(([x]) => x);
  const yTicks = ticksBetween(fromZero ? 0 : Math.min(...ys), Math.max(...ys));
  const [xFrom, xTo] = [Math.min(...xs), Math.max(...xs)];
  const bottom = height - MARGIN.bottom - 14;
  const x = (value: number) => MARGIN.left + ((value - xFrom) / (xTo - xFrom || 1)) * (WIDTH - MARGIN.left - MARGIN.right);
  const y = (value: number) => bottom - ((value - yTicks[0]!) / (yTicks.at(-1)! - yTicks[0]! || 1)) * (bottom - MARGIN.top);
  const grid = yTicks.map((tick) => `<line class="grid" x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${y(tick)}" y2="${y(tick)}"/><text class="tick" x="${MARGIN.left - 8}" y="${y(tick) + 4}" text-anchor="end">${formatNumber(tick)}</text>`);
  const xTicks = ticksBetween(xFrom, xTo).filter((tick) => tick >= xFrom && tick <= xTo)
    .map((tick) => `<text class="tick" x="${x(tick)}" y="${bottom + 18}" text-anchor="middle">${tick.toLocaleString("en")}</text>`);
  const drawn = lines.map(({ name, color, points }) => `<polyline fill="none" stroke="var(--${color})" stroke-width="2.5" stroke-linejoin="round" points="${points.map(([px, py]) => `${x(px).toFixed(1)},${y(py).toFixed(1)}`).join(" ")}"><title>${escapeText(name)}</title></polyline>`);
  return frame(label, height, `${grid.join("")}${xTicks.join("")}<text class="tick" x="${(WIDTH + MARGIN.left) / 2}" y="${height - 6}" text-anchor="middle">${escapeText(xLabel)}</text>${drawn.join("")}`);
}

/** Groups of bars, one bar a series. @param groups what stands below each group */
export function barPlot({ label, series, groups, xLabel, height = 220 }: { label: string; series: readonly (Series & { values: readonly number[] })[]; groups: readonly string[]; xLabel: string; height?: number }): string {
  const yTicks = ticksBetween(0, Math.max(...series.flatMap(({ values }) => values), 1e-6), 4);
  const bottom = height - MARGIN.bottom - 14;
  const y = (value: number) => bottom - (value / yTicks.at(-1)!) * (bottom - MARGIN.top);
  const groupWidth = (WIDTH - MARGIN.left - MARGIN.right) / groups.length;
  const barWidth = (groupWidth * 0.78) / series.length;
  const percent = (value: number) => `${formatNumber(value * 100)} %`;
  const grid = yTicks.map((tick) => `<line class="grid" x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${y(tick)}" y2="${y(tick)}"/><text class="tick" x="${MARGIN.left - 8}" y="${y(tick) + 4}" text-anchor="end">${Math.round(tick * 100)} %</text>`);
  const bars = groups.map((group, g) => series.map(({ name, color, values }, s) => {
    const left = MARGIN.left + g * groupWidth + groupWidth * 0.11 + s * barWidth;
    return `<rect x="${left.toFixed(1)}" width="${(barWidth - 1.5).toFixed(1)}" y="${y(values[g]!).toFixed(1)}" height="${(bottom - y(values[g]!)).toFixed(1)}" rx="2" fill="var(--${color})"><title>${escapeText(`${name}, ${group}: ${percent(values[g]!)}`)}</title></rect>`;
  }).join("") + `<text class="tick" x="${(MARGIN.left + (g + 0.5) * groupWidth).toFixed(1)}" y="${bottom + 18}" text-anchor="middle">${escapeText(group)}</text>`);
  return frame(label, height, `${grid.join("")}${bars.join("")}<text class="tick" x="${(WIDTH + MARGIN.left) / 2}" y="${height - 6}" text-anchor="middle">${escapeText(xLabel)}</text>`);
}

/** Names beside their colours. */
export function legend(series: readonly Series[]): string {
  return `<ul class="legend">${series.map(({ name, color }) => `<li><span style="background:var(--${color})"></span>${escapeText(name)}</li>`).join("")}</ul>`;
}
