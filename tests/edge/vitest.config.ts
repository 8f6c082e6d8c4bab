/** Edge tests run inside workerd, against the Worker as wrangler.toml describes it. */
import { mkdirSync } from "node:fs";
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineProject } from "vitest/config";

const root = `${import.meta.dirname}/../..`;
// The folder that wrangler.toml names must exist; the files served are those in assets/.
mkdirSync(`${root}/dist`, { recursive: true });

export default defineProject({
  root: import.meta.dirname,
  plugins: [
    cloudflareTest(async () => ({
      wrangler: { configPath: `${root}/wrangler.toml` },
      miniflare: {
        assets: { directory: `${import.meta.dirname}/assets` },
        bindings: {
          ADMIN_TOKEN: "operator-secret",
          TEST_MIGRATIONS: await readD1Migrations(`${root}/edge/migrations`),
          // Small enough that a test can fill a piece of the archive, and nothing is archived for its age: the tests' clock stands.
          ARCHIVE_SEGMENT_BYTES: "200000",
          ARCHIVE_AGE_MS: "1e12",
          RATE_LIMIT_PER_CLIENT: "50",
          DAILY_EVENTS_PER_CLIENT: "2000",
        },
      },
    })),
  ],
  test: { name: "edge", include: ["**/*.test.ts"], setupFiles: ["./migrate.ts"], testTimeout: 60_000, hookTimeout: 60_000 },
});
