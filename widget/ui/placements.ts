/** Finds the places for carousels, holds their space, and says when one nears the viewport. */
import type { PageType } from "../../core/events.ts";
import type { Placement } from "../../core/slate.ts";
import type { Slot } from "../bridge.ts";
import type { Faults } from "../faults.ts";
import { reserve } from "./space.ts";

/** The element that shops may write themselves, and that placements by selector are given. */
const ELEMENT = "endcap-carousel";
/** About one swipe before it is seen. */
const NEAR = "600px";
/** Carousels put in before the page does or becomes something else: beyond this, the shop takes them out on purpose. */
const PATIENCE = 8;

export interface PlacementWatch {
  /** Looks for what is placed on the page as it is now. */
  look(placements: readonly Placement[], page: PageType): void;
}

/** @param onNear called once for each place */
export function watchPlacements({ document, faults, onNear, onGone }: { document: Document; faults: Faults; onNear: (slot: Slot) => void; onGone: (slot: Slot) => void }): PlacementWatch {
  const slots = new Map<HTMLElement, Slot>();
  let wanted: readonly Placement[] = [];
  let type: PageType = "other";
  let patience = 0;
  const near = new IntersectionObserver(faults.guard("placements", (entries: IntersectionObserverEntry[]) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      near.unobserve(target);
      onNear(slots.get(target as HTMLElement)!);
    }
  }), { rootMargin: NEAR });

  const take = (host: HTMLElement, placement: Placement) => {
    const slot = { placement, host };
    slots.set(host, slot);
    reserve(host);
    near.observe(host);
  };
  const look = () => {
    for (const [host, slot] of slots) {
      if (host.isConnected && (slot.placement.page === type || !host.dataset["endcap"])) continue;
      near.unobserve(host);
      slots.delete(host);
      if (host.dataset["endcap"]) host.remove();
      onGone(slot);
    }
    for (const host of document.querySelectorAll<HTMLElement>(`${ELEMENT}[placement]`)) {
      const placement = wanted.find(({ id }) => id === host.getAttribute("placement"));
      if (placement && !slots.has(host)) take(host, placement);
    }
    for (const placement of wanted) {
      if (placement.page !== type || patience < 1 || [...slots.values()].some((slot) => slot.placement.id === placement.id)) continue;
      const anchor = document.querySelector(placement.selector);
      if (!anchor) continue;
      const host = document.createElement(ELEMENT);
      host.dataset["endcap"] = placement.id;
      patience -= 1;
      take(host, placement);
      anchor[placement.insert](host);
    }
  };

  let due = false;
  const lookSoon = faults.guard("placements", () => {
    if (due) return;
    due = true;
    requestAnimationFrame(faults.guard("placements", () => {
      due = false;
      look();
    }));
  });
  // Shops draw late, and single-page shops draw again.
  const changes = new MutationObserver(lookSoon);
  return {
    look(placements, page) {
      wanted = placements;
      type = page;
      patience = PATIENCE;
      changes.observe(document.documentElement, { childList: true, subtree: true });
      look();
    },
  };
}
