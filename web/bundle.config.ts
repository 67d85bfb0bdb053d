/** Builds a bundle's replay.html: one file, which asks nobody for anything. */

import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";
import { defineConfig } from "vite";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Puts script and style into the page, and a policy that lets nothing else run. */
function oneFile(): Plugin {
  return {
    name: "one-file",
    enforce: "post",
    generateBundle(_, files) {
      const take = (ending: string): string => {
        const name = Object.keys(files).filter((one) => one.endsWith(ending));
        const file = files[name[0] ?? ""];
        if (name.length !== 1 || !file) this.error(`not one ${ending} but: ${name.join(", ")}`);
        Reflect.deleteProperty(files, file.fileName);
        return file.type === "chunk" ? file.code : String(file.source);
      };
      const [html, style] = [take(".html"), take(".css")];
      const script = take(".js").replaceAll("</script", "<\\/script").replaceAll("<!--", "<\\!--");
      const digest = createHash("sha256").update(script).digest("base64");
      const policy =
        `default-src 'none'; script-src 'sha256-${digest}' 'wasm-unsafe-eval'; ` +
        "style-src 'unsafe-inline'; img-src data:; font-src data:; base-uri 'none'; form-action 'none'";
      const page = html
        .replace(/\s*<script type="module"[^>]*><\/script>/, "")
        .replace(/\s*<link rel="stylesheet"[^>]*>/, () => `\n    <style>${style}</style>`)
        .replace(
          "<!-- policy -->",
          `<meta http-equiv="Content-Security-Policy" content="${policy}" />`,
        )
        // Last, so that the page stands when it runs.
        .replace("</body>", () => `<script type="module">${script}</script>\n  </body>`);
      this.emitFile({ type: "asset", fileName: "replay.html", source: page });
    },
  };
}

export default defineConfig({
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  plugins: [oneFile()],
  publicDir: false,
  build: {
    outDir: here("../broker/evidence/page"),
    emptyOutDir: true,
    target: "es2023",
    modulePreload: false,
    cssCodeSplit: false,
    chunkSizeWarningLimit: 700,
    rolldownOptions: { input: here("bundle.html"), output: { codeSplitting: false } },
  },
});
