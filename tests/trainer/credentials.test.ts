import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { credentialsPath, readAccess, readCredentials, writeCredentials, type ShopCredentials } from "../../trainer/credentials.ts";

let folder: string;
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), "endcap-")); });
afterEach(() => rmSync(folder, { recursive: true }));

const credentials: ShopCredentials = { edge: "http://localhost:8787", shop: "gifts", writeKey: "w", merchantToken: "m", signer: "f" };

describe("a shop's credentials", () => {
  it("come back as they were kept, and only their owner can read them", () => {
    const path = writeCredentials(credentials, folder);
    expect(readCredentials("gifts", folder)).toEqual(credentials);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    writeCredentials({ ...credentials, merchantToken: "new" }, folder);
    expect(readCredentials("gifts", folder).merchantToken).toBe("new");
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it("that are missing, broken or another shop's are refused by naming the file and what to do", () => {
    const path = credentialsPath("gifts", folder);
    expect(() => readCredentials("gifts", folder)).toThrow(`${path} does not exist. Create the shop first`);
    writeCredentials(credentials, folder);
    writeFileSync(path, "{");
    expect(() => readCredentials("gifts", folder)).toThrow(`${path} is not JSON`);
    writeFileSync(path, JSON.stringify({ ...credentials, merchantToken: undefined }));
    expect(() => readCredentials("gifts", folder)).toThrow(`${path}: merchantToken is missing`);
    writeFileSync(path, JSON.stringify({ ...credentials, shop: "other" }));
    expect(() => readCredentials("gifts", folder)).toThrow("holds the credentials of shop \"other\"");
  });

  it("cannot be looked for outside their folder", () => {
    expect(() => readCredentials("../../etc/passwd", folder)).toThrow("is not a shop's id");
  });

  it("may come from the environment, which wins over the file; half of them is refused", () => {
    writeCredentials(credentials, folder);
    expect(readAccess("gifts", { folder, env: {} })).toEqual({ shop: "gifts", edge: "http://localhost:8787", merchantToken: "m" });
    expect(readAccess("gifts", { folder, env: {}, edge: "http://other" }).edge).toBe("http://other");
    expect(readAccess("gifts", { folder, env: { ENDCAP_EDGE: "http://env", ENDCAP_TOKEN: "t" } })).toEqual({ shop: "gifts", edge: "http://env", merchantToken: "t" });
    expect(() => readAccess("gifts", { folder, env: { ENDCAP_TOKEN: "t" } })).toThrow("ENDCAP_EDGE is not");
    expect(() => readAccess("gifts", { folder, env: { ENDCAP_EDGE: "http://env" } })).toThrow("ENDCAP_TOKEN is not");
  });
});
