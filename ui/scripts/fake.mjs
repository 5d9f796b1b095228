// The UI with its fake of the app, in the system's Chromium or the one that CHROMIUM names.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { build, preview } from "vite";

/** As a release is built, but with the fake in it; and never into ui/dist. */
export async function openFake() {
  const root = new URL("..", import.meta.url).pathname;
  const outDir = mkdtempSync(join(tmpdir(), "understudy-fake-"));
  await build({ root, mode: "fake", logLevel: "error", build: { outDir, emptyOutDir: true } });
  const server = await preview({
    root,
    mode: "fake",
    logLevel: "error",
    build: { outDir },
    preview: { port: 0, strictPort: false },
  });
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium" });
  const close = async () => {
    await browser.close();
    await server.close();
    rmSync(outDir, { recursive: true });
  };
  return { base: server.resolvedUrls.local[0].replace(/\/$/, ""), browser, close };
}
