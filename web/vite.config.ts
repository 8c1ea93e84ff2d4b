import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** `NOVACRON_URL` is an API that runs, for `vite web`. */
const api = process.env.NOVACRON_URL ?? "http://127.0.0.1:20480";

export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  plugins: [react()],
  server: { proxy: { "/v1": api } },
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: "es2023",
    // The API's Content-Security-Policy lets no data URL be a script or a style.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 700,
  },
});
