/** What the tag lends to the carousel chunk: the page's state, and the ways to act on it. */
import type { ShopConfig } from "../core/api.ts";
import type { Arm, EventName, SlateParams } from "../core/events.ts";
import type { Placement } from "../core/slate.ts";
import type { CurrentPage } from "./capture/recorder.ts";
import type { ForcedBackend } from "./config.ts";
import type { Grants } from "./consent.ts";
import type { Faults } from "./faults.ts";
import type { Database } from "./store/database.ts";
import type { Shopper } from "./store/shopper.ts";

/** A place on the page that a carousel may fill. */
export interface Slot {
  placement: Placement;
  /** Holds the carousel's space already. */
  host: HTMLElement;
}

export interface Bridge {
  edge: string;
  key: string;
  signers: string[];
  engineUrl: string;
  backend?: ForcedBackend;
  fetch: typeof globalThis.fetch;
  nowMs(): number;
  faults: Faults;
  /** The newest configuration known. */
  config(): ShopConfig;
  page(): CurrentPage;
  shopper(): Shopper;
  arm(): Arm;
  grants(): Grants;
  database(): Database;
  track(name: EventName, params: SlateParams): void;
  /** Records a click and sends it before the page is left. */
  clicked(slate: SlateParams): void;
  dismissed(slate: SlateParams): void;
  /** After everything that may change a ranking: history, cart, consent, page, configuration. */
  onChange(listener: () => void): void;
}

/** What the carousel chunk gives back. */
export interface CarouselHost {
  /** Draws a carousel, once the arm and the shelf are known. */
  fill(slot: Slot): Promise<void>;
  /** Takes a carousel away whose place has left the page. */
  clear(slot: Slot): void;
  recommend(placement: Placement): Promise<unknown>;
  diagnostics(): object;
}
export type StartCarousels = (bridge: Bridge) => CarouselHost;
