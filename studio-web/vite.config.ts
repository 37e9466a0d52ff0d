/// <reference types="vitest/config" />
import { defineConfig } from "vite";

/** Builds the page into the Python package. The same sources give the same files, which continuous integration proves. */
export default defineConfig({
  base: "./",
  build: {
    outDir: "../src/sembla/studio/static",
    emptyOutDir: true,
    target: "es2022",
    modulePreload: false,
    assetsInlineLimit: 0, // the content security policy allows no data: scripts or styles
    reportCompressedSize: false,
    rolldownOptions: { input: ["index.html", "api.html"] },
  },
  server: { proxy: { "/api": { target: "http://127.0.0.1:8710", ws: true } } },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});
