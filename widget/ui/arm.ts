/** Which side of the shop's experiment this visitor is on. */
import { ARMS, type Arm } from "../../core/events.ts";
import { drawArm } from "../../core/slate.ts";
import type { Bridge } from "../bridge.ts";

/** The attribute's, else the draw of the client's id: without an id, nobody is counted, and carousels are shown. */
export function armOf({ attributes, journal, config }: Pick<Bridge, "attributes" | "journal" | "config">): Arm {
  const forced = ARMS.find((arm) => arm === attributes["arm"]);
  const client = journal.client();
  const shop = config();
  return forced ?? (client && shop ? drawArm(shop.shop, client.id, shop.holdoutShare) : "treatment");
}
