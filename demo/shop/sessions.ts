/** What the shop remembers of a visitor between requests, in memory, behind a cookie that only it can read. */
import { createId } from "../../core/ids.ts";
import type { DataLayerEvent } from "./analytics.ts";
import type { Cart } from "./cart.ts";
import type { Address, Order } from "./pages/order.ts";

export interface Session {
  cart: Cart;
  email: string | null;
  address: Address | null;
  orders: Order[];
  /** Data layer events of forms that were sent without JavaScript; the next page pushes them. */
  pending: DataLayerEvent[];
}

export interface Sessions {
  /** @returns the visitor's session, or an empty one that is kept only once `keep` is called */
  find(cookieHeader: string | undefined): { session: Session; id: string | null };
  /** Remembers a session; the answer is the `Set-Cookie` value when the visitor has none yet. */
  keep(session: Session, id: string | null): string | null;
}

const COOKIE = "shop_session";
/** Beyond this the visitor who has been away the longest is forgotten. */
const MAX_SESSIONS = 20_000;

export function createSessions(): Sessions {
  const sessions = new Map<string, Session>();
  return {
    find(cookieHeader) {
      const id = cookieHeader?.split(/; */).find((part) => part.startsWith(`${COOKIE}=`))?.slice(COOKIE.length + 1) ?? null;
      const session = id === null ? undefined : sessions.get(id);
      if (id === null || !session) return { session: { cart: new Map(), email: null, address: null, orders: [], pending: [] }, id: null };
      // The map's order is the order of last use.
      sessions.delete(id);
      sessions.set(id, session);
      return { session, id };
    },
    keep(session, id) {
      if (id !== null && sessions.get(id) === session) return null;
      const fresh = createId();
      sessions.set(fresh, session);
      if (sessions.size > MAX_SESSIONS) sessions.delete(sessions.keys().next().value!);
      return `${COOKIE}=${fresh}; Path=/; HttpOnly; SameSite=Lax`;
    },
  };
}
