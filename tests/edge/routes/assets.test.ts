import { describe, expect, it } from "vitest";
import { codeOf, startEdge } from "../edge.ts";

const edge = startEdge();
const IMMUTABLE = "public, max-age=31536000, immutable";
const SHOP_PAGE = { origin: "https://shop.example" };
const head = async (path: string, names: string[]) => {
  const answer = await edge.fetch(path, { headers: SHOP_PAGE });
  return [answer.status, ...names.map((name) => answer.headers.get(name))];
};

// The files in tests/edge/assets stand for a build: their names are what the build's are like.
describe("built files", () => {
  it("let a new tag reach every shop in five minutes, on any page", async () => {
    expect(await head("/tag.js", ["cache-control", "access-control-allow-origin", "cross-origin-resource-policy", "x-content-type-options"]))
      .toEqual([200, "public, max-age=300", "*", "cross-origin", "nosniff"]);
    expect((await edge.fetch("/tag.js")).headers.get("content-type")).toMatch(/^text\/javascript/);
  });

  it("stay in caches for ever where their name holds the hash of their content", async () => {
    for (const path of ["/engine-a1B2_c3-.js", "/engine-wasm-simd-0aZ9bY8c.wasm"]) expect(await head(path, ["cache-control", "access-control-allow-origin"])).toEqual([200, IMMUTABLE, "*"]);
    expect(await head("/dashboard/assets/index-Zz09aA-_.js", ["cache-control"])).toEqual([200, IMMUTABLE]);
  });

  it("are asked for again where a long name only looks like a hash", async () => {
    expect(await head("/dashboard/wide-lettermark.svg", ["cache-control"])).toEqual([200, "no-cache"]);
  });

  it("tell browsers that WebAssembly is that, so that it compiles while it arrives", async () => {
    expect(await head("/engine-wasm-simd-0aZ9bY8c.wasm", ["content-type"])).toEqual([200, "application/wasm"]);
  });

  it("are not there under any other name", async () => {
    for (const path of ["/engine-00000000.js", "/v1/no-such-route", "/dashboard/../../wrangler.toml"]) {
      const answer = await edge.fetch(path);
      expect([answer.status, await codeOf(answer)]).toEqual([404, "unknown-route"]);
    }
  });
});

describe("the dashboard", () => {
  it("runs its own scripts only, in no other site's frame, and is never kept", async () => {
    const answer = await edge.fetch("/dashboard/", { headers: SHOP_PAGE });
    const policy = new Map(answer.headers.get("content-security-policy")!.split("; ").map((directive) => directive.split(/ (.*)/) as [string, string]));
    expect(Object.fromEntries(policy)).toMatchObject({ "default-src": "'none'", "script-src": "'self'", "style-src": "'self'", "connect-src": "'self'", "base-uri": "'none'", "form-action": "'none'", "frame-ancestors": "'none'" });
    expect(answer.headers.get("access-control-allow-origin")).toBeNull();
    expect(["cache-control", "referrer-policy", "x-frame-options", "cross-origin-opener-policy", "x-content-type-options"].map((name) => answer.headers.get(name))).toEqual(["no-cache", "no-referrer", "DENY", "same-origin", "nosniff"]);
    expect(await answer.text()).toContain("<title>Dashboard</title>");
  });

  it("is found from the root, and without its last slash", async () => {
    expect((await edge.fetch("/", { redirect: "manual" })).headers.get("location")).toBe("/dashboard/");
    const answer = await edge.fetch("/dashboard", { redirect: "manual" });
    expect([answer.status, answer.headers.get("location"), answer.headers.get("x-frame-options")]).toEqual([307, "/dashboard/", "DENY"]);
  });
});
