import type { LiveProgress, LiveRate } from "../../../domain/live.ts";
import type { Host } from "../host.ts";

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

/** QEMU's own words for a guest's memory being on its way. */
const moving: readonly string[] = ["setup", "active", "pre-switchover", "device"];
/** A job that was told to end does so between two looks, or soon after. */
const leftoverLooks = 20;
/** More than any link carries. */
const unboundedBytesPerSecond = 2 ** 40;

/** Asks and tells QEMU itself: libvirt takes whole MiB only, and no new rate for disks while it migrates. */
export async function followMove(
  host: Host,
  vmId: string,
  rate: LiveRate,
  signal: AbortSignal,
): Promise<LiveProgress | undefined> {
  const asked = ["query-block-jobs", "query-migrate", "query-migrate-parameters"].map((execute) => ({ execute }));
  const [jobs, migration, parameters] = (await host.virsh.qmpAll(vmId, asked, signal)) as [
    readonly BlockJob[] | undefined,
    Migration | undefined,
    { "max-bandwidth"?: number } | undefined,
  ];
  if (!jobs || !migration) return undefined;
  const mirrors = jobs.filter(({ type }) => type === "mirror");
  const inMemory = moving.includes(migration.status ?? "");
  if (mirrors.length === 0 && !inMemory) return undefined;
  const orders = [...diskOrders(mirrors, rate.disks), ...memoryOrders(parameters?.["max-bandwidth"], rate.memory)];
  // One that comes too late for a move that has just ended is lost on nobody.
  if (orders.length > 0) await host.virsh.qmpAll(vmId, orders, signal);
  return toProgress(mirrors, inMemory ? migration.ram : undefined, inMemory);
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
