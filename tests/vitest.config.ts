import { join } from "node:path";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    // All cores: by itself it leaves one idle, of two half of them.
    maxWorkers: "100%",
    projects: [
      {
        root: import.meta.dirname,
        test: { name: "node", include: ["{core,widget,trainer,demo,contracts}/**/*.test.ts"], environment: "node", testTimeout: 60_000, hookTimeout: 60_000 },
      },
      join(import.meta.dirname, "edge/vitest.config.ts"),
    ],
  },
});
