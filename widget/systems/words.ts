/** What buttons of shops say, in the languages of most of them. */

/** "Add to cart". */
export const BUY_WORDS = /^(\W|\d)*(add (item )?to (my |your |the |shopping )?(cart|basket|bag|trolley)|buy( it)? now|in den (warenkorb|einkaufswagen)|(zum|in) warenkorb|jetzt kaufen|ajouter (au|à mon) panier|añadir (al carrito|a la (cesta|bolsa))|agregar al carr(o|ito)|comprar( agora| ahora)?|aggiungi al carrello|in (de )?winkel(wagen|mand(je)?)|adicionar (ao carrinho|à sacola)|lägg i (varukorg(en)?|kundvagn(en)?)|læg i kurv(en)?|legg i handlekurv(en)?|lisää (ostos)?koriin|dodaj do koszyka|do koszyka|do košíku|(přidat|vložit) do košíku|kosárba( teszem)?|adaugă în coș|sepete ekle|в корзину|добавить в корзину|カートに入れる|カートに追加|加入购物车|加入購物車|장바구니( 담기)?)(?!\p{L})/iu;
/** "Checkout", on a button that leaves the cart. */
export const CHECKOUT_WORDS = /^\W*((proceed to|go to|continue to|secure|start|begin)? ?(secure )?check ?out( now| securely)?|(weiter )?zur kasse( gehen)?|(passer|valider) (la|ma) commande|commander|(finalizar|tramitar|realizar) (la )?(compra|pedido)|finalizar pedido|(procedi|vai) (al|alla) (checkout|cassa|pagamento)|(verder )?naar (de )?(kassa|bestellen|afrekenen)|afrekenen|bestellen|(gå )?til (kassen|betaling)|till kassan|kassalle|(przejdź )?do kasy|k pokladně|tovább a pénztárhoz|finalizează comanda|оформить заказ|レジに進む|ご購入手続きへ|去结算|結帳|주문하기)\W*$/i;
/** The word for a checkout in addresses. */
export const CHECKOUT_PATH = /\/(checkouts?|kasse|kassa|caisse|cassa|commande|pedido|afrekenen|payment)(\/|\?|$)/i;
/** An order's number, as a thank-you page says it. */
export const ORDER_NUMBER = /(?:(?:order|bestell?(?:ung)?s?|auftrags?|commande|pedido|ordine|bestelling|beställnings?|ordre|zamówieni\w*|objednáv\w*|заказ\w*)[\s-]*(?:no\b\.?|nr\b\.?|id\b|number|nummer|num\b\.?|numer|n[°º]\.?|#|№|(?=\d{4}))|(?:num[ée]ro|número|n[°º]|číslo|numer|номер) (?:de (?:la )?|d['’])?(?:commande|pedido|ordine|objednávky|zamówienia|заказа))[\s:#-]*(?:is|ist|lautet|est|es|è)?[\s:#-]*([a-z]{0,6}[-_]?\d[\w-]{1,39})/i;
/** The line of an order's sum. */
export const TOTAL_WORDS = /^\W*(order |grand |bestell)?(total|gesamt(summe|betrag)?|summe|montant( total)?|importe( total)?|totale|totaal|totalt|razem|suma|celkem|итого|合計|总计)(?!\p{L})/iu;
