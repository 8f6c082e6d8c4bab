/** The chunk of pages that write their product into their elements, as microdata or RDFa, and nowhere else. */
import type { Flow } from "./flow.ts";
import type { Thing } from "./schema-org.ts";
import { listOf, plain } from "./words.ts";

/** All objects that are written into the page's elements. */
export function readMarkup(flow: Flow): Thing[] {
  const found: Thing[] = [];
  for (const [scope, type, property] of [["itemscope", "itemtype", "itemprop"], ["typeof", "typeof", "property"]] as const) {
    const objects = new Map(flow.all(`[${scope}]`).map((element) => [element, { "@type": element.getAttribute(type)?.split(/\s+/) } as Thing]));
    const top = new Set(objects.values());
    for (const element of flow.all(`[${property}]`)) {
      const own = objects.get(element);
      const holder = objects.get((own ? element.parentElement : element)?.closest(`[${scope}]`)!);
      if (!holder) continue;
      top.delete(own!);
      const value = own ?? element.getAttribute("content") ?? element.getAttribute(/^(LINK|A)$/.test(element.tagName) ? "href" : "src") ?? element.getAttribute("value") ?? element.textContent;
      for (const name of element.getAttribute(property)!.split(/\s+/)) holder[plain(name)] = [...listOf(holder[plain(name)]), value];
    }
    found.push(...top);
  }
  return found;
}
