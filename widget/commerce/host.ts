/** What the commerce chunk does for the tag. */
import type { EventItem } from "../../core/events.ts";
import type { Bridge } from "../bridge.ts";
import type { Decide, Refusal, Step, Word } from "../capture/recorder.ts";
import type { TrackResult } from "../store/journal.ts";

/** An explicit product of the shop's. */
export type GivenProduct = Partial<EventItem> & { currency?: string };

export interface Commerce {
  /** Makes an event of another's word, and records it unless another voice has told it. */
  take(word: Word): Promise<TrackResult | Refusal | void>;
  /** Those that are events, and none twice, of what another page was told; for words of this page see `take`. */
  mend(steps: Step[]): Step[];
  decide: Decide;
  /** Records the product of the page, with what the page itself says of it. */
  product(product: GivenProduct): Promise<unknown>;
  /** Looks what has come to the page since. @param event of the shopper's, where that was the reason */
  look(event?: Event): void;
  /** The view is over, or may be: what has been waited with is told. @param isHiding the document is left too */
  leave(isHiding?: boolean): void;
}
export interface CommerceChunk {
  start(bridge: Bridge): Commerce;
}
