/** Seeded strings for the redaction's tests: what must not leave a device, and what must stay as it is. */
import { seededRandom } from "../../core/ids.ts";
import { hasCheckDigit } from "../../core/redact.ts";

export interface Secret {
  kind: "email" | "phone" | "card" | "iban" | "credentials";
  text: string;
  /** Needs the words around it, or more of its separators than a path or an id leaves it. */
  inTextOnly?: boolean;
}
export interface Corpus {
  secret(): Secret;
  /** In the middle of what stands around it on real pages. */
  around(text: string): string;
  /** As URLs, forms and HTML carry it. */
  encoded(text: string): string;
  sku(): string;
  gtin(): string;
  isbn(): string;
  order(): string;
  term(): string;
}

const NAMES = ["ann", "O'Hara", "josé", "j_d", "x-y", "müller.k", "李雷", "иван", "nguyễn", "k.a.t", "info", "björk", "a", "first.middle.last", "user%", "mary!jane", "o{x}"];
const HOSTS = ["mail", "müller", "a-b", "例え", "почта", "sub.mail", "x1", "xn--mller-kva", "gmail"];
const ENDINGS = ["com", "co.uk", "example.org", "de", "рф", "中国", "museum", "xn--p1ai", "store"];
/** `#` is a digit, `N` one that is not 0. */
const PHONES = [
  // E.164, as people break it up
  "+49 N## #######", "+49N#########", "+1 (N##) N##-####", "+1-N##-N##-####", "+44 7### ######", "+33 N ## ## ## ##", "+91 N#### #####", "+86N##########", "+49 (0)N## ###-####", "+41 N# ### ## ##", "+55 N# N####-####",
  "+81-N#-####-####", "+61 4## ### ###", "+34 6## ### ###", "+39 3## #######", "+31 6 ########", "+7 (9##) ###-##-##", "+48 N## ### ###", "+46 7#-### ## ##", "+971 5# ### ####", "+49.N##.#######", "+49/N##/#######", "+1 N##·N##·####", "+49 – N## – #######",
  // Germany, Austria, Switzerland
  "0N## #######", "0N#########", "0N##########", "0N###/######", "(0N#) #######", "0N##/#######", "0N## - #######", "07# ### ## ##", "0664 #######",
  // France, Belgium, Italy, Spain, the Netherlands, Poland, Denmark, Sweden
  "0N ## ## ## ##", "0N.##.##.##.##", "04## ## ## ##", "3## ### ####", "06 #### ####", "6## ### ###", "N# ## ## ##", "06-########", "07#-### ## ##",
  // the United Kingdom, the United States, Brazil, Australia, Japan, India, China
  "07### ######", "07#########", "(N##) N##-####", "N##-N##-####", "N##.N##.####", "N## N## ####", "(N#) 9####-####", "04## ### ###", "090-####-####", "[9]#### #####", "13# #### ####", "N### ####",
  "0049 N## #######", "0049N##########", "011-44-N##-#######", "tel: N#########", "phone=N########", "Tel.: N######", "mobile N#########", "fax: N######",
];
const IBANS: [string, string][] = [["DE", "##################"], ["GB", "WEST##############"], ["FR", "##########3M###########"], ["NL", "ABNA##########"], ["ES", "####################"], ["AT", "################"], ["CH", "###########A#####"], ["IT", "X####################AB"], ["NO", "###########"], ["BE", "############"]];
const TERMS = [
  "iphone 15 pro max 256", "501 original 32x34", "samsung galaxy s24 ultra 512gb", "usb-c cable 2m 100w", "lego 75192", "size 42 1/3 nike air max 90", "tv 65 inch 4k 120hz 2024", "bosch gsr 18v-55", "m8 x 40 din 933", "nail polish 12ml #304", "205/55 R16 91V", "225/45/17", "rtx 4070 ti super 16gb",
  "ryzen 7 7800x3d", "sony wh-1000xm5", "canon eos r6 24-105 f4", "50mm @f1.8", "duvet 135 x 200", "paint ral 7016 2.5l", "battery 18650 3.7v 3500mah", "hdmi 2.1 8k@60hz", "christmas 2026", "bmw 2019-2024 floor mats", "2026-11-23", "23.11.2026 calendar", "11/23/2026", "wd-40 400ml", "7-eleven cup", "levi's 511 w32 l32", "pampers 4 9-14kg 174",
  "cat5e 30m", "shelf 80x30x202", "r2d2", "omega 3 1000mg 365 capsules", "din a4 80g 500", "e27 led 806lm 2700k", "1984", "catch 22", "ps5 1tb", "32 34 36", "12v 7ah", "100% cotton", "black & white", "h&m", "3 for 2", "price < 100", "wine 0.75l", "50% off", "a=b", "c++ book", "50/50 poly", "4x4 tyres 265/70 r17", "what is this?", "100-240v 50/60hz", "ip68", "am5 b650", "size: 38", "no. 5", "gift card 25", "author: rowling", "ski pass holder", "password book", "token ring", "secret garden", "2 in 1", "24 x 330 ml",
];

export function createCorpus(seed: number): Corpus {
  const random = seededRandom(seed);
  const below = (n: number) => Math.floor(random() * n);
  const pick = <T>(list: readonly T[]): T => list[below(list.length)]!;
  const digits = (count: number) => Array.from({ length: count }, () => below(10)).join("");
  const letters = (count: number) => Array.from({ length: count }, () => pick([..."ABCDEFGHJKLMNPQRSTUVWXYZ"])).join("");
  const hex = (count: number) => Array.from({ length: count }, () => below(16).toString(16)).join("");
  const opaque = (count: number) => Array.from({ length: count }, () => pick([..."ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789-_"])).join("");
  const fill = (pattern: string) => pattern.replaceAll("[9]", () => String(6 + below(4))).replace(/#/g, () => digits(1)).replace(/N(?=[#\d .\-/·()]|$)/g, () => String(1 + below(9)));
  const withCheck = (body: string, factor: 2 | 3) => Array.from({ length: 10 }, (_, check) => body + check).find((number) => hasCheckDigit(number, factor))!;
  const grouped = (text: string, size: number, by: string) => text.replace(new RegExp(`(.{${size}})(?=.)`, "g"), `$1${by}`);

  const email = () => {
    const address = `${pick(NAMES)}${pick(["", ".lee", "+shop", String(below(99))])}@${pick(HOSTS)}.${pick(ENDINGS)}`;
    return pick([address, address, address, address.replace("@", " @ "), address.replace("@", "(at)"), `mailto:${address}`, `"${address}"`, `<${address}>`, address.toUpperCase()]);
  };
  const card = () => {
    const [prefix, length] = pick([["4", 16], [`5${1 + below(5)}`, 16], ["2221", 16], ["34", 15], ["37", 15], ["6011", 16], ["65", 16], ["62", 16], ["62", 19], ["36", 14], ["30", 14], ["3528", 16], ["4", 19], ["6759", 16]] as const);
    const number = withCheck(prefix + digits(length - prefix.length - 1), 2);
    return pick([number, grouped(number, 4, " "), grouped(number, 4, "-"), grouped(number, 4, " "), `${grouped(number, 4, " ")} 12/27 ${digits(3)}`]);
  };
  const iban = () => {
    const [country, pattern] = pick(IBANS);
    const body = fill(pattern);
    const check = 98n - BigInt((body + country + "00").replace(/[A-Z]/g, (letter) => `${parseInt(letter, 36)}`)) % 97n;
    const number = country + String(check).padStart(2, "0") + body;
    return pick([number, grouped(number, 4, " "), number.toLowerCase()]);
  };
  const jwt = () => `eyJ${opaque(20)}.eyJ${opaque(30)}.${opaque(43)}`;
  const token = () => pick([() => `/verify/${digits(2)}${opaque(32)}aB`, () => `/reset-password/${opaque(22)}`, () => `/t/${hex(31)}7`])();
  const query = () => pick([
    () => `https://shop.example/reset?token=${opaque(24)}`, () => `https://shop.example/cb#access_token=${opaque(30)}&state=x`, () => `/account?session_id=${opaque(16)}&lang=de`, () => `?password=${opaque(9)}`, () => `password: ${opaque(10)}`,
    () => `{"password":"${opaque(10)}"}`, () => `Authorization: Bearer ${opaque(24)}`, () => `https://ann:${opaque(8)}@shop.example/x`, () => `api_key=${opaque(20)}`, () => `PHPSESSID=${opaque(20)}`, () => `https://shop.example/x?${opaque(20)}`,
    () => `${pick(["Error at ", "", "GET "])}https://shop.example/o?email=${pick(["ann", "bob"])}%40mail.example&key=${opaque(12)}`, jwt,
  ])();

  return {
    secret: () => pick([
      (): Secret => ({ kind: "email", text: email() }), (): Secret => ({ kind: "email", text: email() }), (): Secret => {
        const pattern = pick(PHONES);
        return { kind: "phone", text: fill(pattern), inTextOnly: !pattern.startsWith("+") };
      }, (): Secret => ({ kind: "phone", text: fill(pick(PHONES)), inTextOnly: true }),
      (): Secret => ({ kind: "card", text: card() }), (): Secret => ({ kind: "iban", text: iban() }), (): Secret => ({ kind: "credentials", text: query() }), (): Secret => ({ kind: "credentials", text: token(), inTextOnly: true }),
    ])(),
    around: (text) => `${pick(["", "", "red shoes ", "order of ", "ean ", "Hallo, ", "Error: ", "« "])}${text}${pick(["", "", " blue", ", please", "?", " »", "; ok"])}`,
    encoded: (text) => pick([
      (plain: string) => plain, (plain: string) => plain, encodeURIComponent, (plain: string) => encodeURIComponent(encodeURIComponent(plain)), (plain: string) => encodeURIComponent(plain).replaceAll("%20", "+"),
      (plain: string) => plain.replaceAll("@", "&#64;").replaceAll("+", "&#43;"), (plain: string) => plain.replaceAll("@", "&#x40;"), (plain: string) => plain.replaceAll("@", "&commat;").replaceAll("+", "&plus;"), (plain: string) => plain.replaceAll("@", "%40").replaceAll("+", "%2b"),
    ])(text),
    sku: () => pick([
      () => fill("N######"), () => fill("N####"), () => fill("N########"), () => fill("N#########"), () => `${letters(2)}-${fill("N#####")}`, () => `SM-G${fill("#######")}`, () => `WH${fill("#######")}`, () => `B0${fill("#N##")}${letters(3)}${fill("#")}`, () => `${fill("N#####")}-${letters(2)}`, () => `${fill("#N#####")}`,
      () => `${letters(3)}.${fill("###.###")}`, () => `${letters(1)}${fill("###-###-####")}`, () => fill("N##x###x##"), () => `${fill("8####")}${letters(1)}`, () => `${letters(4)}${fill("N###")}-${letters(1)}${fill("##")}`, () => `gid://shopify/Product/${fill("7############")}`, () => fill("4###########1"), () => `${fill("0000####")}`, () => `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}`,
    ])(),
    gtin: () => {
      const [length, first] = pick([[13, String(1 + below(9))], [13, "40"], [13, "50"], [13, "978"], [12, String(1 + below(9))], [12, "0"], [8, digits(1)], [14, "1"], [14, "04"], [13, "06"]] as const);
      return withCheck(first + digits(length - first.length - 1), 3);
    },
    isbn: () => {
      const number = withCheck(`978${digits(9)}`, 3);
      return pick([number, `${number.slice(0, 3)}-${number[3]}-${number.slice(4, 6)}-${number.slice(6, 12)}-${number[12]}`, `ISBN ${number}`]);
    },
    order: () => pick([() => fill("N####"), () => `#${fill("N###")}`, () => fill("10000####"), () => fill("5############"), () => `WC-${fill("N#####")}`, () => `SO2026${fill("######")}`, () => `INV/2026/${fill("N####")}`, () => `LK-2026-${fill("000###")}`, () => fill("000######"), () => `${letters(1)}${letters(2)}${fill("#####")}`, () => fill("302-#######-#######"), () => fill("##-#####-#####"), () => `DE${fill("N########")}`, () => fill("20261123N########"), () => opaque(12), () => fill("8###############")])(),
    term: () => {
      const term = pick(TERMS);
      return pick([term, term, `${term} ${pick(["black", "cheap", "xl", "for kids", "2024", "set of 3"])}`, term.toUpperCase(), `${pick(["buy", "used", "new"])} ${term}`]);
    },
  };
}
