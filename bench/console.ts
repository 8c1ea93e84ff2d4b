/**
 * `console`: what a browser takes of the first load, over the wire and packed; how long until it paints; and how long from a
 * keystroke in the inventory's search until its answer is drawn, at a million made-up resources. In a real headless
 * Chromium, without Temporal: nothing of it is asked here.
 */
import type { Page, Response } from "playwright-core";
import { createApi } from "../src/api/app.ts";
import { bringInConsole } from "../src/host/bring-in/console.ts";
import { startBrowser, takeSeat } from "../test/support/browser.ts";
import { benchToken, quietApi, serveHere, withStore } from "./lib/bench-store.ts";
import { apps, places, portions, resourcesOf } from "./lib/inventory-world.ts";
import { percentile } from "./lib/open-loop.ts";
import { seededRandom } from "./lib/random.ts";
import { type Bench, type BenchContext, type Figure, figure } from "./lib/report.ts";

export const consoleBench: Bench = {
  name: "console",
  summary: "A browser's first load and first paint, and a keystroke in search at a million resources",
  takes: ["resources"],
  run,
};

const loadGoalKb = 350;
const paintGoalMs = 1_000;
const keystrokeGoalMs = 200;

async function run({ note, runs = 40, seed = 1, resources = 1_000_000 }: BenchContext): Promise<Figure[]> {
  const [dir, browser] = [await bringInConsole({ onProgress: note }), await startBrowser()];
  if (dir === undefined) throw new Error("The console could not be built");
  if (typeof browser === "string") throw new Error(`There is no browser here: ${browser}`);
  try {
    return await withStore(async (store, place) => {
      const now = Date.now();
      for (const portion of portions(resources)) {
        const listed = resourcesOf(portion, { seed, now, version: 0, changing: 200 });
        await store.inventory.replace(portion.place, portion.kind, listed, new Date(now).toISOString());
      }
      note(`${resources} resources are there`);
      const sites = places.map(({ site, provider, region }) => ({
        ...{ site, kind: provider, enabled: true, simulated: true },
        ...(region === undefined ? {} : { region }),
      }));
      const app = createApi({ ...quietApi(store, sites), console: { dir, temporalNamespace: "default" } });
      const baseURL = await serveHere(app, place);
      const token = await benchToken(store, ["viewer"]);
      const first: number[] = [];
      const paints: number[] = [];
      for (let index = 0; index < 5; index++) {
        const seat = await takeSeat(browser, { baseURL, token });
        const received = watchBytes(seat.page);
        await seat.page.goto("/inventory", { waitUntil: "networkidle" });
        first.push((await received()) / 1_000);
        paints.push(Number(await seat.page.evaluate(paintTime)));
        await seat.context.close();
      }
      const seat = await takeSeat(browser, { baseURL, token });
      await seat.page.goto("/inventory", { waitUntil: "networkidle" });
      const strokes = await keystrokes(seat.page, runs, seededRandom(seed));
      const add = (name: string, value: number, unit: string, goal?: number) => {
        note(`${name}: ${value.toFixed(1)} ${unit}`);
        return figure({ name, value, unit, better: "lower", ...(goal === undefined ? {} : { goal }) });
      };
      return [
        add("first load, packed", Math.max(...first), "kB", loadGoalKb),
        add("first paint, p50 of 5", percentile(paints, 0.5), "ms", paintGoalMs),
        add("keystroke to its answer, p50", percentile(strokes, 0.5), "ms", keystrokeGoalMs),
        add("keystroke to its answer, p95", percentile(strokes, 0.95), "ms"),
      ];
    });
  } finally {
    await browser.close();
  }
}

const paintTime = `performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? NaN`;

/** Bytes of page, scripts and styles as they travel; what the API answers is not the console's. */
function watchBytes(page: Page): () => Promise<number> {
  const sizes: Promise<number>[] = [];
  page.on("response", (response: Response) => {
    if (new URL(response.url()).pathname.startsWith("/v1/")) return;
    sizes.push(
      response
        .request()
        .sizes()
        .then((size) => size.responseBodySize),
    );
  });
  return async () => (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

/** One letter more of a name at a time, each timed from the key to the frame after the rows of its answer. */
async function keystrokes(page: Page, runs: number, random: () => number): Promise<number[]> {
  const field = page.getByRole("combobox", { name: "Search the inventory" });
  const measured: number[] = [];
  while (measured.length < runs) {
    const word = `"${apps[Math.floor(random() * apps.length)]}`;
    await field.fill("");
    await page.waitForLoadState("networkidle");
    for (const letter of word.slice(0, 6)) {
      const answered = page.waitForResponse((response) => response.url().includes("/v1/resources?"));
      const begun = performance.now();
      await field.press(letter);
      await answered;
      await page.evaluate("new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))");
      measured.push(performance.now() - begun);
    }
  }
  return measured;
}
