/**
 * `api`: p99 of list and get at 500 arrivals a second, open loop, with 100,000 VMs in the store; the peer is the same SQL
 * behind bare node:http. Both serve from processes of their own; rounds are interleaved, medians.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { vmResource } from "../src/domain/resource.ts";
import type { Vm } from "../src/domain/vm.ts";
import { requireTemporal } from "../src/host/bring-in/temporal.ts";
import { cacheDir } from "../src/host/paths.ts";
import { startTemporal } from "../src/host/temporal.ts";
import { openStore } from "../src/store/index.ts";
import { type BenchPlace, withPostgres } from "./lib/bench-store.ts";
import { interleave, median } from "./lib/measure.ts";
import { openLoop, percentile } from "./lib/open-loop.ts";
import { seededRandom } from "./lib/random.ts";
import type { Bench, BenchContext, Figure } from "./lib/report.ts";
import { figure } from "./lib/report.ts";

export const apiBench: Bench = {
  name: "api",
  summary: "List and get at 500 arrivals a second with 100,000 VMs in the store, beside the same SQL behind node:http",
  run,
};

const vms = 100_000;
const perSecond = 500;
const secondsARound = 5;
const goalMs = 20;
const pageSize = 50;
const warmUpSeconds = 1;
const sites = ["bench-a", "bench-b"] as const;
const apiMain = fileURLToPath(new URL("../src/api/main.ts", import.meta.url));
const bareHttp = fileURLToPath(new URL("./lib/bare-http.ts", import.meta.url));

async function run({ note, runs = 3, seed = 1 }: BenchContext): Promise<Figure[]> {
  return withPostgres(async (place) => {
    const { dir, postgres } = place;
    const temporal = await startTemporal({
      dir: join(dir, "temporal"),
      program: requireTemporal(cacheDir()),
      headless: true,
    });
    place.after(() => temporal.stop());
    note(`putting ${vms} VMs into the store`);
    await fill(postgres.databaseUrl);
    const tokenFile = join(dir, "token");
    const sitesFile = join(dir, "sites.json");
    const storage = { uri: "qemu:///session", storage_path: dir };
    const providers = sites.map((name) => ({ name, type: "libvirt", enabled: true, ...storage }));
    await writeFile(sitesFile, JSON.stringify({ providers }));
    const ours = await serve(apiMain, place, {
      DATABASE_URL: postgres.databaseUrl,
      TEMPORAL_ADDRESS: temporal.address,
      NOVACRON_SITES: sitesFile,
      NOVACRON_TOKEN_FILE: tokenFile,
      NOVACRON_API_PORT: "0",
    });
    const peer = await serve(bareHttp, place, { DATABASE_URL: postgres.databaseUrl });
    const headers = { authorization: `Bearer ${(await readFile(tokenFile, "utf8")).trim()}` };
    await requireSameAnswers(ours, peer, headers);

    const figures: Figure[] = [];
    const kinds = { list: listPath, get: getPath };
    for (const [kind, pathOf] of Object.entries(kinds)) {
      const against = (base: string, who: string) => async (round: number) => {
        const random = seededRandom(seed + round);
        const url = () => `${base}${pathOf(random)}`;
        const load = { perSecond, seconds: secondsARound, warmUpSeconds, url, headers, random };
        const p99 = percentile(await openLoop(load), 0.99);
        note(`round ${round + 1}: ${kind}, ${who} ${p99.toFixed(1)} ms`);
        return p99;
      };
      const seen = await interleave(runs, { ours: against(ours, "ours"), peer: against(peer, "node:http") });
      const [value, peerValue] = [median(seen.ours), median(seen.peer)];
      const name = `${kind} p99 at ${perSecond}/s`;
      // The goal is for the time itself; the peer shows what the machine could do just then.
      figures.push(figure({ name, value, unit: "ms", goal: goalMs, better: "lower" }));
      const beside = { peer: "the same SQL behind node:http", peer_value: peerValue };
      figures.push(figure({ name: `${name}, beside the peer`, value, unit: "ms", ...beside, better: "lower" }));
    }
    return figures;
  });
}

function listPath(random: () => number): string {
  const prefix = nameOf(Math.floor(random() * vms)).slice(0, -2);
  return `/v1/vms?limit=${pageSize}&name=${prefix}*`;
}

function getPath(random: () => number): string {
  const index = Math.floor(random() * vms);
  return `/v1/vms/${siteOf(index)}/${idOf(index)}`;
}

async function fill(databaseUrl: string): Promise<void> {
  const store = await openStore({ databaseUrl });
  try {
    await store.migrate();
    for (const site of sites) {
      const place = { site, provider: "libvirt" };
      const members = Array.from({ length: vms }, (_, index) => index).filter((index) => siteOf(index) === site);
      const resources = members.map((index) => vmResource(place, benchVm(site, index)));
      await store.inventory.replace(place, "vm", resources, new Date().toISOString());
    }
  } finally {
    await store.close();
  }
}

/** A comparison with something that answers other questions would be worth nothing. */
async function requireSameAnswers(ours: string, peer: string, headers: Record<string, string>): Promise<void> {
  const names = async (base: string): Promise<string> => {
    const response = await fetch(`${base}/v1/vms?limit=${pageSize}&name=vm-0000*`, { headers });
    const { items } = (await response.json()) as { items: { name: string }[] };
    return items.map(({ name }) => name).join();
  };
  const [one, other] = await Promise.all([names(ours), names(peer)]);
  if (one !== other || one === "") throw new Error(`The peer answers otherwise: ${one} against ${other}`);
}

async function serve(program: string, place: BenchPlace, env: Record<string, string>): Promise<string> {
  const child = spawn(process.execPath, [program], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  place.after(() => end(child));
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  for (;;) {
    const port = /"port":(\d+)/.exec(output)?.[1];
    if (port) return `http://127.0.0.1:${port}`;
    if (child.exitCode !== null) throw new Error(`${program} ended: ${output}`);
    await sleep(50);
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("close", resolve));
  child.kill("SIGTERM");
  await ended;
}

function benchVm(site: string, index: number): Vm {
  return {
    vmId: idOf(index),
    site,
    name: nameOf(index),
    state: index % 5 === 0 ? "stopped" : "running",
    cpus: 2,
    memoryBytes: 4 * 2 ** 30,
    firmware: "bios",
    architecture: "x86_64",
    disks: ["vda", "vdb"].map((diskId) => ({
      diskId,
      volumeId: `${idOf(index)}-${diskId}`,
      sizeBytes: 20 * 2 ** 30,
      bus: "virtio-blk",
      boot: diskId === "vda",
      allocatedBytes: 3 * 2 ** 30,
      type: "qcow2",
    })),
    nics: [{ nicId: "net0", networkId: "default", mac: "52:54:00:12:34:56" }],
    publishPorts: [],
    endpoints: [],
    tags: {
      "novacron:managed": "true",
      team: `team-${index % 40}`,
      environment: index % 3 === 0 ? "production" : "test",
    },
  };
}

function siteOf(index: number): string {
  return sites[index % sites.length] ?? sites[0];
}

function idOf(index: number): string {
  return `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`;
}

function nameOf(index: number): string {
  return `vm-${String(index).padStart(6, "0")}`;
}
