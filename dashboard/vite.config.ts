/** The build: files only, so that a policy without inline script, inline style or data: fonts lets the page through. */
import react from "@vitejs/plugin-react";
import { createHash } from "node:crypto";
import { defineConfig, type Plugin } from "vite";

const FONT = /url\(["']?data:font\/(\w+);(?:charset=[^;]+;)?base64,([A-Za-z0-9+/=]+)["']?\)/g;

/** Moves the fonts that Cloudscape's styles hold as data: addresses into files of their own. */
function fontsAsFiles(): Plugin {
  return {
    name: "fonts-as-files",
    enforce: "post",
    generateBundle(_options, bundle) {
      for (const made of Object.values(bundle)) {
        if (made.type !== "asset" || !made.fileName.endsWith(".css")) continue;
        made.source = String(made.source).replace(FONT, (_all, kind: string, data: string) => {
          const source = Buffer.from(data, "base64");
          const name = `font-${createHash("sha256").update(source).digest("hex").slice(0, 10)}.${kind}`;
          this.emitFile({ type: "asset", fileName: `assets/${name}`, source });
          return `url(${name})`;
        });
      }
    },
  };
}

export default defineConfig({
  plugins: [react(), fontsAsFiles()],
  build: { target: "es2023", assetsInlineLimit: 0, modulePreload: { polyfill: false }, reportCompressedSize: false, chunkSizeWarningLimit: 1500, rollupOptions: { input: ["index.html", "stay.html"] } },
});
