/** Counts a slate as viewed: half of it visible for a second, the Media Rating Council's standard for display. */

const VISIBLE_SHARE = 0.5;
const VISIBLE_MS = 1_000;

export interface Impressions {
  /** Calls back once the host has been visible for long enough, from now on. */
  watch(host: HTMLElement, onViewed: () => void): void;
  unwatch(host: HTMLElement): void;
}

export function createImpressions(): Impressions {
  const pending = new Map<Element, { onViewed: () => void; timer?: ReturnType<typeof setTimeout> }>();
  const observer = new IntersectionObserver((entries) => {
    for (const { target, intersectionRatio } of entries) {
      const watched = pending.get(target);
      if (!watched) continue;
      clearTimeout(watched.timer);
      if (intersectionRatio >= VISIBLE_SHARE) watched.timer = setTimeout(() => viewed(target as HTMLElement), VISIBLE_MS);
    }
  }, { threshold: VISIBLE_SHARE });
  const unwatch = (host: Element) => {
    clearTimeout(pending.get(host)?.timer);
    pending.delete(host);
    observer.unobserve(host);
  };
  const viewed = (host: HTMLElement) => {
    const watched = pending.get(host);
    if (!watched) return;
    // A tab in the background shows nothing; its second begins when it comes back.
    if (document.visibilityState === "hidden") return document.addEventListener("visibilitychange", () => again(host), { once: true });
    unwatch(host);
    watched.onViewed();
  };
  const again = (host: HTMLElement) => {
    if (!pending.has(host)) return;
    observer.unobserve(host);
    observer.observe(host);
  };
  return {
    watch(host, onViewed) {
      unwatch(host);
      pending.set(host, { onViewed });
      observer.observe(host);
    },
    unwatch,
  };
}
