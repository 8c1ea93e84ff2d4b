import { readFileSync } from "node:fs";

/** What a guest has used since its start. */
export interface GuestUsage {
  readonly at: number;
  /** Of its QEMU process: under emulation that is more than the guest itself would need. */
  readonly cpuSeconds: number;
  readonly readBytes: number;
  readonly writtenBytes: number;
  readonly readOperations: number;
  readonly writeOperations: number;
}

/** Clock ticks a second: USER_HZ is 100 on every Linux that Node runs on. */
const ticksPerSecond = 100;

export function cpuSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

interface BlockStats {
  readonly qdev?: string;
  readonly stats: { rd_bytes: number; wr_bytes: number; rd_operations: number; wr_operations: number };
}

/** Adds up what `query-blockstats` says of the disks that the guest sees. */
export function blockUsage(answer: unknown): Omit<GuestUsage, "at" | "cpuSeconds"> {
  const sum = { readBytes: 0, writtenBytes: 0, readOperations: 0, writeOperations: 0 };
  for (const { qdev, stats } of answer as readonly BlockStats[]) {
    if (!qdev) continue;
    sum.readBytes += stats.rd_bytes;
    sum.writtenBytes += stats.wr_bytes;
    sum.readOperations += stats.rd_operations;
    sum.writeOperations += stats.wr_operations;
  }
  return sum;
}

/** What `query-block` says of the layer that each of the guest's disks is written in: by disk. */
export function blockLayers(answer: unknown): ReadonlyMap<string, string> {
  const blocks = answer as readonly { readonly qdev?: string; readonly inserted?: { readonly "node-name"?: string } }[];
  return new Map(blocks.map(({ qdev = "", inserted }) => [diskOf(qdev), inserted?.["node-name"] ?? ""]));
}

/** A virtio disk's own device is one below the one that was plugged in. */
function diskOf(qdev: string): string {
  const path = qdev.replace(/\/virtio-backend$/, "");
  return path.slice(path.lastIndexOf("/") + 1);
}
