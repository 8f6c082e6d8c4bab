/** Brings what happens into the journal: identified nobody, numbered once, and waited for where something is still on its way. */
import type { EventName, EventSource, PageType } from "../../core/events.ts";
import { isSuspicious } from "../../core/suspicion.ts";
import type { Bridge, RedactionChunk } from "../bridge.ts";
import type { Commerce } from "../commerce/host.ts";
import { toJson } from "../json.ts";
import type { Recorded, RecordedEvent, TrackResult } from "../store/journal.ts";
import type { Change, Shopper } from "../store/shopper.ts";

/** Who tells of an action: a source, or one of the data layer's further ways of writing. */
export type Voice = EventSource | "gtag" | "universal";

export interface CurrentPage {
  type: PageType;
  path: string;
  /** The product of a product page. */
  itemId?: string | undefined;
}

/** What has happened, before it is known whether it has been recorded already and which click led to it. */
export interface Step {
  name: EventName;
  /** An event's; of a voice's raw word whatever it has told. */
  params: object;
  atMs: number;
  on: CurrentPage;
  source?: EventSource | undefined;
  /** Whose word it is, as long as no event has been made of it. */
  voice?: Voice | undefined;
  /** The cart's contents, or a list of products, were told at all. */
  listsItems?: boolean;
}
/** A voice's raw word. */
export type Word = Step & { voice: Voice };
export type Refusal = { ok: false; reason: "unknown-event" | "malformed" | "repeated" | "off-limits" };
/** What is to be recorded of a step, given what is known of the shopper: itself, or more, or nothing, each with its changes. */
export type Decide = (step: Step, shopper: Shopper) => [Step, Change[]][];

export interface Recorder {
  /** Records an event as it is, with the changes that it makes. @param source who told of it, if not the tag itself */
  record(name: EventName, params: object, changes?: Change[], source?: EventSource): Promise<TrackResult | Refusal>;
  /** Records what is decided of a step once the shopper is known. @returns what became of it; a refusal where that is nothing */
  take(step: Step, decide: Decide): Promise<TrackResult | Refusal>;
  /** Takes a voice's word, of which the commerce chunk makes what it can. @returns what became of it */
  hear(name: EventName, params: object, voice: Voice): Promise<TrackResult | Refusal | void>;
  /** What waits, to be left to the next page: this one is over. */
  undecided(): Step[];
  /** Makes events of what closed pages have left. @returns undefined where that needs what is not here yet: the journal is asked to exchange again when it is */
  prepare(steps: Step[]): Step[] | undefined;
  /** What is to be recorded of a prepared step. */
  decide(step: Step, shopper: Shopper): Recorded[];
}

/** What needs no second look: numbers, the catalogue's own ids and a login's hash; and what follows a click cannot wait. */
const CLEAN = /^(rec|web|user|login)/;

export function createRecorder({ journal, page, offLimits, loadCommerce, load, faults, nowMs }: Pick<Bridge, "journal" | "page" | "offLimits" | "loadCommerce" | "load" | "faults" | "nowMs">): Recorder {
  let redaction: RedactionChunk | undefined;
  let commerce: Commerce | undefined;
  /** Words wait for the chunk that knows what to make of them; steps for the disk, or for the chunk that knows how to redact them. */
  let waiting: { step: Step; decide?: Decide | undefined; resolve(result: unknown): void }[] = [];
  let isSettling = false;

  const eventOf = ({ name, params, source, atMs, on: { type, path } }: Step): RecordedEvent =>
    ({ name, occurredAtMs: atMs, source, page: { type, path: redaction ? redaction.redactPath(path) : isSuspicious(path) ? undefined : path }, params: redaction ? redaction.redactParams(params) : params });
  const isUnclear = ({ params, on }: Step) => !redaction && isSuspicious(toJson(params) + on.path);
  /** Fetches what these need. @returns whether all of it is here */
  const equip = async (steps: Step[], needsCommerce?: unknown) => {
    try {
      if (needsCommerce) commerce ??= await loadCommerce();
      if (steps.some(isUnclear)) redaction = await load("redaction");
      return true;
    } catch (error) {
      faults.note("equip", error);
    }
  };
  const write = (step: Step, decide: Decide): unknown => decide(step, journal.shopper()).map(([step, changes]) => journal.record(eventOf(step), changes))[0] ?? refuse("repeated");
  const settle = async () => {
    await journal.ready();
    await equip(waiting.map(({ step }) => step), waiting.some(({ decide }) => !decide));
    isSettling = false;
    for (const each of waiting.splice(0)) {
      const { step, decide, resolve } = each;
      if (decide ? isUnclear(step) : !commerce) waiting.push(each);
      else resolve(decide ? write(step, decide) : commerce!.take(step as Word));
    }
  };
  const wait = (step: Step, decide?: Decide) => new Promise<unknown>((resolve) => {
    waiting.push({ step, decide, resolve });
    if (!isSettling) faults.watch("settle", settle());
    isSettling = true;
  });

  return {
    async record(name, params, changes = [], source) {
      const step = { name, params, source, atMs: nowMs(), on: page() };
      const decide: Decide = () => [[step, changes]];
      return offLimits() ? refuse("off-limits") : isUnclear(step) && !CLEAN.test(name) ? wait(step, decide) : write(step, decide);
    },
    take: async (step, decide) => (journal.isLoading() || isSettling || isUnclear(step) ? wait : write)(step, decide),
    async hear(name, params, voice) {
      // The shop may go on to change what it has told.
      const word = { name, params: JSON.parse(toJson(params)), voice, atMs: nowMs(), on: page() };
      return offLimits() ? refuse("off-limits") : commerce && !isSettling ? commerce.take(word) : wait(word);
    },
    undecided: () => waiting.splice(0).map(({ step }) => step),
    prepare(steps) {
      const made = steps[0] && commerce ? commerce.mend(steps) : steps;
      if ((steps[0] && !commerce) || made.some(isUnclear)) void equip(made, steps[0]).then((isReady) => isReady && journal.exchange());
      else return made;
    },
    decide: (step, shopper) => commerce!.decide(step, shopper).map(([step, changes]) => ({ event: eventOf(step), changes })),
  } as Recorder;
}

function refuse(reason: Refusal["reason"]): Refusal {
  return { ok: false, reason };
}
