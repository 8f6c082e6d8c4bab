/** What the tag itself sees of a page view: attention, Web Vitals, and the first signs of trouble. */
import type { EventName } from "../../core/events.ts";
import type { CurrentPage } from "../capture/recorder.ts";
import type { Faults } from "../faults.ts";
import { watchAttention } from "./attention.ts";
import { watchVitals, type Vitals } from "./vitals.ts";

/** Adds a listener that never throws and runs before those of the shop. */
export type Listen = (target: EventTarget, type: string, listener: (event: Event) => void) => void;
export type RecordEvent = (name: EventName, params: object) => void;

export interface TroubleChunk {
  /**
   * Judges a click or an error of the page's.
   * @param path what a click went through, innermost first; emptied once the page has answered it
   */
  take(event: Event, path: EventTarget[], record: RecordEvent, faults: Faults): void;
  /** Records what it has been waiting with: the page is left. */
  leave(): void;
}

export interface Experience {
  /** Records what the view has come to, which may go on after all. */
  leave(): void;
  /** Another view begins. @param restoredMs as vitals know it */
  restart(restoredMs?: number): void;
}

export interface ExperienceOptions {
  faults: Faults;
  listen: Listen;
  record: RecordEvent;
  page: () => CurrentPage;
  /** Undefined where the shop wants to know about attention only. */
  loadTrouble: (() => Promise<TroubleChunk>) | false;
}

export function watchExperience({ faults, listen, record, page, loadTrouble }: ExperienceOptions): Experience {
  const attention = watchAttention(listen);
  let vitals: Vitals | undefined;
  let trouble: TroubleChunk | undefined;
  let told = false;

  if (loadTrouble) {
    faults.guard("vitals", () => (vitals = watchVitals()))();
    let chunk: Promise<TroubleChunk> | undefined;
    const hand = (event: Event) => {
      const path = event.composedPath();
      // Before the chunk is there: the page may answer at once.
      const answered = () => {
        path.length = 0;
        changes.disconnect();
      };
      const changes = new MutationObserver(answered);
      // Documents and shadow roots; what is in a shadow root is observed from there only.
      for (const node of path as Node[]) if (node.nodeType > 8) changes.observe(node, { subtree: true, childList: true, attributes: true, characterData: true });
      addEventListener("scroll", answered, { capture: true, once: true });
      faults.watch("trouble", (chunk ??= loadTrouble()).then((loaded) => (trouble = loaded).take(event, path, record, faults)));
    };
    listen(window, "click", hand);
    // What does not load says so too, but to its element.
    for (const type of ["error", "unhandledrejection"]) listen(window, type, (event) => event.target === window && hand(event));
  }

  return {
    leave() {
      trouble?.leave();
      const { itemId } = page();
      const engagement = attention.take();
      if (engagement.engagement_time_msec) record("user_engagement", { ...engagement, items: itemId && [{ item_id: itemId }] });
      if (vitals && !told) record("web_vitals", vitals.read());
      told = true;
    },
    restart(restoredMs) {
      attention.restart();
      vitals?.restart(restoredMs);
      told = false;
    },
  };
}
