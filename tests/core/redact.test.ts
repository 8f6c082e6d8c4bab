import { describe, expect, it } from "vitest";
import { seededRandom } from "../../core/ids.ts";
import { hasCheckDigit, redactPath, redactText } from "../../core/redact.ts";

const random = seededRandom(20261123);
const below = (n: number) => Math.floor(random() * n);
const pick = <T>(list: readonly T[]): T => list[below(list.length)]!;
const digits = (count: number) => Array.from({ length: count }, () => below(10)).join("");
/** Fills a pattern: `#` is a digit, `N` one that is not 0. */
const fill = (pattern: string) => pattern.replace(/#/g, () => digits(1)).replace(/N/g, () => String(1 + below(9)));
const withCheck = (body: string, factor: 2 | 3) => Array.from({ length: 10 }, (_, check) => body + check).find((number) => hasCheckDigit(number, factor))!;

const PHONES = [
  "+49 N## #######", "+49N#########", "+1 (N##) N##-####", "+1-N##-N##-####", "+44 7### ######", "+33 N ## ## ## ##", "+91 N#### #####", "+86N##########", "+49 (0)N## ###-####",
  "0N## #######", "0N##########", "0N#########", "0N########", "0N###/######", "(0N#) #######", "0N ## ## ## ##", "07### ######", "0049 N## #######", "0049N##########", "011-44-N##-#######",
  "(N##) N##-####", "N##-N##-####", "N##.N##.####", "N## N## ####", "N#-##-##-##", "N### ####",
];
const card = () => {
  const number = withCheck(pick([["4", 14], ["5" + (1 + below(5)), 13], ["34", 12], ["37", 12], ["6011", 11], ["36", 11], ["30", 11], ["4", 17]] as const).reduce<string>((start, part) => start + (typeof part === "number" ? digits(part) : part), ""), 2);
  return pick([number, number.replace(/(\d{4})(?=\d)/g, "$1 "), number.replace(/(\d{4})(?=\d)/g, "$1-")]);
};
const email = () => `${pick(["ann", "O'Hara", "josé", "j_d", "x-y"])}${pick(["", ".lee", "+shop", String(below(99))])}${pick(["@", "@", "%40"])}${pick(["mail", "müller", "a-b"])}.${pick(["com", "co.uk", "example.org"])}`;

const EAN_PREFIXES = ["4", "3", "5", "6", "7", "8", "9", "2", "1"];
const gtin = () => {
  const [length, first] = pick([[13, pick(EAN_PREFIXES)], [13, pick(EAN_PREFIXES)], [13, pick(EAN_PREFIXES)], [13, "978"], [12, pick(["1", "6", "7", "8"])], [8, pick(EAN_PREFIXES)], [8, "0"], [14, "1"]] as const);
  return withCheck(first + digits(length - first.length - 1), 3);
};
const ARTICLES = ["N######", "N#######", "N########", "N#########", "N##########", "0000####", "AB-N#####", "SM-G#######", "WH#######", "B0#N##ABC#", "N#####-AB", "#N#####", "LK-2026-000###", "INV/2026/N####", "N##x###x##"];

/** In the middle of what people type around it. */
const around = (text: string) => `${pick(["", "", "red shoes ", "order of ", "ean: ", "nr. "])}${text}${pick(["", "", " blue", ", please", "?"])}`;

describe("what identifies a person", () => {
  it("never passes: of 2,000 phone numbers, cards and addresses, none", () => {
    const leaks: string[] = [];
    for (let i = 0; i < 2000; i += 1) {
      const secret = [() => fill(pick(PHONES)), card, email][i % 3]!();
      const redacted = redactText(around(secret));
      if (redacted.replace(/\[number\]|\[email\]/g, "").match(/\d{3}|@|%40/) || !/\[(number|email)\]/.test(redacted)) leaks.push(`${secret} → ${redacted}`);
    }
    expect(leaks).toEqual([]);
  });
  it("goes as a whole, and nothing beside it", () => {
    expect(redactText("order of ann.lee+x@mail.example.org, call +49 (0)170 123-4567")).toBe("order of [email], call [number]");
    expect(redactText("(030) 1234567 lamp 60 cm")).toBe("[number] lamp 60 cm");
    expect(redactText("visa 4111 1111 1111 1111 please")).toBe("visa [number] please");
    expect(redactText("DE89370400440532013000")).toBe("DE[number]");
    expect(redactText("978-555-0123")).toBe("[number]");
  });
  it("leaves paths, which keep the shop's own numbers", () => expect(redactPath("/u/ann%40mail.example/orders/12345678")).toBe("/u/[email]/orders/12345678"));
});

describe("what names a product", () => {
  it("stays: of 2,000 article and order numbers, at most two are altered", () => {
    const altered: string[] = [];
    for (let i = 0; i < 2000; i += 1) {
      const text = around([gtin, () => fill(pick(ARTICLES))][i % 2]!());
      if (redactText(text) !== text) altered.push(`${text} → ${redactText(text)}`);
    }
    expect(altered.slice(2)).toEqual([]);
  });
  it("stays beside other numbers", () => {
    for (const text of ["usb-c 3.2 cable 100 cm, 2024", "ean 4006381333931", "isbn 978-3-16-148410-0", "iphone 15 128"]) expect(redactText(text)).toBe(text);
  });
  it("goes where it cannot be told from a phone number or a card: with a leading 0, or as a 14-digit card", () => {
    expect(redactText("049000042566")).toBe("[number]");
    expect(redactText("30569309025904")).toBe("[number]");
  });
});
