import { describe, expect, it } from "vitest";
import { DAY_MS } from "../../core/calendar.ts";
import { MAX_CLIENT_ENTRIES, MAX_DAILY_VIEWS } from "../../trainer/cleaning.ts";
import { casesBetween, DatasetError } from "../../trainer/prepare.ts";
import { datasetOf, orderLine, product, START_MS, viewLine } from "./planted.ts";

const PRODUCTS = ["a", "b", "c", "d"].map((id) => product(id));

describe("preparing a log", () => {
  it("asks at every view of another product than the last one", () => {
    const { shoppers, objective } = datasetOf(PRODUCTS, [viewLine("client-1", ["a", "a", "b", "a", "c"])]);
    expect(objective).toBe("next-view");
    expect(shoppers[0]!.history.map((entry) => entry.item_id)).toEqual(["a", "b", "a", "c"]);
    expect(shoppers[0]!.moments.map(({ after, targets, seq }) => [after, targets, seq])).toEqual([[1, [1], 3], [2, [0], 4], [3, [2], 5]]);
  });

  it("asks for the next order where a shop knows orders only, with its products as one set", () => {
    const { shoppers, objective } = datasetOf(PRODUCTS, [orderLine("client-1", [["a", "b"], ["b", "c"]])]);
    expect(objective).toBe("next-order");
    expect(shoppers[0]!.moments.map(({ after, targets }) => [after, targets])).toEqual([[2, [1, 2]]]);
  });

  it("does not let a purchase that follows a moment be seen at that moment", () => {
    const line = orderLine("client-1", [["a"], ["a"]]);
    line.events[0] = { ...line.events[0]!, name: "add_to_cart", params: { items: [{ item_id: "a" }] } } as (typeof line.events)[number];
    const others = Array.from({ length: 20 }, (_, i) => orderLine(`client-x${i}`, [["b"], ["c"]]));
    const dataset = datasetOf(PRODUCTS, [line, ...others]);
    const shopper = dataset.shoppers.find(({ clientId }) => clientId === "client-1")!;
    expect(shopper.history[0]!.kind).toBe("purchase");
    expect(shopper.moments[0]!.newest.kind).toBe("cart");
  });

  it("puts the histories of one person's devices together, by time, and counts them as one shopper", () => {
    const alone = [viewLine("client-phone", ["a", "b"], START_MS), viewLine("client-desk", ["c", "d"], START_MS + 30_000)];
    const login = (clientId: string, user_id: string, seq = 9) => ({ clientId, receivedAtMs: START_MS, events: [{ seq, name: "login" as const, occurredAtMs: START_MS, sessionId: "session-1", params: { user_id } }] });
    const person = "a".repeat(64);
    const joined = datasetOf(PRODUCTS, [...alone, login("client-phone", person), login("client-desk", person)]);
    expect(joined.shoppers).toHaveLength(1);
    expect(joined.shoppers[0]!.history.map(({ item_id }) => item_id)).toEqual(["a", "c", "b", "d"]);
    expect(joined.report).toMatchObject({ joinedPersons: 1, joinedClients: 2 });
    expect(joined.dataHash).toBe(datasetOf(PRODUCTS, [login("client-desk", person), ...[...alone].reverse(), login("client-phone", person)]).dataHash);
    expect(joined.dataHash).not.toBe(datasetOf(PRODUCTS, alone).dataHash);
    // One device alone stays what it was.
    expect(datasetOf(PRODUCTS, [...alone, login("client-phone", person)]).dataHash).toBe(datasetOf(PRODUCTS, alone).dataHash);
    // A device that two persons share tells of neither.
    const shared = datasetOf(PRODUCTS, [...alone, login("client-phone", person), login("client-desk", person), login("client-desk", "b".repeat(64), 10)]);
    expect(shared.shoppers.map(({ clientId }) => clientId)).toEqual(["client-desk", "client-phone"]);
    expect(shared.report.joinedPersons).toBe(0);
  });

  it("counts an event that the log holds twice once", () => {
    const once = datasetOf(PRODUCTS, [viewLine("client-1", ["a", "b"])]);
    const twice = datasetOf(PRODUCTS, [viewLine("client-1", ["a", "b"]), viewLine("client-1", ["a", "b"])]);
    expect(twice.report.duplicateEvents).toBe(2);
    expect(twice.dataHash).toBe(once.dataHash);
  });

  it("gives the same hash whatever order the batches arrive in, and another for other data", () => {
    const lines = [viewLine("client-1", ["a", "b"]), viewLine("client-2", ["c", "d"])];
    expect(datasetOf(PRODUCTS, [...lines].reverse()).dataHash).toBe(datasetOf(PRODUCTS, lines).dataHash);
    expect(datasetOf(PRODUCTS, [lines[0]!, viewLine("client-2", ["d", "c"])]).dataHash).not.toBe(datasetOf(PRODUCTS, lines).dataHash);
  });

  it("leaves out a client that views like a program, at one view over the limit and not before", () => {
    const alternating = (count: number) => Array.from({ length: count }, (_, i) => (i % 2 ? "a" : "b"));
    const at = datasetOf(PRODUCTS, [viewLine("client-1", alternating(MAX_DAILY_VIEWS)), viewLine("client-2", ["a", "b"])]);
    const over = datasetOf(PRODUCTS, [viewLine("client-1", alternating(MAX_DAILY_VIEWS + 1)), viewLine("client-2", ["a", "b"])]);
    expect(at.report.botClients).toBe(0);
    expect(over.report.botClients).toBe(1);
    expect(over.shoppers.map(({ clientId }) => clientId)).toEqual(["client-2"]);
  });

  it("lets no client weigh more than the cap, and keeps the newest of what it did", () => {
    const days = 5;
    const perDay = (MAX_CLIENT_ENTRIES + 200) / days;
    const lines = Array.from({ length: days }, (_, day) => viewLine("client-1", Array.from({ length: perDay }, (_, i) => (i % 2 ? "a" : "b")), START_MS + day * DAY_MS, 1 + day * perDay));
    lines.push(viewLine("client-2", ["c", "d"]));
    const { shoppers, report } = datasetOf(PRODUCTS, lines);
    expect(report.clippedEntries).toBe(200);
    expect(shoppers[0]!.history.length).toBeLessThanOrEqual(MAX_CLIENT_ENTRIES);
    expect(shoppers[0]!.history.at(-1)!.atMs).toBe(lines[days - 1]!.events.at(-1)!.occurredAtMs);
  });

  it("keeps unknown products in histories but asks nothing about them", () => {
    const { shoppers, report } = datasetOf(PRODUCTS, [viewLine("client-1", ["a", "gone", "b"])]);
    expect(report).toMatchObject({ unknownProductEvents: 1, unknownProducts: 1 });
    expect(shoppers[0]!.moments.map(({ after, targets }) => [after, targets])).toEqual([[2, [1]]]);
  });

  it("never uses a moment both to learn and to test", () => {
    const lines = Array.from({ length: 100 }, (_, i) => viewLine(`client-${i}`, ["a", "b", "c"], START_MS + i * DAY_MS));
    const dataset = datasetOf(PRODUCTS, lines);
    const { trainUntilMs, validateUntilMs } = dataset.split;
    const parts = [casesBetween(dataset, -Infinity, trainUntilMs, 10), casesBetween(dataset, trainUntilMs, validateUntilMs, 10), casesBetween(dataset, validateUntilMs, Infinity, 10)];
    expect(parts.map((part) => part.length)).toEqual([160, 20, 20]);
    expect(new Set(parts.flat().map(({ clientId, seq }) => `${clientId} ${seq}`)).size).toBe(200);
  });

  it.each([
    ["no product", [], [viewLine("client-1", ["a", "b"])], /no product/],
    ["one product", [product("a")], [viewLine("client-1", ["a", "b"])], /one product/],
    ["an empty log", PRODUCTS, [], /nothing to learn from/],
  ])("says what is missing in a shop with %s", (_, products, lines, sentence) => {
    expect(() => datasetOf(products, lines)).toThrow(DatasetError);
    expect(() => datasetOf(products, lines)).toThrow(sentence);
  });
});
