/** Names an element by the way to it, as CSS writes it: element names, roles, and the names that the page's makers gave. */

const MAX_PATH_CHARS = 200;
const MAX_NAME_CHARS = 24;
/** Words with dashes or capitals between them: what has digits, or letters without order, was made by a machine or names a person's things. */
const GIVEN_NAME = /^[A-Za-z][a-z]+(?:[-_]+[A-Za-z]?[a-z]+|[A-Z][a-z]+)*$/;

/** Nothing that a shopper typed can be in it, nor any text of the page. @returns at most 200 characters; outer parts are left out first */
export function elementPath(element: Element): string {
  let path = "";
  for (let node: Element | null = element; node && node.localName !== "body" && node.localName !== "html"; node = node.parentElement ?? (node.getRootNode() as Partial<ShadowRoot>).host ?? null) {
    const id = node.getAttribute("id") ?? "";
    const name = isGiven(id) ? `#${id}` : [...node.classList].filter(isGiven).slice(0, 1).map((given) => `.${given}`).join("");
    const role = node.getAttribute("role") ?? "";
    const part = node.localName + name + (isGiven(role) ? `[role=${role}]` : "");
    if (part.length + path.length + 3 > MAX_PATH_CHARS) break;
    path = path ? `${part} > ${path}` : part;
    if (name.startsWith("#")) break;
  }
  return path;
}

export function isGiven(name: string): boolean {
  return name.length <= MAX_NAME_CHARS && GIVEN_NAME.test(name);
}
