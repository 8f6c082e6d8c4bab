import { expect, test } from "vitest";
import { drawArm, slateParams, type Slate } from "../../core/slate.ts";

const clients = Array.from({ length: 20_000 }, (_, i) => `client-${i}`);
const holdouts = (shop: string, share: number) => clients.filter((client) => drawArm(shop, client, share) === "holdout").length;

test("a share of none holds nobody out, a share of all everybody", () => {
  expect(holdouts("demo", 0)).toBe(0);
  expect(holdouts("demo", 1)).toBe(clients.length);
});

test("a tenth is a tenth of the clients, drawn anew in each shop", () => {
  expect(Math.abs(holdouts("demo", 0.1) / clients.length - 0.1)).toBeLessThan(0.01);
  const both = clients.filter((client) => drawArm("demo", client, 0.5) === drawArm("other", client, 0.5)).length;
  expect(Math.abs(both / clients.length - 0.5)).toBeLessThan(0.02);
});

test("a client keeps its arm, and a larger holdout only adds clients to it", () => {
  for (const client of clients.slice(0, 500)) {
    expect(drawArm("demo", client, 0.2)).toBe(drawArm("demo", client, 0.2));
    if (drawArm("demo", client, 0.1) === "holdout") expect(drawArm("demo", client, 0.2)).toBe("holdout");
  }
});

test("an interaction names its slate and the one item; a render all of them, without scores", () => {
  const slate: Slate = {
    slate_id: "slate-0001", placement: "home-for-you", strategy: "for_you", model_version: 2, arm: "treatment",
    items: [{ item_id: "A", position: 0, score: 9, propensity: 1 }, { item_id: "B", position: 1, score: 8, propensity: 1 }],
  };
  expect(slateParams(slate).items).toEqual([{ item_id: "A", position: 0, propensity: 1 }, { item_id: "B", position: 1, propensity: 1 }]);
  expect(slateParams(slate, "B")).toEqual({ slate_id: "slate-0001", placement: "home-for-you", strategy: "for_you", model_version: 2, arm: "treatment", items: [{ item_id: "B", position: 1, propensity: 1 }] });
});
