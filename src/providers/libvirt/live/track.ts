import { liveBitmaps } from "../baselines.ts";
import type { Host } from "../host.ts";
import { granularityBytes } from "../images.ts";
import { idOfKey } from "../layers.ts";
import { recordTracking } from "../tracking.ts";

interface Node {
  readonly "node-name": string;
  readonly file?: string;
  readonly drv?: string;
  readonly "dirty-bitmaps"?: readonly { readonly name: string }[];
}

/** The same at both ends. */
export function trackIdOf(vmId: string, key: string): string {
  return idOfKey("sp", "live", vmId, key);
}

/**
 * Begins a bitmap on each disk at the source, before anything moves. libvirt hands bitmaps over with the guest, and they go
 * on recording at the target: so nothing that the guest writes is missed, at either end. Raw images keep none.
 */
export async function track(host: Host, vmId: string, key: string, signal: AbortSignal): Promise<void> {
  const trackId = trackIdOf(vmId, key);
  for (const node of await nodesOf(host, vmId, signal)) {
    if (node.drv !== "qcow2" || node["dirty-bitmaps"]?.some(({ name }) => name === trackId)) continue;
    const bitmap = { node: node["node-name"], name: trackId, persistent: true, granularity: granularityBytes };
    await onNode(host, vmId, "block-dirty-bitmap-add", bitmap, signal);
  }
}

/** For a guest that stayed. */
export async function untrack(host: Host, vmId: string, key: string, signal: AbortSignal): Promise<void> {
  const name = trackIdOf(vmId, key);
  for (const node of await nodesOf(host, vmId, signal)) {
    if (!node["dirty-bitmaps"]?.some((bitmap) => bitmap.name === name)) continue;
    await onNode(host, vmId, "block-dirty-bitmap-remove", { node: node["node-name"], name }, signal);
  }
}

/** Notes what the bitmaps mean that came with a guest. Undefined when one of them did not. */
export async function takeTracking(
  host: Host,
  vmId: string,
  key: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const trackId = trackIdOf(vmId, key);
  const domain = await host.domains.get(vmId, signal);
  const live = await liveBitmaps(host, domain, signal);
  const came = domain.disks.every(({ path }) =>
    live
      .get(path)
      ?.some(
        ({ name, persistent, recording, inconsistent }) => name === trackId && persistent && recording && !inconsistent,
      ),
  );
  if (!came || domain.disks.length === 0) return undefined;
  await recordTracking(host, { sourcePointId: trackId, takenAt: new Date().toISOString(), mode: "frozen" }, domain);
  return trackId;
}

/** The topmost node of each disk. */
async function nodesOf(host: Host, vmId: string, signal: AbortSignal): Promise<Node[]> {
  const subject = host.domains.subject("look at the disks of VM", vmId);
  const domain = await host.domains.get(vmId, signal);
  const command = { execute: "query-named-block-nodes", arguments: { flat: true } };
  const nodes = await host.virsh.qmp<readonly Node[]>(vmId, command, subject, signal);
  return domain.disks.flatMap(({ path, format }) => nodes.filter(({ file, drv }) => file === path && drv === format));
}

async function onNode(host: Host, vmId: string, execute: string, named: object, signal: AbortSignal): Promise<void> {
  const subject = host.domains.subject("track what is written to the disks of VM", vmId);
  await host.virsh.qmp(vmId, { execute, arguments: named }, subject, signal);
}
