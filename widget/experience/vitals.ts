/** Core Web Vitals of one page view, by the rules of the `web-vitals` library, against which a test holds them. */
import type { EventParams } from "../../core/events.ts";

/** Largest contentful paint, layout shift, event, first input, paint: shorter than their names. */
const TYPES = /^(lar|lay|ev|first-i|paint)/;
/** Interactions are told of from two and a half frames on. */
const SLOW_MS = 40;
const SESSION_GAP_MS = 1_000;
const SESSION_MS = 5_000;

/** What entries of the types read have, each its own part of it. */
interface Entry extends PerformanceEntry {
  value?: number;
  hadRecentInput?: boolean;
  interactionId?: number;
  activationStart?: number;
  responseStart?: number;
}
/** When the page was answered, first painted and mostly painted; a view within a page has none of it. */
interface Paints {
  b?: number;
  c?: number;
  t?: number;
}

export interface Vitals {
  /** The view's figures as of now; a page hidden before it painted has none about painting. */
  read(): EventParams<"web_vitals">;
  /** Another view begins. @param restoredMs when the browser brought the page back; absent where a single-page shop shows another page */
  restart(restoredMs?: number): void;
}

export function watchVitals(): Vitals {
  const [navigation] = performance.getEntriesByType("navigation") as Entry[];
  let paints: Paints = { b: navigation?.responseStart || undefined };
  /** The longest delay of each slow interaction. */
  let delays = new Map<number, number>();
  let countedBefore = 0;
  let cls = 0;
  let shift = 0;
  let shiftFirstMs = 0;
  let shiftLastMs = 0;
  /** What times count from; of a page drawn in advance, when it was shown, which may be still to come. */
  let zeroMs: number | undefined;
  const zero = () => zeroMs ?? navigation?.activationStart ?? 0;
  // One shown later paints late; one drawn in advance is hidden too, and is measured once it is shown.
  const hidden = document.hidden && !(document as { prerendering?: boolean }).prerendering;

  const take = ({ entryType, name, startTime, duration, value, hadRecentInput, interactionId }: Entry) => {
    if (value !== undefined) {
      if (hadRecentInput) return;
      if (!shift || startTime - shiftLastMs >= SESSION_GAP_MS || startTime - shiftFirstMs >= SESSION_MS) {
        shift = 0;
        shiftFirstMs = startTime;
      }
      shiftLastMs = startTime;
      cls = Math.max(cls, (shift += value));
    } else if (interactionId === undefined) {
      // The seventh letter tells "first-paint", "first-contentful-paint" and "largest-contentful-paint" apart.
      if (!hidden) paints[(name || entryType)[6] as keyof Paints] = startTime;
    } else if (interactionId) delays.set(interactionId, Math.max(delays.get(interactionId) ?? 0, duration));
  };
  const observer = new PerformanceObserver((list) => list.getEntries().forEach(take));
  for (const type of PerformanceObserver.supportedEntryTypes) if (TYPES.test(type)) observer.observe({ type, buffered: true, durationThreshold: SLOW_MS } as PerformanceObserverInit);

  const counted = () => (performance as { interactionCount?: number }).interactionCount ?? 0;
  const since = (ms?: number) => (ms === undefined ? ms : Math.round(Math.max(ms - zero(), 0)));
  return {
    read() {
      observer.takeRecords().forEach(take);
      const { b, c, t } = paints;
      const interactions = counted() - countedBefore;
      const longest = [...delays.values()].sort((one, other) => other - one);
      return {
        lcp: since(t),
        // One of fifty is forgiven, of those ten that the library keeps; without slow ones, all were faster than it is told of.
        inp: longest[Math.min(longest.length - 1, 9, Math.floor(interactions / 50))] ?? (interactions ? 8 : undefined),
        fcp: since(c),
        ttfb: since(b),
        // What is not painted does not shift.
        cls: b && !c ? undefined : +cls.toFixed(6),
      };
    },
    restart(restoredMs) {
      paints = { b: (zeroMs = restoredMs) };
      delays = new Map();
      countedBefore = counted();
      cls = shift = 0;
      if (restoredMs) requestAnimationFrame(() => requestAnimationFrame(() => (paints.c = paints.t = performance.now())));
    },
  };
}
