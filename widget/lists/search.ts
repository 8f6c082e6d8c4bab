/** What a page of search results was asked for, and how much it found. */
import { readNumber } from "../reader/amount.ts";

/** Parameters of the common shop systems and search engines, the likeliest first. */
const TERM_PARAMETERS = ["q", "s", "query", "search", "search_query", "searchterm", "search_term", "keyword", "keywords", "text", "term", "phrase", "k", "wd", "ntt", "suche", "sSearch", "st"];
const MAX_LINES = 200;
const MAX_LINE_CHARS = 160;

/** "None" beside what was looked for, as shops say it. */
const NOTHING = /\b(0|no|zero) (matching |search )?(results?|products?|items?|matches|hits)\b|nothing (was )?found|(did ?n.t|not|could ?n.t|no[t]?) (match|find|found) any|keine (ergebnisse|treffer|produkte|artikel)|nichts gefunden|leider nichts|aucun (résultat|produit|article)|(sin|ningún|no se (han )?encontr\w+|0) (resultados?|productos?)|nessun (risultato|prodotto)|(geen|0) (resultaten|producten|artikelen)|nenhum (resultado|produto)|(inga|0) (träffar|resultat|produkter)|ingen (resultater|treff|produkter|varer)|ei (haku)?tuloksia|brak (wyników|produktów)|nie znaleziono|žádné (výsledky|produkty|výsledek)|nebyly? nalezen|nincs (találat|ilyen)|niciun (rezultat|produs)|нич\w+ не на|ничего не найдено|не найдено|нічого не знайдено|няма резултати|sonuç bulunamadı|bulunamadı|没有找到|未找到|没有结果|見つかりません|검색 결과가 없|לא נמצאו|לא נמצא|لا توجد نتائج|لم يتم العثور/i;
const NOUNS = "results?|products?|items?|matches|hits|ergebnisse?n?|treffer|produkte?n?|artikeln?|résultats?|produits?|articles?|resultados?|productos?|artículos?|risultat[oi]|prodott[oi]|articol[oi]|resultaten|producten|artikelen|produtos?|träffar|resultat|produkter|varer|treff|tuloksia|tulosta|tuotetta|wynik(?:ów|i)?|produkt(?:ów|y)|výsledk[ůy]|produktů|találat|termék|rezultate|produse|товар(?:ов|а)?|результат(?:ов|а|ів)?|sonuç|ürün|件|个结果|件商品|개";
const COUNT = new RegExp(`(\\d[\\d.,\\s'’]*)\\s*(?:search |matching |gefundene )?(?:${NOUNS})(?!\\p{L})`, "iu");

export interface Search {
  search_term: string;
  /** Absent where the page doesn't tell. */
  results?: number;
}

/** What was asked for, by the page's address. */
export function termInAddress({ searchParams, pathname }: URL): string | undefined {
  for (const name of TERM_PARAMETERS) {
    const term = [...searchParams].find(([given]) => given.toLowerCase() === name.toLowerCase())?.[1].trim();
    if (term) return term;
  }
  const path = /\/(?:search|suche|recherche|buscar|zoeken)\/(?:results?\/)?([^/]+)\/?$/i.exec(pathname)?.[1];
  try {
    return path && decodeURIComponent(path).replace(/[+-]+/g, " ").trim();
  } catch {
    return undefined;
  }
}

/** @returns undefined where nothing was looked for */
export function readSearch(document: Document): Search | undefined {
  const field = document.querySelector<HTMLInputElement>("input[type=search],[role=search] input:not([type=hidden]),form[action*=search i] input:not([type=hidden])");
  const search_term = termInAddress(new URL(document.location.href)) ?? field?.value.trim();
  if (!search_term) return undefined;
  const results = countResults(document, search_term);
  return { search_term, ...(results !== undefined && { results }) };
}

function countResults(document: Document, term: string): number | undefined {
  const stated = document.querySelector("[itemprop=numberOfItems]");
  const number = Number(stated?.getAttribute("content") ?? stated?.textContent ?? NaN);
  if (Number.isInteger(number)) return number;
  const main = document.querySelector<HTMLElement>("main,[role=main],#main,#content") ?? document.body;
  // What was looked for may be "no results" itself.
  const lines = main.innerText.split("\n", MAX_LINES).map((line) => line.trim().replaceAll(term, "…")).filter((line) => line && line.length <= MAX_LINE_CHARS);
  for (const line of lines) {
    if (NOTHING.test(line)) return 0;
    const count = COUNT.exec(line)?.[1];
    if (count) return Math.round(readNumber(count.trim()) ?? NaN) || 0;
  }
  return undefined;
}
