/** Takes what identifies a person out of free text: e-mail addresses, telephone, card and account numbers; article numbers stay. */

const EMAIL = /[\p{L}\p{N}._+'-]+(?:@|%40)[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+/giu;
/** Seven digits or more with the separators that people put between them, and the letters that an article number begins with. */
const NUMBER = /([a-z][-/]?)?([+(]*\d(?:[ ().\-/]{0,2}\d){6,})/gi;

/** For what people typed, and for titles that repeat it. */
export function redactText(text: string): string {
  return text.replace(EMAIL, "[email]").replace(NUMBER, (_, prefix = "", run: string) => prefix + judgeNumber(run, prefix));
}

/** For paths, whose long numbers are the shop's own product ids. */
export function redactPath(path: string): string {
  return path.replace(EMAIL, "[email]");
}

/**
 * Whether the last digit checks the ones before it.
 * @param digits nothing else
 * @param factor of every second digit: 3 for article numbers (GTIN), 2 for cards (ISO/IEC 7812-1, "Luhn")
 */
export function hasCheckDigit(digits: string, factor: 2 | 3): boolean {
  let sum = 0;
  for (let i = 1; i <= digits.length; i += 1) {
    const value = +digits[digits.length - i]! * (i % 2 ? 1 : factor);
    // Luhn adds the digits of a product; those of article numbers count whole.
    sum += factor < 3 && value > 9 ? value - 9 : value;
  }
  return sum % 10 === 0;
}

function judgeNumber(run: string, prefix: string): string {
  const digits = run.replace(/\D/g, "");
  // Article numbers are in one piece, but for books' (no country's numbers begin with 978 or 979) and those that begin with letters.
  const isArticle = digits === run || /^97[89](-?\d){10}$/.test(run) || (prefix && !/[ +]/.test(run));
  return isArticle && !isPersonal(digits) ? run : "[number]";
}

/** Of digits in one piece: a leading 0 dials, 15 and more are cards and accounts, and shorter cards have their check digit. */
function isPersonal(digits: string): boolean {
  return /^00?[1-9]\d{7}|.{15}/.test(digits) || (digits.length > 12 && hasCheckDigit(digits, 2) && (/^3[0689].{12}/.test(digits) || !hasCheckDigit(digits, 3)));
}
