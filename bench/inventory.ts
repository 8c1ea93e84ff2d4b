/**
 * `inventory`: a million resources of twenty sites. How fast readings are written (all new, all as they were, one in two
 * hundred changed); ten searches and the unified view over HTTP, one at a time, each with its own draws; and the memory that
 * PostgreSQL and the API take for it. The store has the settings that `up` gives it.
 */
import { readdir, readFile } from "node:fs/promises";
import { createApi } from "../src/api/app.ts";
import type { Store } from "../src/store/index.ts";
import { type BenchPlace, benchToken, quietApi, serveHere, withStore } from "./lib/bench-store.ts";
import { apps, idOf, places, portions, resourcesOf, teams } from "./lib/inventory-world.ts";
import { seconds } from "./lib/measure.ts";
import { percentile } from "./lib/open-loop.ts";
import { seededRandom } from "./lib/random.ts";
import { type Bench, type BenchContext, type Figure, figure } from "./lib/report.ts";

export const inventoryBench: Bench = {
  name: "inventory",
  summary: "A million resources: writing readings, ten searches and the unified view over HTTP, memory",
  takes: ["resources"],
  run,
};

const searchGoalMs = 150;
const wholeViewGoalMs = 50;
const filteredViewGoalMs = 500;
const changedOneIn = 200;
const deepPage = 500;
const day = 86_400_000;

type Draw = (random: () => number, resources: number) => string;
const oneOf = <T>(from: readonly T[], random: () => number): T => from[Math.floor(random() * from.length)] as T;
const team: Draw = (random) => `team-${Math.floor(random() * teams)}`;

/** Each search with draws of its own, so that no answer is one that was just given. */
const searches: Readonly<Record<string, Draw>> = {
  "by id": (random, resources) => {
    const place = oneOf(places, random);
    return `id:${idOf(place, "vm", Math.floor((random() * resources * 0.4) / places.length))}`;
  },
  "name prefix": (random) => `name:${oneOf(apps, random)}-*`,
  // One application in 640, and a word that one resource in 32 has.
  "free text": (random) => oneOf(apps, random),
  "free text, broad": (random) => oneOf(apps, random).split("-")[0] ?? "",
  "one tag": (random, resources) => (random() < 0.5 ? "tag.env=prod" : `tag.team=${team(random, resources)}`),
  "two tags and a provider": (random, resources) =>
    `provider:${oneOf(places, random).provider} tag.env=prod tag.team=${team(random, resources)}`,
  "cpu range by cost": (random) => `cpu:${oneOf(["2..8", "4..16", "16..", "1..64"], random)} sort:-cost`,
  "stopped over 30 days": () => "stopped>30d",
  untagged: () => "untagged",
  "changed since yesterday": () => "changed>=yesterday",
};
const broad = "-tag.env=prod";

async function run({ note, runs = 200, seed = 1, resources = 1_000_000 }: BenchContext): Promise<Figure[]> {
  return withStore(async (store, place) => {
    const figures = await sync(store, { note, seed, resources });
    const ask = await listen(store, place);
    const random = seededRandom(seed);
    const times = async (paths: () => string) => {
      const measured: number[] = [];
      for (let index = -Math.ceil(runs / 10); index < runs; index++) {
        const path = paths();
        const ms = (await seconds(() => ask(path))) * 1_000;
        if (index >= 0) measured.push(ms);
      }
      return measured;
    };
    const add = (name: string, measured: readonly number[], goal: number) => {
      const [p50, p99] = [percentile(measured, 0.5), percentile(measured, 0.99)];
      note(`${name}: p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`);
      figures.push(figure({ name: `${name}, p50`, value: p50, unit: "ms", better: "lower" }));
      figures.push(figure({ name: `${name}, p99`, value: p99, unit: "ms", better: "lower", goal }));
    };
    for (const [name, draw] of Object.entries(searches)) {
      add(name, await times(() => searchPath(draw(random, resources))), searchGoalMs);
    }
    const deep = await cursorOfPage(ask, broad, deepPage, resources);
    add(`page ${deep.page} of a broad match`, await times(() => `${searchPath(broad)}${deep.query}`), searchGoalMs);
    add("unified view", await times(() => "/v1/unified-view"), wholeViewGoalMs);
    const tagged = () => `/v1/unified-view?q=${encodeURIComponent(searches["one tag"]?.(random, resources) ?? "")}`;
    add("unified view of a tag", await times(tagged), filteredViewGoalMs);
    figures.push(...(await memory(place.postgres.pid)));
    return figures;
  });
}

/** All of it as it was two months ago, once more unchanged, and with the changes since. */
async function sync(
  store: Store,
  { note, seed, resources }: { note: BenchContext["note"]; seed: number; resources: number },
): Promise<Figure[]> {
  const now = Date.now();
  const all = portions(resources);
  const read = async (name: string, at: number, version: number): Promise<Figure> => {
    let [seen, changed] = [0, 0];
    const took = await seconds(async () => {
      for (const portion of all) {
        const { place, kind } = portion;
        const listed = resourcesOf(portion, { seed, now, version, changing: changedOneIn });
        const result = await store.inventory.replace(place, kind, listed, new Date(at).toISOString());
        seen += result.seen;
        changed += result.changed;
      }
    });
    note(`${name}: ${seen} read, ${changed} written in ${took.toFixed(1)} s`);
    return figure({ name: `sync, ${name}`, value: seen / took, unit: "rows/s", better: "higher" });
  };
  return [
    await read("all new", now - 60 * day, 0),
    await read("nothing changed", now - 59 * day, 0),
    await read(`one in ${changedOneIn} changed`, now, 1),
  ];
}

type Ask = (path: string) => Promise<unknown>;

async function listen(store: Store, place: BenchPlace): Promise<Ask> {
  const sites = places.map(({ site, provider: kind, region }) => ({
    ...{ site, kind, enabled: true, simulated: false },
    ...(region === undefined ? {} : { region }),
  }));
  const app = createApi({ ...quietApi(store, sites), limits: { requestsPerSecond: 1_000_000 } });
  const base = await serveHere(app, place);
  const token = await benchToken(store, ["viewer"]);
  return async (path) => {
    const answer = await fetch(`${base}${path}`, { headers: { authorization: `Bearer ${token}` } });
    const body: unknown = await answer.json();
    if (answer.status !== 200) throw new Error(`${path} was answered ${answer.status}: ${JSON.stringify(body)}`);
    return body;
  };
}

function searchPath(query: string): string {
  return `/v1/resources?q=${encodeURIComponent(query)}`;
}

/** Walks to the page, or to the last but one where there are fewer. */
async function cursorOfPage(ask: Ask, query: string, wanted: number, resources: number) {
  let more = "";
  let page = 1;
  for (; page < Math.min(wanted, Math.floor(resources / 100)); page++) {
    const { next_cursor: cursor } = (await ask(`${searchPath(query)}${more}`)) as { next_cursor?: string };
    if (cursor === undefined) break;
    more = `&cursor=${encodeURIComponent(cursor)}`;
  }
  return { page, query: more };
}

/** What PostgreSQL's processes take together, shared memory counted once, and what this one does. */
async function memory(postmaster: number): Promise<Figure[]> {
  let kib = 0;
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
    const parent = /^PPid:\s+(\d+)/m.exec(status)?.[1];
    if (Number(pid) !== postmaster && Number(parent) !== postmaster) continue;
    const rollup = await readFile(`/proc/${pid}/smaps_rollup`, "utf8").catch(() => "");
    kib += Number(/^Pss:\s+(\d+)/m.exec(rollup)?.[1] ?? 0);
  }
  const mib = (bytes: number) => bytes / 2 ** 20;
  return [
    figure({ name: "memory of PostgreSQL", value: mib(kib * 1024), unit: "MiB", better: "lower" }),
    figure({ name: "memory of this process", value: mib(process.memoryUsage.rss()), unit: "MiB", better: "lower" }),
  ];
}
