/** Lets what the page merely suggests wait for a voice that knows. */
import type { EventSource, ShopEventName } from "../../core/events.ts";
import type { SystemsHost } from "./host.ts";

/** Data layers are pushed to, and carts answered for, within this time of a click. */
export const HOLD_MS = 2_000;

/** The sources that wait, in the order of EVENT_SOURCES; naming them here keeps the schemas out of this chunk. */
const WAITING = ["woocommerce", "json-ld", "page"] as const satisfies readonly EventSource[];
type WaitingSource = (typeof WAITING)[number];

export interface Hold {
  /** Tells it once the time is over, unless a more trusted voice that waits here tells the same. */
  tell(name: ShopEventName, params: Record<string, unknown>, source: WaitingSource): void;
  /** Takes back what less trusted voices have said of an action: this one is told elsewhere, at once. */
  overrule(name: ShopEventName, source: EventSource): void;
  /** Tells everything now. */
  release(): void;
}

/** Other voices than those that wait here are weighed by the recorder, which knows them all. */
export function createHold({ capture }: Pick<SystemsHost, "capture">): Hold {
  let waiting: { name: ShopEventName; source: WaitingSource; tell: () => void; timer: ReturnType<typeof setTimeout> }[] = [];
  /** Those that do not wait are all before them. */
  const rank = (source: EventSource) => (WAITING as readonly EventSource[]).indexOf(source);
  /** The first that waits with this name and satisfies the rest leaves the queue. */
  const take = (name: ShopEventName, matches: (source: EventSource) => boolean): boolean => {
    const found = waiting.find((one) => one.name === name && matches(one.source));
    if (!found) return false;
    clearTimeout(found.timer);
    waiting = waiting.filter((one) => one !== found);
    return true;
  };
  const overrule = (name: ShopEventName, source: EventSource) => void take(name, (other) => rank(other) > rank(source));
  return {
    overrule,
    tell(name, params, source) {
      overrule(name, source);
      const one = {
        name, source,
        tell: () => void capture(name, params, source),
        timer: setTimeout(() => {
          waiting = waiting.filter((other) => other !== one);
          one.tell();
        }, HOLD_MS),
      };
      waiting.push(one);
    },
    release() {
      const all = waiting.sort((a, b) => rank(a.source) - rank(b.source));
      waiting = [];
      for (const { timer, tell } of all) {
        clearTimeout(timer);
        tell();
      }
    },
  };
}
