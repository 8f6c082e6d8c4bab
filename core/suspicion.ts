/** Whether a text may hold what identifies a person or opens their account: the quick question that the tag asks of everything. */

const SEPARATED = "[\\s().\\/+_‐-―·-]{0,3}";
/**
 * Signs of an address, an encoding, a query or a secret; then numbers as redact.ts looks for them, but for those in one
 * piece that are article numbers: more, and it is only slower; less, and something leaves.
 */
const SUSPICIOUS = new RegExp(
  "[@＠=]|at[)\\]]|%[\\da-f]{2}|&[#cp]|:\\/\\/|[?&#;][\\w.]+=|pass(?:w|phr|code)|pwd|token|secret|api.?key|sess|sid\\W|auth|bearer|eyJ|\\/(?:reset|verif|invit|confirm|magic|activat)|(?=[a-z]*\\d)[\\da-z]{32}|\\b[a-z]{2}\\d\\d(?=[ +-]?[a-z\\d]{4})(?=[a-z\\d +-]{11})|"
  + `[a-z][\\s.:=#]{1,3}\\d{7}|\\d{14}|(?:[+(]|(?<!\\d)0|(?=\\d{1,6}[^\\d]))(?:\\d${SEPARATED}){7}`,
  "i",
);

export function isSuspicious(text: string): boolean {
  return SUSPICIOUS.test(text);
}
