/** Tells what has changed in a cart that the shop itself answers for. */
import type { EventItem, EventSource } from "../../core/events.ts";
import { change } from "../store/shopper.ts";
import type { SystemsHost } from "./host.ts";

export interface CartLine {
  /** Every id that a data layer or a feed may know the line by, the one that pages use by default first; empty where it has none of a kind. */
  ids: string[];
  item: Omit<Partial<EventItem>, "item_id" | "quantity">;
  quantity: number;
}
export interface ShopCart {
  /** Of this cart: after an order, shops begin another one. */
  token: string;
  currency?: string | undefined;
  lines: CartLine[];
}
/** The cart as last seen on this device. */
interface SeenCart {
  token: string;
  /** Names by id: a thank-you page knows names only. */
  names: { [itemId: string]: string };
}

export interface CartWatch {
  /** Reads the cart and tells the difference. */
  look(): Promise<void>;
  /** Reads it soon: requests come in bursts. */
  lookSoon(): void;
}

/** Themes send several requests for one action. */
const SETTLE_MS = 250;

/**
 * @param read asks the shop; null where it does not answer
 * @param onCart called with each cart read, and the ids that its lines have
 */
export function watchCart(host: SystemsHost, source: EventSource, read: () => Promise<ShopCart | null>, onCart: (cart: ShopCart, items: EventItem[]) => void = () => {}): CartWatch {
  const { journal, faults, capture } = host;
  let seen: SeenCart | undefined;
  let turn = Promise.resolve();
  let timer: ReturnType<typeof setTimeout> | undefined;

  const look = async () => {
    await journal.ready();
    // Before consent nobody asks anything of anyone.
    if (!journal.mayStore()) return;
    const before = journal.shopper().cart;
    const cart = await read();
    if (!cart) return;
    const isFirst = !seen;
    const keeps = host.consent.grants().personalization;
    if (isFirst && keeps) seen = await readSeen(host);
    const items = nameLines(host, cart.lines, before);
    const next: SeenCart = { token: cart.token, names: Object.fromEntries(items.map(({ item_id, item_name }) => [item_id, item_name ?? ""])) };
    // A cart that nobody has seen before, or one that is empty on arrival, is taken as it is: who filled it, or took its goods, is unknown.
    if (seen && !(isFirst && cart.lines.length === 0)) {
      const { added, removed } = difference(seen.token === cart.token ? before : {}, items);
      const currency = cart.currency;
      if (added.length > 0) void capture("add_to_cart", { currency, value: valueOf(added), items: added }, source);
      if (removed.length > 0) void capture("remove_from_cart", { currency, items: removed }, source);
    }
    const contents: { [itemId: string]: number } = {};
    for (const { item_id, quantity } of items) contents[item_id] = (contents[item_id] ?? 0) + quantity!;
    // What somebody has told meanwhile is newer.
    if (seen || journal.shopper().cart === before) void journal.record(null, [change("cart", () => contents)]);
    seen = next;
    if (keeps) await journal.run((state) => void (state.cart = next));
    onCart(cart, items);
  };
  const inTurn = () => {
    clearTimeout(timer);
    timer = undefined;
    turn = turn.then(look).catch((error: unknown) => faults.note("cart", error));
    return turn;
  };
  return {
    look: inTurn,
    lookSoon: () => {
      timer ??= setTimeout(() => void inTurn(), SETTLE_MS);
    },
  };
}

/** What the device knows of the cart that it saw last. */
export async function readSeen({ journal }: Pick<SystemsHost, "journal">): Promise<SeenCart | undefined> {
  await journal.ready();
  return journal.run(({ cart }) => cart as SeenCart | undefined);
}

/** Gives each line the id by which this shopper's history knows it already. */
function nameLines({ journal, viewed }: SystemsHost, lines: readonly CartLine[], before: { [itemId: string]: number }): EventItem[] {
  const known = new Set<unknown>([...Object.keys(before), ...journal.shopper().history.map(({ item_id }) => item_id), ...(viewed()?.items ?? []).map(({ item_id }) => item_id)]);
  return lines.map(({ ids, item, quantity }) => ({ item_id: ids.find((id) => id && known.has(id)) ?? ids.find(Boolean)!, ...item, quantity }));
}

/** What has come and gone, with quantities; nothing where the shop's other voices name products in a way of their own. */
function difference(before: { [itemId: string]: number }, items: readonly EventItem[]): { added: EventItem[]; removed: EventItem[] } {
  const left = new Map(Object.entries(before));
  const added: EventItem[] = [];
  const removed: EventItem[] = [];
  let foreign = 0;
  for (const item of items) {
    const known = left.get(item.item_id);
    const more = item.quantity! - (known ?? 0);
    if (known === undefined) foreign += 1;
    left.delete(item.item_id);
    if (more > 0) added.push({ ...item, quantity: more });
    if (more < 0) removed.push({ ...item, quantity: -more });
  }
  if (foreign > 0 && left.size > 0) return { added: [], removed: [] };
  for (const [item_id, quantity] of left) removed.push({ item_id, quantity });
  return { added, removed };
}

function valueOf(items: readonly EventItem[]): number | undefined {
  return items.every(({ price }) => price !== undefined) ? items.reduce((sum, { price, quantity }) => sum + price! * quantity!, 0) : undefined;
}
