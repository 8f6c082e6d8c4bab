/** What the tag lends to the carousel chunk: the page's state, and the ways to act on it. */
import type { ShopConfig } from "../core/api.ts";
import type { Placement } from "../core/slate.ts";
import type { CurrentPage, Recorder } from "./capture/recorder.ts";
import type { TagAttributes } from "./config.ts";
import type { Consent } from "./consent.ts";
import type { Faults } from "./faults.ts";
import type { Reading } from "./reader/product.ts";
import type { Journal } from "./store/journal.ts";

/** A place on the page that a carousel may fill. */
export interface Slot {
  placement: Placement;
  /** Holds the carousel's space already. */
  host: HTMLElement;
}

export interface Bridge extends TagAttributes {
  engineFile: string;
  /** The database of the files that only carousels need; the tag knows it to delete it. */
  filesName: string;
  /** The database of the journal. */
  journalName: string;
  /** Of the shopper's own choice in localStorage. */
  choiceName: string;
  /** What the names of erasure requests in localStorage begin with; a client's id follows, its secret is the value. */
  erasureName: string;
  fetch: typeof globalThis.fetch;
  nowMs(): number;
  faults: Faults;
  consent: Consent;
  journal: Journal;
  recorder: Recorder;
  /** The newest configuration known. */
  config(): ShopConfig | undefined;
  page(): CurrentPage;
  /** What the page shows, as far as it has been read. */
  reading(): Reading | undefined;
  /** Sends what is not on its way yet, since the page may be left. */
  sendLeaving(): void;
  /** Wipes the device, and has the edge erase what it holds. */
  forget(): Promise<void>;
  identity(): Promise<IdentityChunk>;
  /** Opens the panel of what is kept and sent. */
  privacy(): Promise<void>;
  /** After everything that may change a ranking: history, cart, consent, page, configuration. */
  onChange(listener: () => void): void;
}

export type IdentityChunk = typeof import("./identity.ts");
export type ConsentChunk = typeof import("./consent/adapters.ts");
export type ReaderChunk = typeof import("./reader/reader.ts");
export type RedactionChunk = typeof import("./redaction.ts");
export type PanelChunk = typeof import("./panel/panel.tsx");
export type ListsChunk = typeof import("./lists/lists.ts");
export type FormsChunk = typeof import("./forms/forms.ts");

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
  startCarousels(bridge: Bridge): CarouselHost;
  /** Brings a database of the first layout into today's. */
  upgradeDatabase(name: string): Promise<void>;
}
