/** What the tag makes of what shops write and push. */
import { describe, expect, test } from "vitest";
import { redactPath, redactText } from "../../core/redact.ts";
import { conform } from "../../widget/capture/conform.ts";
import { watchDataLayer } from "../../widget/capture/data-layer.ts";
import { detectPageType } from "../../widget/capture/page.ts";
import { createFaults } from "../../widget/faults.ts";

describe("what shops push", () => {
  test("mends numbers written as text and ids written as numbers", () => {
    expect(conform("add_to_cart", { currency: "EUR", value: "12.50", items: [{ item_id: 7, price: "6.25", quantity: "2" }] })).toEqual({ currency: "EUR", value: 12.5, items: [{ item_id: "7", price: 6.25, quantity: 2 }] });
  });
  test("leaves out what makes no sense, and keeps the rest", () => {
    expect(conform("view_item", { currency: "euros", value: "free", items: [{ item_id: "a", price: Number.NaN, index: -1 }, { item_name: "no id" }] })).toEqual({ items: [{ item_id: "a" }] });
  });
  test("cuts a name at the length that the edge takes", () => {
    const { items } = conform("view_item", { items: [{ item_id: "a", item_name: "x".repeat(501) }] }) as { items: { item_name: string }[] };
    expect(items[0]!.item_name).toHaveLength(500);
  });
  test("refuses a purchase without a transaction, and a view of nothing", () => {
    expect(conform("purchase", { items: [{ item_id: "a" }] })).toBeUndefined();
    expect(conform("view_item", { items: [] })).toBeUndefined();
  });
});

describe("the data layer", () => {
  const heard = (page: { dataLayer?: unknown }) => {
    const events: unknown[] = [];
    watchDataLayer(page, { event: (...given) => void events.push(given), consent: (...given) => void events.push(["consent", ...given]), legacy: (given) => void events.push(["legacy", given]) }, createFaults());
    return events;
  };
  function command(..._: unknown[]): IArguments {
    return arguments;
  }

  test("is heard from before the tag came and after, in both ways of writing", () => {
    const page: { dataLayer: unknown[] } = { dataLayer: [{ event: "view_item", ecommerce: { value: 1 } }] };
    const events = heard(page);
    page.dataLayer.push(command("event", "search", { search_term: "tea" }), command("consent", "update", { analytics_storage: "granted" }));
    // Without items, the older e-commerce may be in it too.
    expect(events).toEqual([["view_item", { value: 1 }, "data-layer"], ["legacy", { value: 1 }], ["search", { search_term: "tea" }, "gtag"], ["consent", "update", { analytics_storage: "granted" }]]);
  });
  test("still takes its pushes and gives its length, whatever they hold", () => {
    const page: { dataLayer: unknown[] } = { dataLayer: [] };
    heard(page);
    const hostile = { get event(): string { throw new Error("no"); } };
    expect(page.dataLayer.push(null, hostile, "text")).toBe(3);
  });
  test("is made where the shop has none yet", () => {
    const page: { dataLayer?: unknown[] } = {};
    const events = heard(page);
    page.dataLayer!.push({ event: "login" });
    expect(events).toEqual([["login", {}, "data-layer"]]);
  });
});

describe("page types", () => {
  const at = (path: string, more: Partial<Parameters<typeof detectPageType>[0]> = {}) => detectPageType({ path, title: "Shop", events: [], ...more });
  test.each([
    ["/", "home"], ["/de", "home"], ["/product/self-checkout-scale", "product"], ["/collections/tea/products/assam", "product"], ["/category/cups", "category"],
    ["/cart", "cart"], ["/checkout/payment", "checkout"], ["/order-received/17", "thank_you"], ["/search", "search"], ["/account/orders", "account"], ["/about-us", "other"],
  ])("%s is %s", (path, type) => expect(at(path)).toBe(type));
  test("an order makes any page a thank-you page", () => expect(at("/checkout", { events: ["purchase"] })).toBe("thank_you"));
  test("a page that tells nothing by its path tells it by its product", () => expect(at("/assam-tea", { read: "product" })).toBe("product"));
  test("a page not found is no product page, whatever it recommends", () => expect(at("/gone", { title: "Page not found", events: ["view_item"] })).toBe("not_found"));
});

describe("what identifies a person", () => {
  test("leaves searches and titles", () => {
    expect(redactText("order of ann.lee+x@mail.example.org, call +49 (0)170 123-4567")).toBe("order of [email], call [number]");
    expect(redactText("4111 1111 1111 1111")).toBe("[number]");
  });
  test("leaves paths, which keep the shop's own numbers", () => expect(redactPath("/u/ann%40mail.example/orders/12345678")).toBe("/u/[email]/orders/12345678"));
  test("is not found in what people search for every day", () => expect(redactText("usb-c 3.2 cable 100 cm, 2024")).toBe("usb-c 3.2 cable 100 cm, 2024"));
});
