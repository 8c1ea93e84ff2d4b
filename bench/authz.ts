/**
 * `authz`: what access control costs. A check by itself; and requests a second of the API as it is, beside the same routes
 * on the same store with nobody asked who they are: no token, no role, no rate limit, no freeze, no trail.
 * Both serve from this process; rounds are interleaved, medians.
 */
import { randomUUID } from "node:crypto";
import { Agent, request as ask } from "node:http";
import express from "express";
import helmet from "helmet";
import { createApi } from "../src/api/app.ts";
import { createAuth } from "../src/api/auth/index.ts";
import { defaultHistoryMs, defaultLimits } from "../src/api/deps.ts";
import { ApiMetrics } from "../src/api/metrics.ts";
import type { Actor } from "../src/api/route.ts";
import { apiRoutes } from "../src/api/routes.ts";
import { Runs } from "../src/api/runs.ts";
import { CostBook } from "../src/costs/index.ts";
import { authorise, grantsOf, type Scope } from "../src/domain/access.ts";
import { vmResource } from "../src/domain/resource.ts";
import type { Vm } from "../src/domain/vm.ts";
import { toWire } from "../src/domain/wire.ts";
import type { Store } from "../src/store/index.ts";
import { benchToken, quietApi, serveHere, withStore } from "./lib/bench-store.ts";
import { interleave, median } from "./lib/measure.ts";
import { seededRandom } from "./lib/random.ts";
import { type Bench, type BenchContext, type Figure, figure } from "./lib/report.ts";

export const authzBench: Bench = {
  name: "authz",
  summary: "A check of a permission; requests a second with all of access control on, beside none of it",
  run,
};

const vms = 5_000;
const sites = ["bench-a", "bench-b"] as const;
const checks = 200_000;
const bindings = 200;
const secondsARound = 4;
const inFlight = 16;
const checkGoalMicroseconds = 20;
const shareGoal = 0.8;
/** One request in twenty changes something, and so goes through the freeze and the trail. */
const changesOneIn = 20;

async function run({ note, runs = 5, seed = 1 }: BenchContext): Promise<Figure[]> {
  return withStore(async (store, place) => {
    const token = await fill(store);
    const guarded = await serveHere(guardedApp(store), place);
    const bare = await serveHere(bareApp(store), place);
    const load = (base: string, kind: "mixed" | "reads") => async (round: number) => {
      const perSecond = await drive(base, token, kind, seededRandom(seed + round));
      note(`round ${round + 1}: ${kind}, ${base === guarded ? "guarded" : "bare"} ${perSecond.toFixed(0)}/s`);
      return perSecond;
    };
    const figures: Figure[] = [checkFigure(seed)];
    for (const kind of ["reads", "mixed"] as const) {
      await drive(guarded, token, kind, seededRandom(seed));
      await drive(bare, token, kind, seededRandom(seed));
      const seen = await interleave(runs, { ours: load(guarded, kind), peer: load(bare, kind) });
      const [value, peer_value] = [median(seen.ours), median(seen.peer)];
      const name =
        kind === "reads" ? "requests a second, reading" : `requests a second, one in ${changesOneIn} a change`;
      const peer = "the same routes unguarded";
      figures.push(figure({ name, value, unit: "/s", better: "higher", peer, peer_value, goal: shareGoal }));
    }
    return figures;
  });
}

/** A caller with many bindings, of which the last one fits. */
function checkFigure(seed: number): Figure {
  const random = seededRandom(seed);
  const scopes: Scope[] = Array.from({ length: bindings }, (_, index) => ({
    site: `site-${index % 20}`,
    tags: { project: `p${index}`, env: "prod" },
  }));
  const grants = grantsOf(scopes.map((scope) => ({ role: "operator", scope })));
  const resources = scopes.map(({ site, tags }) => ({ site: site ?? "", tags: { ...tags, team: "x", owner: "y" } }));
  let allowed = 0;
  const loop = (count: number): number => {
    const started = performance.now();
    for (let i = 0; i < count; i++) {
      const resource = resources[Math.floor(random() * resources.length)] ?? {};
      if (authorise(grants, "migrations:write", [resource, resource])) allowed += 1;
    }
    return ((performance.now() - started) / count) * 1_000;
  };
  loop(checks / 10);
  const value = median([loop(checks), loop(checks), loop(checks)]);
  if (allowed === 0) throw new Error("No check allowed anything: it measured something else");
  const name = `a check: two resources, ${bindings} bindings`;
  return figure({ name, value, unit: "µs", goal: checkGoalMicroseconds, better: "lower" });
}

function guardedApp(store: Store): express.Express {
  const limits = { requestsPerSecond: 1_000_000 };
  return createApi({ ...parts(store), limits });
}

/** The handlers themselves, with the same body parser and the same headers. */
function bareApp(store: Store): express.Express {
  const limits = defaultLimits;
  const { temporal, ...rest } = parts(store);
  const auth = createAuth(store);
  const metrics = new ApiMetrics(store, rest.sites);
  const runs = new Runs(temporal, limits);
  const costs = new CostBook({ costs: store.costs });
  const context = { ...rest, costs, temporal, auth, limits, alarm: () => undefined, runs, metrics };
  const grants = grantsOf((["viewer", "operator", "admin"] as const).map((role) => ({ role, scope: {} })));
  const actor: Actor = { kind: "token", id: "token/bare", name: "bare", responsible: "token/bare", grants };
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.set("query parser", "simple");
  app.use(helmet());
  const readJson = express.json();
  for (const route of apiRoutes(context)) {
    app[route.method](route.path.replace(/\{(\w+)\}/g, ":$1"), readJson, async (request, response, next) => {
      try {
        const asked = { params: request.params, query: request.query, body: request.body as unknown };
        const { signal } = new AbortController();
        const answer = await route.run({
          ...asked,
          actor,
          requestId: "",
          stableId: () => randomUUID(),
          signal,
          request,
          response,
        });
        response.status(answer?.status ?? 200).setHeader("Content-Type", "application/json; charset=utf-8");
        response.end(answer?.json ?? JSON.stringify(toWire(answer?.body)));
      } catch (error) {
        next(error);
      }
    });
  }
  return app;
}

function parts(store: Store) {
  const listed = sites.map((site) => ({ site, kind: "libvirt", enabled: true, simulated: false }));
  return { ...quietApi(store, listed), historyMs: defaultHistoryMs };
}

/** Requests a second, each connection asking again as soon as it is answered. */
async function drive(base: string, token: string, kind: "mixed" | "reads", random: () => number): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: inFlight });
  const until = performance.now() + secondsARound * 1_000;
  const started = performance.now();
  let done = 0;
  const one = async (): Promise<void> => {
    while (performance.now() < until) {
      const index = Math.floor(random() * vms);
      const changes = kind === "mixed" && Math.floor(random() * changesOneIn) === 0;
      const read = random() < 0.5 ? `/v1/vms/${siteOf(index)}/vm-${index}` : `/v1/vms?limit=20&site=${siteOf(index)}`;
      await exchange(agent, `${base}${changes ? "/v1/users/bench/enable" : read}`, changes ? "POST" : "GET", token);
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, one));
  agent.destroy();
  return done / ((performance.now() - started) / 1_000);
}

function exchange(agent: Agent, url: string, method: string, token: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${token}`,
      ...(method === "POST" ? { "content-length": "0" } : {}),
    };
    const outgoing = ask(url, { agent, method, headers }, (response) => {
      response.resume();
      response.on("end", () => {
        if (response.statusCode === 200) resolve();
        else reject(new Error(`${method} ${url} was answered ${response.statusCode}`));
      });
    });
    outgoing.on("error", reject);
    outgoing.end();
  });
}

async function fill(store: Store): Promise<string> {
  for (const site of sites) {
    const members = Array.from({ length: vms }, (_, index) => index).filter((index) => siteOf(index) === site);
    const place = { site, provider: "libvirt" };
    const resources = members.map((index) => vmResource(place, benchVm(site, index)));
    await store.inventory.replace(place, "vm", resources, new Date().toISOString());
  }
  await store.users.create({ userId: "bench", name: "Bench" });
  return benchToken(store, ["viewer", "operator", "admin"]);
}

function siteOf(index: number): string {
  return sites[index % sites.length] ?? sites[0];
}

function benchVm(site: string, index: number): Vm {
  return {
    vmId: `vm-${index}`,
    site,
    name: `vm-${index}`,
    state: "running",
    cpus: 2,
    memoryBytes: 4 * 2 ** 30,
    firmware: "bios",
    architecture: "x86_64",
    disks: [
      { diskId: "vda", volumeId: `v-${index}`, sizeBytes: 20 * 2 ** 30, bus: "virtio-blk", boot: true, type: "qcow2" },
    ],
    nics: [{ nicId: "net0", networkId: "default", mac: "52:54:00:12:34:56" }],
    publishPorts: [],
    endpoints: [],
    tags: { project: `project-${index % 50}`, env: index % 3 === 0 ? "prod" : "test" },
  };
}
