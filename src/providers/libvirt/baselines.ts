import type { ChangeContext } from "../../transfer/nbd/extent-map.ts";
import type { Baseline, SourcePoint } from "../provider.ts";
import type { DomainDisk } from "./domain-xml.ts";
import type { SeenDomain } from "./domains.ts";
import type { Host } from "./host.ts";
import { granularityBytes, type ImageInfo } from "./images.ts";

/** Kept after a source point's end: what its bitmaps mean, and what a disk without bitmaps was last read as. */
export interface TrackingRecord {
  readonly sourcePointId: string;
  readonly takenAt: string;
  readonly mode: SourcePoint["mode"];
  readonly disks: readonly { readonly diskId: string; readonly path: string }[];
}

export interface FoundBaseline extends Baseline {
  /** How an NBD export of the disk shows it; absent for `hash-compare`. */
  readonly change?: ChangeContext;
}

/** Source points that a disk keeps a bitmap of; each costs the guest's writes a little. */
export const keptPoints = 3;

/** The name under which a backup job serves the changes since the baseline that was chosen for it. */
export const exportedBitmap = "novacron";

/** A running QEMU's view of a persistent bitmap. */
interface LiveBitmap {
  readonly name: string;
  readonly count: number;
  readonly granularity: number;
  readonly recording: boolean;
  readonly persistent: boolean;
  readonly inconsistent?: boolean;
}

/**
 * What the changes of a disk since are known of, best first: dirty bitmaps, newest first; the overlay's own clusters when
 * the disk is a clone of a point; and reading and comparing hashes.
 */
export async function findBaselines(
  host: Host,
  disk: DomainDisk,
  input: { info: ImageInfo; ownBytes: number; live?: readonly LiveBitmap[]; except?: string },
): Promise<FoundBaseline[]> {
  const records = await trackingOf(host, disk.path);
  const layerId = host.layers.idOfPath(disk.path);
  const layer = layerId === undefined ? undefined : await host.layers.get(layerId);
  const found: FoundBaseline[] = [];
  const bitmaps = usableBitmaps(input.info, input.live).filter(({ name }) => name !== input.except);
  for (const bitmap of bitmaps) {
    const record = records.find(({ sourcePointId }) => sourcePointId === bitmap.name);
    const isBaseline = bitmap.name === layer?.baselineId;
    if (!record && !isBaseline) continue;
    const diskId = record?.disks.find(({ path }) => path === disk.path)?.diskId ?? disk.diskId;
    found.push({
      baselineId: isBaseline ? bitmap.name : `${bitmap.name}/${diskId}`,
      tracking: "dirty-bitmap",
      granularityBytes: bitmap.granularity,
      changedBytes: bitmap.count,
      change: { kind: "dirty-bitmap", bitmap: bitmap.name },
    });
  }
  const order = (baseline: FoundBaseline) =>
    records.findIndex(({ sourcePointId }) => baseline.baselineId.startsWith(`${sourcePointId}/`));
  found.sort((a, b) => order(b) - order(a));
  const known = new Set(found.map(({ baselineId }) => baselineId));
  if (layer?.backing && layer.baselineId === layer.backing.pointId && !known.has(layer.baselineId)) {
    found.push({
      baselineId: layer.baselineId,
      tracking: "overlay-allocation",
      granularityBytes,
      changedBytes: input.ownBytes,
      change: { kind: "overlay-allocation" },
    });
    known.add(layer.baselineId);
  }
  const compared = records
    .filter(({ sourcePointId }) => sourcePointId !== input.except)
    .map((record) => `${record.sourcePointId}/${record.disks.find(({ path }) => path === disk.path)?.diskId}`)
    .reverse();
  if (layer?.baselineId !== undefined) compared.push(layer.baselineId);
  for (const baselineId of compared.filter((id) => !known.has(id))) {
    found.push({ baselineId, tracking: "hash-compare", granularityBytes: 512 * 1024 });
  }
  return found;
}

/** Records of the source points that read this image, oldest first. */
export async function trackingOf(host: Host, path: string): Promise<TrackingRecord[]> {
  const records = await host.layers.listRecords<TrackingRecord>("tracking");
  return records
    .filter((record) => record.disks.some((disk) => disk.path === path))
    .sort((a, b) => (a.takenAt < b.takenAt ? -1 : 1));
}

function usableBitmaps(info: ImageInfo, live: readonly LiveBitmap[] | undefined) {
  if (live) {
    return live
      .filter((bitmap) => bitmap.persistent && bitmap.recording && !bitmap.inconsistent)
      .map(({ name, granularity, count }) => ({ name, granularity, count }));
  }
  return info.bitmaps
    .filter((bitmap) => !bitmap.inUse && bitmap.auto)
    .map(({ name, granularity }) => ({ name, granularity, count: undefined }));
}

/** The bitmaps of a running VM's disks by image path. */
export async function liveBitmaps(
  host: Host,
  domain: SeenDomain,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, readonly LiveBitmap[]>> {
  const subject = host.domains.subject("look at the disks of VM", domain.uuid);
  const command = { execute: "query-named-block-nodes", arguments: { flat: true } };
  type Node = { readonly file?: string; readonly "dirty-bitmaps"?: readonly LiveBitmap[]; readonly drv?: string };
  const nodes = await host.virsh.qmp<readonly Node[]>(domain.uuid, command, subject, signal);
  const found = new Map<string, readonly LiveBitmap[]>();
  for (const disk of domain.disks) {
    const formatNodes = nodes.filter((node) => node.file === disk.path && node.drv === disk.format);
    found.set(
      disk.path,
      formatNodes.flatMap((node) => node["dirty-bitmaps"] ?? []),
    );
  }
  return found;
}

/** A frozen point serves the one bitmap that libvirt merged for it; for the rest there is only comparing. */
export function servedBaseline(baseline: FoundBaseline, exported: string | undefined): FoundBaseline[] {
  if (baseline.tracking === "hash-compare") return [baseline];
  if (baseline.change?.kind === "dirty-bitmap" && baseline.change.bitmap === exported) {
    return [{ ...baseline, change: { kind: "dirty-bitmap", bitmap: exportedBitmap } }];
  }
  const { baselineId, granularityBytes } = baseline;
  return [{ baselineId, granularityBytes, tracking: "hash-compare" }];
}
