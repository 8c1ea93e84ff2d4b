import type { VmSnapshot } from "../provider.ts";
import type { Host } from "./host.ts";
import { child, parseXml, textOf } from "./xml.ts";

/** Domains in one virsh call. */
const batchSize = 50;

/** libvirt's own snapshots of whole VMs, which others take here: with `virsh snapshot-create`, or a console of theirs. */
export async function* listVmSnapshots(host: Host, signal: AbortSignal): AsyncGenerator<VmSnapshot> {
  const domains = (await Array.fromAsync(host.domains.list(signal))).map(({ uuid }) => uuid);
  for (let at = 0; at < domains.length; at += batchSize) {
    const part = domains.slice(at, at + batchSize);
    const listed = await host.virsh.batch(
      part.map((uuid) => ["snapshot-list", "--domain", uuid, "--name"]),
      signal,
    );
    for (const [index, uuid] of part.entries()) {
      for (const name of (listed[index] ?? "").split("\n").map((line) => line.trim())) {
        if (name !== "") yield* snapshotOf(host, uuid, name, signal);
      }
    }
  }
}

/** None when it, or its VM, has gone since it was listed. */
async function* snapshotOf(host: Host, vmId: string, name: string, signal: AbortSignal): AsyncGenerator<VmSnapshot> {
  const dumped = await host.virsh.attempt(["snapshot-dumpxml", "--domain", vmId, "--snapshotname", name], signal);
  const snapshot = dumped.exitCode === 0 ? parseXml(dumped.stdout, "domainsnapshot") : undefined;
  if (!snapshot) return;
  const seconds = Number(textOf(child(snapshot, "creationTime")));
  yield {
    snapshotId: `${vmId}/${name}`,
    name,
    vmId,
    state: textOf(child(snapshot, "state")) ?? "unknown",
    ...(seconds > 0 ? { createdAt: new Date(seconds * 1_000).toISOString() } : {}),
  };
}
