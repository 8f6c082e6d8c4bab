/** Parses the JSON that shops really ship: comments, trailing commas, raw newlines and bare quotes in strings. */

/** @returns undefined where nothing can be made of it */
export function parseLoosely(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    try {
      return JSON.parse(mend(text));
    } catch {
      return undefined;
    }
  }
}

/** What may follow a quote that ends a string; any other quote belongs to the text. */
const AFTER_STRING = /\s*([:}\]]|,\s*["{[\]}\d/tfn-]|,?\s*$)/y;
/** Comments of three languages, commas before nothing, and semicolons at the end. */
const NOISE = /<!--|-->|(\/\/\s*)?(<!\[CDATA\[|\]\]>)|\/\/[^\n]*|\/\*[^]*?\*\/|,(?=\s*([,}\]]|$))|;\s*$/y;
const NEXT_VALUE = /\s*["{[]/y;

function mend(given: string): string {
  const text = given.replaceAll("&quot;", '"');
  let mended = "";
  let inside = false;
  const at = (pattern: RegExp, index: number) => {
    pattern.lastIndex = index;
    return pattern.exec(text);
  };
  for (let i = 0; i < text.length; i += 1) {
    let letter = text[i]!;
    if (!inside) {
      const noise = at(NOISE, i);
      if (noise) {
        i += noise[0].length - 1;
        continue;
      }
      inside = letter === '"';
      // Two values side by side.
      if (/[}\]]/.test(letter) && at(NEXT_VALUE, i + 1)) letter += ",";
    } else if (letter === "\\") {
      const next = text[(i += 1)] ?? "";
      letter = /["\\/bfnrtu]/.test(next) ? letter + next : next;
    } else if (letter === '"') {
      inside = !at(AFTER_STRING, i + 1);
      if (inside) letter = '\\"';
    } else if (letter < " ") letter = " ";
    mended += letter;
  }
  // Several documents in one script.
  return /^\s*\{[^]*\},\s*\{/.test(mended) ? `[${mended}]` : mended;
}
