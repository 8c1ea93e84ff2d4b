import type { LiveProgress, LiveRate } from "../../../domain/live.ts";
import type { Host } from "../host.ts";
import { jobFigure } from "./job.ts";

/** A mirror of a disk, as QEMU's monitor shows it. */
interface BlockJob {
  readonly type: string;
  readonly device: string;
  readonly len: number;
  readonly offset: number;
  readonly speed: number;
  readonly ready: boolean;
}

interface Migration {
  readonly status?: string;
  readonly ram?: {
    readonly transferred: number;
    readonly remaining: number;
    readonly "dirty-pages-rate"?: number;
    readonly "page-size"?: number;
  };
}

interface Machine {
  readonly kvm?: { readonly enabled: boolean };
  readonly status?: { readonly running: boolean };
}

/** QEMU's own words for a guest's memory being on its way. */
const moving: readonly string[] = ["setup", "active", "pre-switchover", "device"];
/** A job that was told to end does so between two looks, or soon after. */
const leftoverLooks = 20;
/** More than any link carries. */
const unboundedBytesPerSecond = 2 ** 40;
/** The memory of an emulated guest that still runs: so slow that none of it is moved twice before that is seen. */
const heldBytesPerSecond = 2 ** 20;

/**
 * Asks and tells QEMU itself: libvirt takes whole MiB only, and no new rate for disks while it migrates.
 *
 * A guest that QEMU emulates stands still while its memory moves. QEMU can lose sight of a page that an emulated processor
 * writes to just while it collects what was written, and the guest then goes on with memory that is partly older: seen here
 * as a kernel whose allocator tripped. What KVM runs is not touched by this, and runs on.
 */
export async function followMove(
  host: Host,
  vmId: string,
  rate: LiveRate,
  signal: AbortSignal,
): Promise<LiveProgress | undefined> {
  const questions = ["query-block-jobs", "query-migrate", "query-migrate-parameters", "query-kvm", "query-status"];
  const asked = questions.map((execute) => ({ execute }));
  const [jobs, migration, parameters, kvm, status] = (await host.virsh.qmpAll(vmId, asked, signal)) as [
    readonly BlockJob[] | undefined,
    Migration | undefined,
    { "max-bandwidth"?: number } | undefined,
    Machine["kvm"],
    Machine["status"],
  ];
  if (!jobs || !migration) return undefined;
  const mirrors = jobs.filter(({ type }) => type === "mirror");
  const inMemory = moving.includes(migration.status ?? "");
  if (mirrors.length === 0 && !inMemory) return undefined;
  const mustStop = kvm?.enabled === false && status?.running === true;
  const still = mustStop && inMemory ? await standStill(host, vmId, signal) : undefined;
  const memory = mustStop && !inMemory ? heldBytesPerSecond : rate.memory;
  const orders = [...diskOrders(mirrors, rate.disks), ...memoryOrders(parameters?.["max-bandwidth"], memory)];
  // One that comes too late for a move that has just ended is lost on nobody.
  if (orders.length > 0) await host.virsh.qmpAll(vmId, orders, signal);
  const progress = toProgress(mirrors, inMemory ? migration.ram : undefined, inMemory);
  return still === undefined ? progress : { ...progress, stillSinceMs: still };
}

/** libvirt takes it for the standstill at the switch: the guest runs on at the target, or here if the move fails.
 *  Milliseconds from the begin of the job until then. */
async function standStill(host: Host, vmId: string, signal: AbortSignal): Promise<number | undefined> {
  const stop = `'${JSON.stringify({ execute: "stop" })}'`;
  const commands = [
    ["domjobinfo", vmId, "--rawstats"],
    ["qemu-monitor-command", vmId, stop],
  ];
  const [job = ""] = await host.virsh.batch(commands, signal);
  return jobFigure(job, "time_elapsed");
}

/** Those that are alike already are not copied any more. */
function diskOrders(mirrors: readonly BlockJob[], bytesPerSecond: number | undefined): object[] {
  const copying = mirrors.filter(({ ready }) => !ready);
  // 0 is no bound.
  const speed = bytesPerSecond === undefined ? 0 : Math.max(1, Math.floor(bytesPerSecond / copying.length));
  return copying
    .filter((job) => job.speed !== speed)
    .map(({ device }) => ({ execute: "block-job-set-speed", arguments: { device, speed } }));
}

function memoryOrders(now: number | undefined, bytesPerSecond = unboundedBytesPerSecond): object[] {
  const wanted = Math.max(1, Math.floor(bytesPerSecond));
  return now === wanted ? [] : [{ execute: "migrate-set-parameters", arguments: { "max-bandwidth": wanted } }];
}

function toProgress(mirrors: readonly BlockJob[], ram: Migration["ram"], inMemory: boolean): LiveProgress {
  const rate = ram?.["dirty-pages-rate"];
  return {
    phase: inMemory ? "memory" : "disks",
    diskBytesDone: mirrors.reduce((sum, job) => sum + job.offset, 0),
    diskBytesLeft: mirrors.reduce((sum, job) => sum + Math.max(0, job.len - job.offset), 0),
    memoryBytesDone: ram?.transferred ?? 0,
    memoryBytesLeft: ram?.remaining ?? 0,
    ...(rate === undefined ? {} : { dirtyBytesPerSecond: rate * (ram?.["page-size"] ?? 4096) }),
  };
}

/** What a daemon that died in an earlier attempt left in the guest's hypervisor: its mirrors, and what they wrote to. libvirt
 *  does not know of them any more, and would stumble over their names. */
export async function dropLeftovers(
  host: Host,
  vmId: string,
  diskIds: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const query = [{ execute: "query-block-jobs" }];
  for (let left = leftoverLooks; left > 0; left--) {
    const [jobs] = (await host.virsh.qmpAll(vmId, query, signal)) as [readonly BlockJob[] | undefined];
    const mirrors = (jobs ?? []).filter(({ type }) => type === "mirror");
    if (mirrors.length === 0) break;
    const cancel = mirrors.map(({ device }) => ({ execute: "block-job-cancel", arguments: { device, force: true } }));
    await host.virsh.qmpAll(vmId, cancel, signal);
  }
  const nodes = diskIds.flatMap((diskId) => [`migration-${diskId}-format`, `migration-${diskId}-storage`]);
  const remove = nodes.map((name) => ({ execute: "blockdev-del", arguments: { "node-name": name } }));
  // Mostly there are none.
  await host.virsh.qmpAll(vmId, remove, signal);
}
