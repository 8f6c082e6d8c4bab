import { expect, it } from "vitest";
import { routes } from "../../../core/api.ts";
import { sha256Hex } from "../../../core/ids.ts";
import { writeModel } from "../../../core/model/config.ts";
import { signManifest } from "../../../core/weights/manifest.ts";
import { randomModel } from "../../core/random-model.ts";
import { createShop, startEdge } from "../edge.ts";
import { createSigner, manifestOf } from "../signed-model.ts";

it("gives the rest of a file to a device whose download broke off, and all of it to one that asks otherwise", async () => {
  const weights = writeModel(randomModel({ width: 8, length: 5, blocks: 0, heads: 1, neighbours: 2 }, 30, 5));
  const signer = await createSigner();
  const shop = await createShop(startEdge(), { signers: [signer.fingerprint] });
  const sha256 = await sha256Hex(weights);
  await shop.admin(routes.admin.weights(shop.id, sha256), { method: "PUT", body: weights });
  const published = await shop.admin(routes.admin.models(shop.id), { method: "POST", body: JSON.stringify(await signManifest(await manifestOf(shop.id, weights, { items: 30 }), signer.publicKey, signer.sign)) });
  expect(published.status).toBe(201);
  const ask = (range?: string) => shop.edge.fetch(routes.file(sha256), { headers: range ? { range } : {} });
  const bytes = async (response: Response) => new Uint8Array(await response.arrayBuffer());

  const rest = await ask("bytes=1000-");
  expect([rest.status, rest.headers.get("content-range"), rest.headers.get("content-length"), rest.headers.get("access-control-allow-origin")]).toEqual([206, `bytes 1000-${weights.length - 1}/${weights.length}`, String(weights.length - 1000), "*"]);
  expect(await bytes(rest)).toEqual(weights.slice(1000));
  const last = await ask(`bytes=${weights.length - 1}-`);
  expect(await bytes(last)).toEqual(weights.slice(-1));
  const beyond = await ask(`bytes=${weights.length}-`);
  expect([beyond.status, beyond.headers.get("content-range")]).toEqual([416, `bytes */${weights.length}`]);
  for (const range of [undefined, "bytes=0-", "bytes=5-9", "bytes=-5", "items=1-", "bytes=1-,3-"]) {
    const whole = await ask(range);
    expect([whole.status, await bytes(whole)], range).toEqual([200, weights]);
  }
  const before = await shop.edge.fetch(routes.file(sha256), { method: "OPTIONS", headers: { origin: "https://shop.example", "access-control-request-headers": "range" } });
  expect([before.status, before.headers.get("access-control-allow-headers")]).toEqual([204, "range"]);
});
