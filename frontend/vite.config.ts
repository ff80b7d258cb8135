import { defineConfig } from "vitest/config";
import { BUILD_TARGET } from "./browsers.ts";

// Each entry is a script that a page asks for by its name here; dist/.vite/manifest.json says under which hashed name it is served.
const entries = ["src/checkout.tsx", "src/order.ts", "src/card.ts", "src/opening.ts", "src/frame.ts", "embed/embed.ts", "worker/ticket-worker.ts"];

export default defineConfig({
  root: import.meta.dirname,
  base: "/assets/",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: "dist",
    assetsDir: "",
    emptyOutDir: true,
    manifest: true,
    target: BUILD_TARGET,
    modulePreload: { polyfill: false },
    rollupOptions: {
      input: entries.map((name) => `shop/${name}`),
    },
  },
  test: { reporters: ["dot"], include: ["**/*.test.ts", "**/*.test.tsx"], environment: "node" },
});
