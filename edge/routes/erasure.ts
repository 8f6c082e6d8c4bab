/** Erasure: the shopper's own wish, and the shop's. Answered with a receipt, once nothing is left. */
import { ERASURE_SCHEMA, routes, WRONG_SECRET, type ErasureReceipt, type PersonErasure } from "../../core/api.ts";
import { ID_PATTERN, sha256Hex, SHA256_PATTERN } from "../../core/ids.ts";
import { merchantOnly } from "../access.ts";
import type { App, Services } from "../app.ts";
import { networkOf } from "../rate-limit.ts";
import { publicPost } from "../public-post.ts";
import { refuse } from "../refusal.ts";
import { shardsOf } from "../shards.ts";

const MAX_REQUEST_BYTES = 1024;
/** Each may rewrite a part of the archive; a household has few devices, a device few reasons. */
const ERASURES_PER_MINUTE = { client: 6, network: 60 };
/** When an erasure that waits for R2 may be asked for again. */
const RETRY_AFTER_SECONDS = 15;

const CLIENT_ID = new RegExp(ID_PATTERN);
const USER_ID = new RegExp(SHA256_PATTERN);

export function erasureRoutes(app: App, services: Services): void {
  const { now, sleep } = services;
  const merchant = merchantOnly(services);
  const wishes = publicPost(app, services, {
    path: routes.erasure,
    noun: "request",
    schema: ERASURE_SCHEMA,
    maxBytes: MAX_REQUEST_BYTES,
    shorten: "Send the key, the client and its secret only.",
    whenLimited: "Wait, then ask again.",
  });

  // A client that the ledger never heard of gets a receipt too: nothing of it is here, and nothing will be taken.
  app.post(routes.erasure, async (c) => {
    const received = await wishes.receive(c);
    if (!received.ok) return received.refusal;
    const { shop, value: { clientId, secret } } = received;
    const limited = wishes.limit([
      { name: `client ${shop.id} ${clientId}`, perMinute: ERASURES_PER_MINUTE.client },
      { name: `erasing network ${networkOf(c.req.header("cf-connecting-ip") ?? "unknown")}`, perMinute: ERASURES_PER_MINUTE.network },
    ]);
    if (limited) return limited;
    const answer = await shardsOf(c.env, shop, sleep).erase({ clientId, secretSha256: await sha256Hex(secret), nowMs: now() });
    if (answer.state === "wrong-secret") return refuse(403, WRONG_SECRET, "This is not the secret that the client's events came with. The shop's owner can erase them.");
    return answer.state === "done" ? c.json(answer.receipt satisfies ErasureReceipt, 200, NO_STORE) : pending();
  });

  app.delete(routes.admin.client(":shop", ":clientId"), merchant, async (c) => {
    const clientId = c.req.param("clientId") ?? "";
    if (!CLIENT_ID.test(clientId)) return refuse(400, "invalid-client", "A client's id is 8 to 64 letters, digits, - and _, as exports name it.");
    const answer = await shardsOf(c.env, c.get("shop"), sleep).erase({ clientId, secretSha256: null, nowMs: now() });
    return answer.state === "done" ? c.json(answer.receipt satisfies ErasureReceipt, 200, NO_STORE) : pending();
  });

  app.delete(routes.admin.person(":shop", ":userId"), merchant, async (c) => {
    const userId = c.req.param("userId") ?? "";
    if (!USER_ID.test(userId)) return refuse(400, "invalid-person", "A person is named by the 64 hex digits that the shop's pages send when one logs in.");
    const answer = await shardsOf(c.env, c.get("shop"), sleep).erasePerson({ userId, nowMs: now() });
    return answer.state === "done" ? c.json({ receipts: answer.receipts } satisfies PersonErasure, 200, NO_STORE) : pending();
  });
}

const NO_STORE = { "cache-control": "no-store" };

function pending(): Response {
  return refuse(503, "erasure-pending", "The erasure has begun and goes on by itself; the archive cannot be written right now. Ask again for the receipt.", { retry: true, retryAfterSeconds: RETRY_AFTER_SECONDS });
}
