import { getPublicKeyAsync, hashes, Point, signAsync, utils } from "@noble/ed25519";
import { sha512 } from "@noble/hashes/sha2.js";
import { expect, test } from "vitest";
import { createVerify, strict, webCryptoVerify } from "../../widget/engine/ed25519.ts";
import { libraryVerify } from "../../widget/engine/ed25519-library.ts";
import { VECTORS } from "./wycheproof-ed25519.ts";

hashes.sha512 = sha512;
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
const FIELD = 2n ** 255n - 19n;

type Case = [name: string, valid: boolean, key: Uint8Array, signature: Uint8Array, message: Uint8Array];
const bytesOf = (value: bigint, length = 32) => Uint8Array.from({ length }, (_, i) => Number((value >> BigInt(8 * i)) & 255n));
const numberOf = (bytes: Uint8Array) => bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
const join = (...parts: Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));
const hex = (text: string) => Uint8Array.from(Buffer.from(text, "hex"));

async function cases(): Promise<Case[]> {
  const secret = new Uint8Array(32).fill(7);
  const key = await getPublicKeyAsync(secret);
  const message = new TextEncoder().encode("endcap");
  const signature = await signAsync(message, secret);
  const [R, S] = [signature.slice(0, 32), numberOf(signature.slice(32))];
  const all: Case[] = [
    ["a sound signature", true, key, signature, message],
    // RFC 8032, section 7.1, tests 1 to 3.
    ["RFC 8032, test 1", true, hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"), hex("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"), new Uint8Array(0)],
    ["RFC 8032, test 2", true, hex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"), hex("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"), hex("72")],
    ["RFC 8032, test 3", true, hex("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025"), hex("6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"), hex("af82")],
    ["another message", false, key, signature, new TextEncoder().encode("endcaP")],
    ["an empty message", false, key, signature, new Uint8Array(0)],
    ["S + L, which lax verifiers take", false, key, join(R, bytesOf(S + ORDER)), message],
    ["S of L", false, key, join(R, bytesOf(ORDER)), message],
    ["S of 2^256 - 1", false, key, join(R, new Uint8Array(32).fill(255)), message],
    ["S of zero", false, key, join(R, bytesOf(0n)), message],
    ["all zeros", false, key, new Uint8Array(64), message],
    ["no signature", false, key, new Uint8Array(0), message],
    ["a signature of 63 bytes", false, key, signature.slice(0, 63), message],
    ["a signature of 65 bytes", false, key, join(signature, new Uint8Array(1)), message],
    ["a key of 31 bytes", false, key.slice(0, 31), signature, message],
    ["a key of 33 bytes", false, join(key, new Uint8Array(1)), signature, message],
    ["a key that is no point", false, bytesOf(2n), signature, message],
    ["a key of the other sign", false, Uint8Array.from(key, (byte, i) => (i === 31 ? byte ^ 0x80 : byte)), signature, message],
    ["R that is no point", false, key, join(bytesOf(2n), bytesOf(S)), message],
    ["R in an encoding beyond the field", false, key, join(bytesOf(FIELD + 3n), bytesOf(S)), message],
    ["a key in an encoding beyond the field", false, bytesOf(FIELD + 3n), signature, message],
  ];
  // Keys of small order: with R the same point or the neutral one and S zero, some messages verify without any secret.
  const orderEight = Point.fromHex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a");
  const neutral = bytesOf(1n);
  for (let multiple = 0; multiple < 8; multiple += 1) {
    const small = multiple === 0 ? Point.ZERO : orderEight.multiply(BigInt(multiple), false);
    const encoding = small.toBytes();
    for (let text = 0; text < 8; text += 1) {
      const about = Uint8Array.of(text);
      all.push([`a key of small order (${multiple}), message ${text}`, false, encoding, join(neutral, bytesOf(0n)), about]);
      all.push([`a key and R of small order (${multiple}), message ${text}`, false, encoding, join(encoding, bytesOf(0n)), about]);
    }
  }
  // The same points in encodings that are not canonical.
  for (const y of [FIELD, FIELD + 1n]) for (const sign of [0n, 1n << 255n]) all.push([`a key of y ${y - FIELD} beyond the field, sign ${sign > 0n}`, false, bytesOf(y | sign), join(neutral, bytesOf(0n)), message]);
  for (const y of [1n, FIELD - 1n]) all.push([`a key of x zero with a sign, y ${y}`, false, bytesOf(y | (1n << 255n)), join(neutral, bytesOf(0n)), message]);
  for (let i = 0; i < 50; i += 1) {
    const own = utils.randomSecretKey();
    const about = utils.randomSecretKey();
    const made = await signAsync(about, own);
    all.push([`random ${i}`, true, await getPublicKeyAsync(own), made, about]);
    made[i]! ^= 1;
    all.push([`random ${i}, one bit off`, false, await getPublicKeyAsync(own), made.slice(), about]);
    made[i]! ^= 1;
  }
  return all;
}

test("WebCrypto and the library judge every signature alike, and rightly", async () => {
  const verifiers = { platform: strict(webCryptoVerify(crypto.subtle)), library: strict(libraryVerify) };
  for (const [name, valid, key, signature, message] of await cases()) {
    for (const [who, verify] of Object.entries(verifiers)) {
      const copies = [key, signature, message].map((bytes) => new Uint8Array(bytes)) as [Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>];
      expect(await verify(...copies), `${who}: ${name}`).toBe(valid);
    }
  }
});

test("WebCrypto and the library answer Wycheproof's vectors rightly, and alone as they do with our rules before them", async () => {
  expect(VECTORS.map(({ number }) => number)).toEqual(Array.from({ length: 82 }, (_, i) => i + 1));
  expect(VECTORS.filter(({ valid }) => valid)).toHaveLength(21);
  const verifiers = { platform: webCryptoVerify(crypto.subtle), library: libraryVerify };
  for (const { number, key, message, signature, valid } of VECTORS) {
    for (const [who, verify] of Object.entries(verifiers)) {
      for (const judge of [verify, strict(verify)]) expect(await judge(hex(key), hex(signature), hex(message)), `${who}: vector ${number}`).toBe(valid);
    }
  }
});

test("keys and signatures that verifiers disagree about are refused before one is asked", async () => {
  const credulous = strict(async () => true);
  const suspicious = (await cases()).filter(([name]) => /small order|beyond the field|bytes$|no signature|x zero/.test(name));
  expect(suspicious.length).toBeGreaterThan(100);
  for (const [name, , key, signature, message] of suspicious) expect(await credulous(new Uint8Array(key), new Uint8Array(signature), new Uint8Array(message)), name).toBe(false);
});

test("a browser without Ed25519 verifies with the library", async () => {
  const subtle = { importKey: () => Promise.reject(new DOMException("Unrecognized name.", "NotSupportedError")) } as unknown as SubtleCrypto;
  const verify = await createVerify(subtle);
  const [[, , key, signature, message]] = (await cases()) as [Case];
  expect(await verify(new Uint8Array(key), new Uint8Array(signature), new Uint8Array(message))).toBe(true);
  expect(await verify(new Uint8Array(key), new Uint8Array(signature), new Uint8Array(1))).toBe(false);
});
