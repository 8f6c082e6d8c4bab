/** The words by which shops without a data layer are understood. */
import { describe, expect, test } from "vitest";
import { BUY_WORDS, CHECKOUT_WORDS, ORDER_NUMBER, TOTAL_WORDS } from "../../../widget/systems/words.ts";

test.each(["Add to cart", "ADD TO BAG", "Add to my basket – £5", "Buy now", "In den Warenkorb", "+ Ajouter au panier", "Añadir a la cesta", "Aggiungi al carrello", "In winkelwagen", "Lägg i varukorgen", "Do koszyka", "Добавить в корзину", "カートに入れる", "加入购物车"])("%s buys", (words) => expect(words).toMatch(BUY_WORDS));
test.each(["View cart", "Add to wishlist", "Address", "Buyer's guide", "Einkaufen"])("%s does not buy", (words) => expect(words).not.toMatch(BUY_WORDS));

test.each(["Checkout", "Check out", "Proceed to checkout →", "Secure checkout", "Zur Kasse", "Weiter zur Kasse", "Passer la commande", "Finalizar compra", "Vai alla cassa", "Verder naar bestellen", "Til kassen", "レジに進む"])("%s leaves for the checkout", (words) => expect(words).toMatch(CHECKOUT_WORDS));
test.each(["Self-checkout scale", "Check out our new teas", "Continue shopping", "Order status"])("%s does not", (words) => expect(words).not.toMatch(CHECKOUT_WORDS));

describe("an order's number", () => {
  test.each([
    ["Order number: 1042", "1042"], ["Order #TEA-1042 confirmed", "TEA-1042"], ["Your order number is W000123", "W000123"], ["Order 10423 is on its way", "10423"],
    ["Ihre Bestellnummer lautet: DE-20931", "DE-20931"], ["Bestellung Nr. 77881", "77881"], ["Auftragsnummer 4711", "4711"],
    ["Numéro de commande : FR123", "FR123"], ["Commande n° 5567", "5567"], ["Número de pedido: 900-1", "900-1"], ["Ordine n. 1", undefined],
    ["Order 24/7 by telephone", undefined], ["Order 2 more and save 100 %", undefined], ["In order to help, call 5551234", undefined],
  ])("in “%s” is %s", (text, number) => expect(ORDER_NUMBER.exec(text)?.[1]).toBe(number));
});

test.each(["Total", "Order total: €5", "Grand total", "Gesamtsumme (inkl. MwSt.)", "Montant total", "Totaal", "Итого:", "合計"])("%s is the sum", (words) => expect(words).toMatch(TOTAL_WORDS));
test.each(["Subtotal", "Zwischensumme", "Totally new", "Sous-total"])("%s is not", (words) => expect(words).not.toMatch(TOTAL_WORDS));
