import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: here("../broker/server/pages"),
    emptyOutDir: true,
    target: "es2023",
    // The preload helper and its polyfill would be a chunk that sign-in shares with the console.
    // It needs none of it, and shares nothing.
    modulePreload: false,
    assetsInlineLimit: 0,
    // The player carries its terminal emulator as base64 in one module.
    chunkSizeWarningLimit: 700,
    rolldownOptions: {
      input: {
        "sign-in": here("sign-in.html"),
        index: here("index.html"),
        replay: here("replay.html"),
        customer: here("customer.html"),
      },
    },
  },
  test: {
    include: ["test/**/*.test.ts"],
    // Against tests that hang: 5 s, the default, a busy machine may stand still.
    testTimeout: 60_000,
  },
});
