/** Progress of long steps: a bar with rate and time left on a terminal, a line now and then in a log. */
import { SingleBar } from "cli-progress";

/** Between lines, where there is no terminal to redraw. */
const LOG_INTERVAL_MS = 5_000;

export interface Progress {
  advance(count?: number): void;
  /** Replaces the text behind the bar, e.g. the current loss. */
  note(text: string): void;
  /** Ends the bar; the note says what came of it. */
  done(note?: string): void;
}

/** @param total how many units there are; 0 where nobody knows */
export function createProgress(label: string, total: number, unit: string, stream: NodeJS.WriteStream = process.stderr): Progress {
  const startMs = performance.now();
  const name = label.padEnd(24);
  let count = 0;
  let note = "";
  const seconds = () => (performance.now() - startMs) / 1000;
  const rate = () => count / Math.max(seconds(), 1e-3);
  const summary = () => `${name} ${format(count)}${total > 0 ? ` of ${format(total)}` : ""} ${unit}, ${format(rate())}/s`;

  if (!stream.isTTY || total <= 0) {
    let lastMs = startMs;
    return {
      advance(n = 1) {
        count += n;
        if (performance.now() - lastMs < LOG_INTERVAL_MS) return;
        lastMs = performance.now();
        const left = total > count ? `, ${((total - count) / Math.max(rate(), 1e-9)).toFixed(0)} s left` : "";
        stream.write(`  ${summary()}${left}${note && `  ${note}`}\n`);
      },
      note(text) {
        note = text;
      },
      done(text = note) {
        stream.write(`  ${summary()}, ${seconds().toFixed(1)} s${text && `  ${text}`}\n`);
      },
    };
  }

  const bar = new SingleBar({
    stream,
    format: (_, params, payload) => {
      const width = 24;
      const filled = Math.round(params.progress * width);
      const left = params.progress > 0 ? (seconds() * (1 - params.progress)) / params.progress : 0;
      return `  ${name} ${"█".repeat(filled)}${"░".repeat(width - filled)} ${format(params.value)}/${format(total)} ${unit}  ${format(rate())}/s  ${left.toFixed(0)} s left  ${(payload as { note?: string }).note ?? ""}`;
    },
    hideCursor: true,
    fps: 10,
    clearOnComplete: true,
    gracefulExit: false,
  });
  bar.start(total, 0, { note });
  return {
    advance(n = 1) {
      count += n;
      bar.update(Math.min(count, total), { note });
    },
    note(text) {
      note = text;
    },
    done(text = note) {
      bar.stop();
      stream.write(`  ${summary()}, ${seconds().toFixed(1)} s${text && `  ${text}`}\n`);
    },
  };
}

function format(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString("en") : value.toFixed(value >= 10 || Number.isInteger(value) ? 0 : 1);
}
