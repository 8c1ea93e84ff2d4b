import type { Baseline, DiskSince, DisksFacet, SourcePoint } from "../providers/provider.ts";

/** A point that was taken, and by disk the baseline that matters. */
export interface PointSince {
  readonly point: SourcePoint;
  readonly since: Readonly<Record<string, string>>;
}

/** The disks (as `<sourcePointId>/<diskId>`) to which nothing was written since their baseline, where the site can tell without
 *  reading them. */
export async function unchangedDisks(
  disks: DisksFacet,
  points: readonly PointSince[],
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const unchanged = new Set<string>();
  const asked: DiskSince[] = [];
  for (const { point, since } of points) {
    for (const { diskId, baselines } of point.disks) {
      const baseline = baselines.find(({ baselineId }) => baselineId === since[diskId]);
      if (!baseline || baseline.tracking === "hash-compare") continue;
      const { sourcePointId } = point;
      const bytes = countedBytes(point, baseline);
      if (bytes === 0) unchanged.add(`${sourcePointId}/${diskId}`);
      else if (bytes === undefined) asked.push({ sourcePointId, diskId, baselineId: baseline.baselineId });
    }
  }
  if (asked.length === 0 || !disks.unchangedSince) return unchanged;
  const answers = await disks.unchangedSince(asked, signal);
  for (const [index, { sourcePointId, diskId }] of asked.entries()) {
    if (answers[index]) unchanged.add(`${sourcePointId}/${diskId}`);
  }
  return unchanged;
}

/** What changed of a running VM may have been counted before its moment: that says nothing. */
function countedBytes({ mode }: SourcePoint, { changedBytes }: Baseline): number | undefined {
  return mode === "stopped" ? changedBytes : undefined;
}
