import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { AxeResults } from "axe-core";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { findOnPath } from "../../src/host/bring-in/find-on-path.ts";
import { TestPrograms } from "./packages.ts";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** A headless Chromium: the machine's, else Debian's, unpacked; or the reason why there can be none. */
export async function startBrowser(): Promise<Browser | string> {
  const own = findOnPath("chromium") ?? findOnPath("google-chrome");
  if (own) return chromium.launch({ executablePath: own, args: ["--no-sandbox"] });
  const programs = await TestPrograms.bringIn("chromium", ["chromium", "fonts-dejavu-core"]);
  if (typeof programs === "string") return programs;
  const executablePath = join(programs.root, "usr/lib/chromium/chromium");
  if (!existsSync(executablePath)) return "the package chromium brought no chromium";
  const libraries = join(programs.root, "usr/lib/x86_64-linux-gnu");
  const env = {
    ...(process.env as Record<string, string>),
    LD_LIBRARY_PATH: `${libraries}:${join(libraries, "pulseaudio")}`,
    FONTCONFIG_PATH: join(programs.root, "etc/fonts"),
  };
  return chromium.launch({ executablePath, env, args: ["--no-sandbox", "--disable-gpu"] });
}

/** A page of somebody with a token, and what it complained of. */
export interface Seat {
  readonly page: Page;
  readonly complaints: string[];
}

export async function takeSeat(
  browser: Browser,
  options: { baseURL: string; token?: string; colorScheme?: "dark" | "light" },
): Promise<Seat & { readonly context: BrowserContext }> {
  const { baseURL, token, colorScheme = "dark" } = options;
  const context = await browser.newContext({ baseURL, colorScheme, viewport: { width: 1440, height: 900 } });
  if (token !== undefined) {
    const content = `sessionStorage.setItem("novacron-token", ${JSON.stringify(token)})`;
    await context.addInitScript({ content });
  }
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(`${page.url()}: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(`${page.url()}: ${message.text()}`);
  });
  return { context, page, complaints };
}

/** What axe finds that keeps somebody out, a line each. */
export async function seriousFindings(page: Page): Promise<string[]> {
  const run = `(() => { ${axe}; return axe.run(document, { resultTypes: ["violations"] }); })()`;
  const { violations } = await page.evaluate<AxeResults>(run);
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${page.url()}: ${id}: ${html.slice(0, 200)}`));
}
