import { isProviderError } from "../../domain/errors.ts";
import type { SourcePoint, SourcePointDisk } from "../provider.ts";
import { type FoundBaseline, keptPoints, type TrackingRecord, trackingOf } from "./baselines.ts";
import type { DomainDisk } from "./domain-xml.ts";
import type { SeenDomain } from "./domains.ts";
import type { Host } from "./host.ts";
import { type FileIdentity, fileIdentity, type ImageInfo, isUnchanged } from "./images.ts";
import type { Layer } from "./layers.ts";

export interface PointDisk extends SourcePointDisk {
  readonly path: string;
  readonly format: string;
  readonly identity?: FileIdentity;
  readonly baselines: readonly FoundBaseline[];
}

export interface PointRecord extends SourcePoint {
  readonly key: string;
  readonly state: "making" | "ready";
  readonly disks: readonly PointDisk[];
  /** Of a frozen point: QEMU's own NBD server. */
  readonly socketPath?: string;
  readonly scratch?: readonly string[];
}

interface Holders {
  readonly points: readonly PointRecord[];
  readonly adopted: readonly Layer[];
}

/** By disk, the baseline that the taker of a point counts on. */
export type Wanted = Readonly<Record<string, string>>;

/** The point that is taken, and what it is to be compared with: that is kept, however old. */
interface Tracked {
  readonly sourcePointId: string;
  readonly since: Wanted;
}

/** One bitmap of a disk can be served, and the first that can is. */
export function wantedFirst(found: readonly FoundBaseline[], wanted: string | undefined): FoundBaseline[] {
  return found.toSorted((a, b) => Number(b.baselineId === wanted) - Number(a.baselineId === wanted));
}

function pointsOf(since: Wanted): string[] {
  return Object.values(since).flatMap((baselineId) => baselineId.split("/")[0] ?? []);
}

/** Adds the point's bitmap where nobody reads the disk, drops those too old to be used and returns their names. Points that saw the disk as it was
 *  before keep being valid: a bitmap changes no byte of the disk. */
export async function startTracking(
  host: Host,
  disk: DomainDisk,
  info: ImageInfo,
  { sourcePointId, since }: Tracked,
  signal: AbortSignal,
): Promise<string[]> {
  const records = await trackingOf(host, disk.path);
  const kept = new Set([...records.slice(-keptPoints).map((record) => record.sourcePointId), ...pointsOf(since)]);
  const old = info.bitmaps.filter(({ name }) => name.startsWith("sp-") && !kept.has(name));
  const missing = !info.bitmaps.some(({ name }) => name === sourcePointId);
  if (!missing && old.length === 0) return [];
  const before = await holdersOf(host, disk.path);
  const dropped: string[] = [];
  try {
    for (const { name } of old) {
      await host.images.removeBitmap(disk.path, name, signal);
      dropped.push(name);
    }
    await host.images.addBitmap(disk.path, sourcePointId, signal);
  } catch (error) {
    // Somebody reads the disk as another point, and takes its file for unchanging: this one is there all the same, only nothing
    // will tell what changed since.
    if (!isProviderError(error, "Conflict")) throw error;
  }
  await restamp(host, disk.path, before);
  for (const { sourcePointId: id } of records) if (!kept.has(id)) await host.layers.dropRecord("tracking", id);
  return dropped;
}

/** As many as are kept, less the one about to come. One that libvirt does not know goes with the next stopped point. */
export async function dropOldCheckpoints(
  host: Host,
  domain: SeenDomain,
  { sourcePointId, since }: Tracked,
  signal: AbortSignal,
): Promise<void> {
  const points = await host.layers.listRecords<PointRecord>("points");
  const held = new Set([...points.map((point) => point.sourcePointId), ...pointsOf(since)]);
  for (const disk of domain.disks) {
    const others = (await trackingOf(host, disk.path)).filter((record) => record.sourcePointId !== sourcePointId);
    for (const { sourcePointId: old } of others
      .slice(0, -(keptPoints - 1))
      .filter((one) => !held.has(one.sourcePointId))) {
      const result = await host.virsh.attempt(["checkpoint-delete", domain.uuid, old], signal);
      if (result.exitCode === 0) await host.layers.dropRecord("tracking", old);
    }
  }
}

/** Points of this image that are valid now. */
async function holdersOf(host: Host, path: string): Promise<Holders> {
  const points = (await host.layers.listRecords<PointRecord>("points")).filter((record) =>
    record.disks.some((disk) => disk.path === path && disk.identity),
  );
  const validPoints = [];
  for (const record of points) {
    const disk = record.disks.find((candidate) => candidate.path === path);
    if (disk?.identity && (await isUnchanged(disk.identity))) validPoints.push(record);
  }
  const adopted = [];
  for (const layer of await host.layers.list()) {
    if (layer.kind === "adopted" && layer.path === path && layer.identity && (await isUnchanged(layer.identity)))
      adopted.push(layer);
  }
  return { points: validPoints, adopted };
}

async function restamp(host: Host, path: string, holders: Holders): Promise<void> {
  const identity = await fileIdentity(path);
  if (!identity) return;
  for (const record of holders.points) {
    const disks = record.disks.map((disk) => (disk.path === path ? { ...disk, identity } : disk));
    await host.layers.putRecord("points", record.sourcePointId, { ...record, disks });
  }
  for (const layer of holders.adopted) await host.layers.restamp(layer.id, identity);
}

export async function recordTracking(
  host: Host,
  base: Pick<PointRecord, "sourcePointId" | "takenAt" | "mode">,
  domain: SeenDomain,
): Promise<void> {
  const { sourcePointId, takenAt, mode } = base;
  const disks = domain.disks.map(({ diskId, path }) => ({ diskId, path }));
  const record: TrackingRecord = { sourcePointId, takenAt, mode, disks };
  await host.layers.putRecord("tracking", sourcePointId, record);
}

/** A point as callers see it. */
export function publicPoint(record: PointRecord): SourcePoint {
  const { sourcePointId, vmId, mode, takenAt, consistency } = record;
  const disks = record.disks.map(({ diskId, sizeBytes, allocatedBytes, baselines }) => ({
    diskId,
    sizeBytes,
    allocatedBytes,
    baselines: baselines.map(plain),
  }));
  return { sourcePointId, vmId, mode, takenAt, consistency, disks };
}

/** Without how an export shows it. */
export function plain({ change: _change, ...baseline }: FoundBaseline) {
  return baseline;
}
