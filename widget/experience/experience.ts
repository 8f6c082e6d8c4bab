/** What the tag itself sees of a page view: attention, errors and clicks, and the first sign of life, upon which the rest is measured. */
import type { Bridge } from "../bridge.ts";
import { watchAttention } from "./attention.ts";

/** Adds a listener that never throws and runs before those of the shop. */
export type Listen = (target: EventTarget, type: string, listener: (event: Event) => void) => void;

/** What the trouble chunk watches of a page. */
export interface Trouble {
  /**
   * Judges a click or an error of the page's.
   * @param path what a click went through, innermost first
   */
  take(event: Event, path: EventTarget[]): void;
  /** Records Web Vitals, and what it has been waiting with: the view is left. */
  leave(): void;
  /**
   * Another view has begun.
   * @param sinceMs when, in the page's time; what came before counts no more
   * @param restoredMs when the browser brought the page back; absent where a single-page shop shows another page
   */
  restart(sinceMs: number, restoredMs?: number): void;
}

export interface Experience {
  /** Has all of it measured, with what the browser has noted so far. */
  begin(): void;
  /** Records what the view has come to, which may go on after all. */
  leave(): void;
  /** Another view begins. @param restoredMs see Trouble */
  restart(restoredMs?: number): void;
}

/** Where the shop says `data-experience="off"`, it wants to know about attention only. */
export function watchExperience(bridge: Bridge, listen: Listen): Experience {
  const { attributes, faults, page, recorder } = bridge;
  const isFull = attributes["experience"] !== "off";
  const attention = watchAttention(listen);
  let trouble: Trouble | undefined;
  let starting: Promise<Trouble> | undefined;
  let began: [sinceMs: number, restoredMs?: number] | undefined;
  const start = () => (starting ??= bridge.load("trouble").then((chunk) => {
    trouble = chunk.start(bridge);
    if (began) trouble.restart(...began);
    return trouble;
  }));
  const begin = () => isFull && faults.watch("trouble", start());

  if (isFull) {
    const hand = (event: Event) => {
      const path = event.composedPath();
      faults.watch("trouble", start().then((chunk) => chunk.take(event, path)));
    };
    // Mostly what comes before a click, so that the chunk is there to see whether the page answers.
    for (const type of ["pointerover", "keydown", "scroll"]) listen(window, type, begin);
    listen(window, "click", hand);
    // What does not load says so too, but to its element.
    for (const type of ["error", "unhandledrejection"]) listen(window, type, (event) => event.target === window && hand(event));
  }

  return {
    begin,
    leave() {
      trouble?.leave();
      const { itemId } = page();
      const engagement = attention.take();
      if (engagement.engagement_time_msec) void recorder.record("user_engagement", { ...engagement, items: itemId && [{ item_id: itemId }] });
    },
    restart(restoredMs) {
      attention.restart();
      began = [performance.now(), restoredMs];
      trouble?.restart(...began);
    },
  };
}
