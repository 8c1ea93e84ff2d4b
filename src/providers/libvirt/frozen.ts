import type { Consistency } from "../../domain/consistency.ts";
import { type Subject } from "../failures.ts";
import { exportedBitmap, type FoundBaseline } from "./baselines.ts";
import type { SeenDomain } from "./domains.ts";
import { toolFailure } from "./errors.ts";
import { whileFrozen } from "./guest-agent.ts";
import type { Host } from "./host.ts";
import { escapeXml } from "./xml.ts";

interface FrozenPoint {
  readonly domain: SeenDomain;
  readonly sourcePointId: string;
  readonly socketPath: string;
  readonly scratch: readonly string[];
  readonly disks: readonly {
    readonly diskId: string;
    readonly format: string;
    readonly baselines: readonly FoundBaseline[];
  }[];
}

/**
 * Starts a pull backup: QEMU serves all disks as they are at this moment, and a checkpoint tracks the changes from here
 * on, with the guest's file systems frozen for the moment where its agent can. Returns for each disk the bitmap whose changes
 * are served with it. One job a domain at a time is libvirt's limit.
 */
export async function beginBackup(
  host: Host,
  point: FrozenPoint,
  subject: Subject,
  signal: AbortSignal,
): Promise<{ served: Readonly<Record<string, string>>; consistency: Consistency }> {
  const { uuid } = point.domain;
  const served: Record<string, string> = {};
  for (const disk of point.disks) {
    for (const { change } of disk.baselines) {
      if (change?.kind !== "dirty-bitmap" || served[disk.diskId] !== undefined) continue;
      if (await ensureCheckpoint(host, point, change.bitmap, signal)) served[disk.diskId] = change.bitmap;
    }
  }
  const running = await host.virsh.attempt(["backup-dumpxml", uuid], signal);
  if (running.exitCode === 0) {
    // Begun by an attempt that died before it wrote so: begin anew, as its moment is not known.
    if (running.stdout.includes(point.socketPath)) await host.virsh.attempt(["domjobabort", uuid], signal);
    else throw toolFailure("virsh", "another job is active", subject);
  }
  const files = {
    backup: `${host.layers.root}/scratch/${point.sourcePointId}.backup.xml`,
    checkpoint: `${host.layers.root}/scratch/${point.sourcePointId}.checkpoint.xml`,
  };
  await host.writeForTools(files.backup, backupXml(point, served));
  await host.writeForTools(files.checkpoint, checkpointXml(point));
  try {
    await host.virsh.attempt(["checkpoint-delete", uuid, point.sourcePointId], signal);
    const begin = ["backup-begin", uuid, "--backupxml", files.backup, "--checkpointxml", files.checkpoint];
    const begun = await whileFrozen(host, point.domain, () => host.virsh.attempt(begin, signal), signal);
    if (begun.result.exitCode !== 0) throw toolFailure("virsh", begun.result.stderr, subject);
    return { served, consistency: begun.consistency };
  } finally {
    await host.removeFiles(files.backup, files.checkpoint);
  }
}

/** Ends the job; the checkpoint's bitmap goes on recording. */
export async function endBackup(
  host: Host,
  point: { readonly vmId: string; readonly socketPath?: string },
  signal: AbortSignal,
): Promise<void> {
  const running = await host.virsh.attempt(["backup-dumpxml", point.vmId], signal);
  if (running.exitCode !== 0 || !running.stdout.includes(point.socketPath ?? "")) return;
  const result = await host.virsh.attempt(["domjobabort", point.vmId], signal);
  if (result.exitCode !== 0 && !/not running|no .*job|failed to get domain/i.test(result.stderr)) {
    throw toolFailure("virsh", result.stderr, host.domains.subject("end the backup job of VM", point.vmId));
  }
  // Aborting returns before the job is gone, and the next one would be refused.
  for (let left = 100; left > 0; left--) {
    if ((await host.virsh.attempt(["backup-dumpxml", point.vmId], signal)).exitCode !== 0) return;
  }
}

/** libvirt serves the changes since a checkpoint only; our bitmaps of stopped disks and clones are made known as such. */
async function ensureCheckpoint(host: Host, point: FrozenPoint, bitmap: string, signal: AbortSignal): Promise<boolean> {
  const { uuid } = point.domain;
  const known = await host.virsh.attempt(["checkpoint-dumpxml", "--no-domain", uuid, bitmap], signal);
  if (known.exitCode === 0) return true;
  const config = await host.virsh.attempt(["dumpxml", "--inactive", uuid], signal);
  const disks = point.disks.map((disk) => {
    const has = disk.baselines.some(({ change }) => change?.kind === "dirty-bitmap" && change.bitmap === bitmap);
    const kind = has ? `checkpoint='bitmap' bitmap='${escapeXml(bitmap)}'` : "checkpoint='no'";
    return `<disk name='${disk.diskId}' ${kind}/>`;
  });
  const xml =
    `<domaincheckpoint><name>${escapeXml(bitmap)}</name><creationTime>${Math.floor(Date.now() / 1000)}</creationTime>` +
    `<disks>${disks.join("")}</disks>${config.stdout}</domaincheckpoint>`;
  const result = await host.virsh.attempt(["checkpoint-create", uuid, "/dev/stdin", "--redefine"], signal, xml);
  if (result.exitCode !== 0) {
    host.log("warn", "A bitmap cannot be served of a running VM", { bitmap, reason: result.stderr.trim() });
  }
  return result.exitCode === 0;
}

function backupXml(point: FrozenPoint, served: Readonly<Record<string, string>>): string {
  const disks = point.disks.map(({ diskId }, index) => {
    const since = served[diskId];
    const mode =
      since === undefined
        ? "backupmode='full'"
        : `backupmode='incremental' incremental='${escapeXml(since)}' exportbitmap='${exportedBitmap}'`;
    return (
      `<disk name='${diskId}' backup='yes' type='file' exportname='${diskId}' ${mode}>` +
      `<scratch file='${escapeXml(point.scratch[index] ?? "")}'/></disk>`
    );
  });
  return (
    `<domainbackup mode='pull'><server transport='unix' socket='${escapeXml(point.socketPath)}'/>` +
    `<disks>${disks.join("")}</disks></domainbackup>\n`
  );
}

function checkpointXml(point: FrozenPoint): string {
  const disks = point.disks.map(
    ({ diskId, format }) => `<disk name='${diskId}' checkpoint='${format === "qcow2" ? "bitmap" : "no"}'/>`,
  );
  return `<domaincheckpoint><name>${point.sourcePointId}</name><disks>${disks.join("")}</disks></domaincheckpoint>\n`;
}
