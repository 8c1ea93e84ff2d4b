/**
 * `routes`: a running guest with a disk of 128 MiB moved along each of the 20 ways between the five kinds of site. From every
 * move are taken off a copy of the disk by QEMU's own tools on this machine, which is quicker than any cloud's calls are, and
 * another boot of the same guest at the target. The simulated clouds wait for nothing.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { seconds } from "./lib/measure.ts";
import { nbdCopy, overheadFigures, type StepTimes, timedMove } from "./lib/moved-guest.ts";
import { NbdLab } from "./lib/nbd-lab.ts";
import { quickClouds } from "./lib/quick-clouds.ts";
import type { Bench, BenchContext, Figure } from "./lib/report.ts";
import { type Site, StackLab, startParts } from "./lib/stack-lab.ts";

export const routesBench: Bench = {
  name: "routes",
  summary: "A running guest of 128 MiB moved between any two kinds of site, minus a bare copy, minus a bare boot",
  takes: ["pairs"],
  run,
};

const goal = 5;
const home: Site = "onprem-a";
const sites = { aws: "aws-us-east-1", azure: "azure-eastus", gcp: "gcp-us-central1", oci: "oci-us-ashburn-1" } as const;
const kinds = { libvirt: home, ...sites } as const;
type Kind = keyof typeof kinds;
/** Each way once, one after the other. Oracle's come last: from there on the disk has 50 GiB. */
const tour: readonly Kind[] = [
  ...(["libvirt", "aws", "azure", "gcp", "libvirt", "azure", "aws", "gcp", "aws", "libvirt", "gcp", "azure"] as const),
  ...(["libvirt", "oci", "aws", "oci", "azure", "oci", "gcp", "oci", "libvirt"] as const),
];
const marker = "NOVACRON-GUEST-READY";
const bootWithinMs = 180_000;

interface Measured {
  readonly migration: number[];
  readonly copy: number[];
  readonly boot: number[];
  readonly steps: StepTimes;
}

async function run({ note, runs = 3, pairs }: BenchContext): Promise<Figure[]> {
  const ways = tour.slice(1).map((to, index) => ({ from: tour[index] ?? "libvirt", to }));
  const chosen = ways.filter(wanted(pairs));
  await using lab = new StackLab(await startParts());
  await using nbd = new NbdLab(lab.dir);
  await quickClouds(lab, 0);
  await lab.startWorkerProcess();
  const made = await lab.sandbox<{ vmId: string }>("POST", "/guests", { site: home, name: "tourist", memoryMib: 128 });
  const disk = nbd.file("guest.qcow2");
  const [file = ""] = await lab.diskFiles(home, made.vmId);
  await nbd.image("convert", "-U", "-f", "qcow2", "-O", "qcow2", file, disk);
  await booted(lab, home, made.vmId);
  const traveller = new Traveller(lab, made.vmId);
  const results = chosen.map((way) => ({ way, measured: emptyHanded() }));
  for (let round = 1; round <= runs; round++) {
    for (const { way, measured } of results) {
      await traveller.goTo(way.from, {});
      const migration = await traveller.goTo(way.to, measured.steps);
      const boot = await traveller.bootAgain();
      const copy = await nbdCopy(nbd, disk);
      measured.migration.push(migration);
      measured.boot.push(boot);
      measured.copy.push(copy);
      const took = `${migration.toFixed(2)} s, bare boot ${boot.toFixed(2)} s, bare copy ${copy.toFixed(2)} s`;
      note(`round ${round}: ${way.from} → ${way.to}: ${took}`);
    }
  }
  const labels = { copyIs: "qemu-nbd and nbdcopy --flush", bootIs: "start to marker", goal };
  return results.flatMap(({ way: { from, to }, measured }) =>
    overheadFigures(`${from} → ${to}`, { ...measured, ...labels }),
  );
}

function emptyHanded(): Measured {
  return { migration: [], copy: [], boot: [], steps: {} };
}

/** All, or what `--pairs` names: `aws:gcp,any:oci`. */
function wanted(pairs: string | undefined): (way: { from: Kind; to: Kind }) => boolean {
  const asked = (pairs ?? "any:any").split(",").map((pair) => pair.split(":"));
  const known = new Set(["any", ...Object.keys(kinds)]);
  for (const pair of asked) {
    if (pair.length === 2 && pair.every((kind) => known.has(kind)) && (pair[0] !== pair[1] || pair[0] === "any"))
      continue;
    throw new Error(`--pairs: ${pair.join(":")} is no way between ${Object.keys(kinds).join(", ")} (or any)`);
  }
  const fits = (asks: string | undefined, kind: Kind) => asks === "any" || asks === kind;
  return ({ from, to }) => asked.some(([source, target]) => fits(source, from) && fits(target, to));
}

/** The guest, wherever it is by now: always running and booted. */
class Traveller {
  readonly #lab: StackLab;
  #kind: Kind = "libvirt";
  #vmId: string;

  constructor(lab: StackLab, vmId: string) {
    this.#lab = lab;
    this.#vmId = vmId;
  }

  /** Seconds that the move took; what it left behind is deleted then. 0 where it is there already. */
  async goTo(to: Kind, steps: StepTimes): Promise<number> {
    if (this.#kind === to) return 0;
    const way = { from: kinds[this.#kind], to: kinds[to] };
    const request = { vm: this.#vmId, ...way, verify: { bootMarker: marker, bootTimeoutMs: bootWithinMs } };
    const { id, vmId, time } = await timedMove(this.#lab, request, steps);
    await this.#lab.finalize(id);
    this.#kind = to;
    this.#vmId = vmId;
    return time;
  }

  async bootAgain(): Promise<number> {
    const site = kinds[this.#kind];
    const signal = AbortSignal.timeout(bootWithinMs);
    const { compute } = await this.#lab.deps.registry.provider(site);
    await compute.stopVm(this.#vmId, { graceMs: 0 }, signal);
    return seconds(async () => {
      await compute.startVm(this.#vmId, signal);
      await booted(this.#lab, site, this.#vmId);
    });
  }
}

async function booted(lab: StackLab, site: Site, vmId: string): Promise<void> {
  const { compute } = await lab.deps.registry.provider(site);
  const signal = AbortSignal.timeout(bootWithinMs);
  while (!(await compute.consoleOutput(vmId, 64 * 1024, signal)).includes(marker))
    await sleep(20, undefined, { signal });
}
