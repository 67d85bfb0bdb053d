/** Builds the verifier into one script for Node.js: `npm run verifier`. */

import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  publicDir: false,
  build: {
    outDir: here("dist"),
    emptyOutDir: true,
    target: "node20",
    ssr: here("src/evidence/runner.ts"),
    rolldownOptions: { output: { entryFileNames: "verifier.mjs" } },
  },
  ssr: { noExternal: true },
});
