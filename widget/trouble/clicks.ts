/** Tells rage clicks and dead clicks from those that do something. When in doubt, a click has done something. */
import type { RecordEvent } from "../experience/experience.ts";
import type { Faults } from "../faults.ts";
import { elementPath } from "./element.ts";

/** As many clicks in a row that nothing answers are rage; three select a paragraph. */
const RAGE_CLICKS = 4;
const RAGE_GAP_MS = 500;
const RAGE_PX = 30;
/** A page that is silent for this long after a click has not heard it. */
const DEAD_MS = 3_000;
/** A timer this late was held up by a dialog of the browser's, a long task or a suspended tab. */
const LATE_MS = 500;

const CLICKABLE = "a,button,summary,[onclick],[role=button],[role=link],[role=tab],[role=menuitem],[role=option],[role=switch]";
/** What answers without changing the page, or is chosen already. */
const SILENT = ["input", "select", "textarea", "label", "option", "video", "audio", "canvas", "iframe", "object", "embed", "[contenteditable]", "[download]", "[target]", "[disabled]"]
  .concat(["current", "selected", "checked", "pressed", "disabled"].map((state) => `[aria-${state}]:not([aria-${state}=false])`))
  .concat(["active", "current", "selected", "disabled"].map((name) => `[class*=${name} i]`)).join();
/** A link that leads nowhere by itself. */
const NOWHERE = /^\s*(#|javascript:.*)?$/is;

interface Watched {
  event: MouseEvent;
  /** Emptied once the page has answered. */
  path: EventTarget[];
  /** What the click went through, kept. */
  through: Element[];
}

export interface Clicks {
  /** @param path emptied once the page has answered */
  take(event: MouseEvent, path: EventTarget[]): void;
  /** Nothing more will come of the last clicks. */
  leave(): void;
}

export function watchClicks({ edge, record, faults }: { edge: string; record: RecordEvent; faults: Faults }): Clicks {
  /** Clicks on one spot, each soon after the one before. */
  let burst: Watched[] = [];
  let ending: ReturnType<typeof setTimeout> | undefined;
  /** When the page last asked for anything, be it for another page. */
  let askedMs = 0;
  const asked = () => {
    askedMs = performance.now();
  };
  const note = ({ name, startTime }: PerformanceEntry) => {
    if (!name.startsWith(edge)) askedMs = Math.max(askedMs, startTime);
  };
  const network = new PerformanceObserver((list) => list.getEntries().forEach(note));
  network.observe({ type: "resource", buffered: true });

  const endBurst = faults.guard("rage click", () => {
    clearTimeout(ending);
    const unanswered = burst.filter(({ path }) => path.length > 0);
    if (unanswered.length >= RAGE_CLICKS) record("rage_click", { element: elementPath(burst[0]!.through[0]!), clicks: burst.length });
    burst = [];
  });

  const judge = faults.guard("dead click", (click: Watched) => {
    const { event, path, through } = click;
    const late = performance.now() - event.timeStamp > DEAD_MS + LATE_MS;
    if (path.length === 0 || late || document.hidden || !document.hasFocus() || getSelection()?.isCollapsed === false) return;
    network.takeRecords().forEach(note);
    // A request begins right after the click, and its entry only tells when; a millisecond is lost to rounding.
    if (askedMs >= event.timeStamp - 1) return;
    const { activeElement } = document;
    if (activeElement && activeElement !== document.body && !through.includes(activeElement)) return;
    const clickable = through.find((element) => element.matches(CLICKABLE)) ?? through.findLast((element) => getComputedStyle(element).cursor === "pointer");
    // Where all of the page looks clickable, nothing does.
    if (!clickable || clickable.contains(document.body) || through.slice(0, through.indexOf(clickable) + 1).some((element) => element.matches(SILENT)) || clickable.closest("label") || clickable.querySelector(SILENT)) return;
    const href = through.find((element) => element.matches("a[href]"))?.getAttribute("href");
    // A link that is followed is answered by the next page, however long that takes.
    if (typeof href === "string" && !event.defaultPrevented && !NOWHERE.test(href)) return;
    record("dead_click", { element: elementPath(clickable) });
  });

  return {
    leave: () => endBurst(),
    take(event, path) {
      const { isTrusted, button, detail, metaKey, ctrlKey, shiftKey, altKey } = event;
      const through = path.filter((node): node is Element => (node as Node).nodeType === 1);
      // Without `detail` it was the keyboard, or a label that passes its click on.
      if (!isTrusted || button || !detail || metaKey || ctrlKey || shiftKey || altKey || through.length === 0) return;
      const click: Watched = { event, path, through };
      const last = burst.at(-1)?.event;
      const goesOn = last && event.timeStamp - last.timeStamp <= RAGE_GAP_MS && Math.hypot(event.clientX - burst[0]!.event.clientX, event.clientY - burst[0]!.event.clientY) <= RAGE_PX;
      if (last && !goesOn) endBurst();
      burst.push(click);
      clearTimeout(ending);
      ending = setTimeout(endBurst, RAGE_GAP_MS);
      // Of a burst the first click speaks for all: it has had the most time.
      if (burst.length === 1) setTimeout(judge, DEAD_MS - (performance.now() - event.timeStamp), click);
      // For no longer than needed: some browsers keep no page that listens for it.
      addEventListener("beforeunload", asked, { signal: AbortSignal.timeout(DEAD_MS) });
    },
  };
}
