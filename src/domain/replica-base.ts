import type { ChangeTracking } from "./change-tracking.ts";
import type { CopyDiskParameters } from "./migration-parts.ts";
import type { ReplicaRound } from "./warm.ts";

/** What a point of the source says of its disks. */
export interface PointWithBaselines {
  readonly disks: readonly {
    readonly diskId: string;
    /** Some sites can tell it of a point only, not of a VM. */
    readonly allocatedBytes?: number;
    readonly baselines: readonly { readonly baselineId: string; readonly tracking: ChangeTracking }[];
  }[];
}

/**
 * The copies of a point on top of the newest proven round: by the changes that the source kept track of since that
 * round's point, else by comparing hashes. Without a round they are as they were planned, but for changes that the
 * point turned out not to know: those are found by comparing hashes.
 */
export function increments(
  copies: readonly CopyDiskParameters[],
  newest: Pick<ReplicaRound, "sourcePointId" | "disks"> | undefined,
  point: PointWithBaselines,
): CopyDiskParameters[] {
  if (!newest) return copies.map((copy) => asTold(copy, point));
  return copies.map((copy) => {
    const replica = newest.disks.find(({ diskId }) => diskId === copy.diskId);
    if (!replica) return copy;
    const baselineId = `${newest.sourcePointId}/${copy.diskId}`;
    const known = point.disks.find(({ diskId }) => diskId === copy.diskId)?.baselines ?? [];
    const tracked = known.find((baseline) => baseline.baselineId === baselineId);
    const { generationId } = replica;
    return {
      ...copy,
      tracking: tracked?.tracking ?? "hash-compare",
      base: { baselineId, parentPointId: generationId, parentManifestId: generationId },
    };
  });
}

function asTold(copy: CopyDiskParameters, point: PointWithBaselines): CopyDiskParameters {
  const { base } = copy;
  const disk = point.disks?.find(({ diskId }) => diskId === copy.diskId);
  if (!base || !disk) return copy;
  const told = disk.baselines.find(({ baselineId }) => baselineId === base.baselineId);
  return { ...copy, tracking: told?.tracking ?? "hash-compare" };
}

/** By disk, the baseline that the plan counts on. */
export function plannedBaselines(copies: readonly CopyDiskParameters[]): Readonly<Record<string, string>> {
  return Object.fromEntries(copies.flatMap(({ diskId, base }) => (base ? [[diskId, base.baselineId]] : [])));
}
