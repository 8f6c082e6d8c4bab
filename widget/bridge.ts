/** What the tag lends to the carousel chunk: the page's state, and the ways to act on it. */
import type { ShopConfig } from "../core/api.ts";
import type { Placement } from "../core/slate.ts";
import type { EventName, PageType } from "../core/events.ts";
import type { appendView } from "../core/history.ts";
import type { CurrentPage, Recorder } from "./capture/recorder.ts";
import type { Commerce, CommerceChunk } from "./commerce/host.ts";
import type { TagAttributes } from "./config.ts";
import type { Consent } from "./consent.ts";
import type { Faults } from "./faults.ts";
import type { Reading } from "./reader/product.ts";
import type { Journal } from "./store/journal.ts";
import type { SystemsChunk } from "./systems/host.ts";
import type { Flusher } from "./sync/flusher.ts";

/** A place on the page that a carousel may fill. */
export interface Slot {
  placement: Placement;
  /** Holds the carousel's space already. */
  host: HTMLElement;
}

export interface Bridge extends TagAttributes {
  fetch: typeof globalThis.fetch;
  nowMs(): number;
  faults: Faults;
  consent: Consent;
  journal: Journal;
  recorder: Recorder;
  /** The newest configuration known. */
  config(): ShopConfig | undefined;
  page(): CurrentPage;
  /** What is known of the page view beside the document; another object for each view. */
  view(): View;
  /** Records the product that has been read of a view, where no voice has told one. @param remember adds it to the history */
  tellView(view: View, remember: typeof appendView): unknown;
  /** Looks again what the page is, after more is known of its view. */
  redescribe(): void;
  flusher: Flusher;
  /** Wipes the device, and has the edge erase what it holds. */
  forget(): Promise<void>;
  /** Fetches a chunk, or has it already. */
  load<N extends keyof Chunks>(name: N): Promise<Chunks[N]>;
  /** Opens the panel of what is kept and sent. */
  privacy(): Promise<void>;
  /** After everything that may change a ranking: history, cart, consent, page, configuration. */
  onChange(listener: () => void): void;
  /** Calls those listeners. */
  announce(): void;
  /** Whether nothing may be recorded on this page. */
  offLimits(): boolean;
  loadCommerce(): Promise<Commerce>;
}

/** What a page view has come to, beside what the document says. */
export interface View {
  /** Names of events that voices have told. */
  told: EventName[];
  /** What they say that the page is, and which product it shows. */
  type?: PageType | undefined;
  itemId?: string | undefined;
  /** The reader has been asked. */
  isRead?: boolean;
  reading?: Reading | undefined;
  /** What has been recorded as a view of the product without any voice's word. */
  seen?: Reading | undefined;
  /** The product of the view before, which a single-page shop may still show. */
  staleId?: string | undefined;
  /** Has the reader tell what it knows, as the view is over, or may be. */
  leave?: () => void;
}

/** What pages fetch beyond the tag, by its name in the build. */
export interface Chunks {
  carousel: CarouselChunk;
  commerce: CommerceChunk;
  consent: typeof import("./consent/adapters.ts");
  history: typeof import("./capture/history.ts");
  forms: typeof import("./forms/forms.ts");
  identity: typeof import("./identity.ts");
  lists: typeof import("./lists/lists.ts");
  panel: typeof import("./panel/panel.tsx");
  placements: typeof import("./ui/placements.ts");
  reader: typeof import("./reader/reader.ts");
  redaction: RedactionChunk;
  refusal: typeof import("./sync/refusal.ts");
  systems: SystemsChunk;
  trouble: typeof import("./trouble/trouble.ts");
}
export type RedactionChunk = typeof import("./redaction.ts");

/** What the carousel chunk gives back. */
export interface CarouselHost {
  /** Draws a carousel, once the arm and the shelf are known. */
  fill(slot: Slot): Promise<void>;
  /** Takes a carousel away whose place has left the page. */
  clear(slot: Slot): void;
  /** The ranking of a placement; null where there is no such placement, or nothing to rank. */
  recommend(placement: string): Promise<unknown>;
  diagnostics(): Promise<object>;
}
export interface CarouselChunk {
  start(bridge: Bridge): CarouselHost;
}
