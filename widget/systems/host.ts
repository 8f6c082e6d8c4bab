/** What the tag and the chunk of shop systems lend to each other. */
import type { EventItem, ShopEventName } from "../../core/events.ts";
import type { Bridge } from "../bridge.ts";
import type { Voice } from "../capture/recorder.ts";

export interface SystemsHost extends Bridge {
  /** Records what a voice tells, unless another voice has told it; refuses what makes no event. */
  capture(name: ShopEventName, params: Record<string, unknown>, voice: Voice): Promise<unknown>;
  /** The last product that any voice has told of on this page. */
  viewed(): { items?: Partial<EventItem>[]; currency?: string } | undefined;
}

export interface Systems {
  /** Takes a push of Universal Analytics' e-commerce. */
  legacy(ecommerce: Record<string, unknown>): void;
  /** Another page of a single-page shop begins. */
  turnPage(): void;
  /** The page is left: what has waited for a more trusted voice is told now. */
  leave(): void;
}
export interface SystemsChunk {
  startSystems(host: SystemsHost): Systems;
}
