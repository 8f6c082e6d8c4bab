/** How long a page view has had the shopper's attention, and how much of the page was seen. */
import { SESSION_TIMEOUT_MS, type EventParams } from "../../core/events.ts";
import type { Listen } from "./experience.ts";

export interface Attention {
  /** What has come together since it was last asked, or since another view began. */
  take(): EventParams<"user_engagement">;
  /** Another view begins. */
  restart(): void;
}

/** As in GA4, time counts while the page is in view and in focus. */
export function watchAttention(listen: Listen): Attention {
  let attentiveMs = 0;
  /** Not a number while nobody looks. */
  let sinceMs = NaN;
  /** The lowest that has been in view, in pixels from the page's top. */
  let seen = 0;
  const look = () => {
    const nowMs = performance.now();
    attentiveMs += nowMs - sinceMs || 0;
    sinceMs = document.hasFocus() && !document.hidden ? nowMs : NaN;
    seen = Math.max(seen, scrollY + innerHeight);
  };
  for (const type of ["focus", "blur", "visibilitychange", "scroll"]) listen(window, type, look);
  look();
  return {
    take() {
      look();
      // A page left open on a desk is not looked at for longer than a session lasts.
      const engagement_time_msec = Math.round(Math.min(attentiveMs, SESSION_TIMEOUT_MS));
      attentiveMs = 0;
      return { engagement_time_msec, percent_scrolled: Math.round(Math.min(100, (100 * seen) / document.documentElement.scrollHeight)) };
    },
    restart() {
      attentiveMs = seen = 0;
    },
  };
}
