import type { Volume } from "@aws-sdk/client-ec2";
import type { Subject } from "../failures.ts";
import type { Baseline } from "../provider.ts";
import { type Ec2View, filterLists } from "./describe.ts";
import { type OurSnapshot, pointIdOf, type Snapshots } from "./points.ts";
import { noteKeys } from "./tags.ts";

/** EBS's block. */
export const blockBytes = 512 * 1024;
/** Newest first; more would only make plans longer. */
const mostBaselines = 5;

/** What AWS can compare a volume's next snapshot with. */
export interface Lineage {
  /** Snapshots of it that are kept, newest first. */
  readonly earlier: readonly OurSnapshot[];
  /** The recovery point that it was made from. */
  readonly origin?: OurSnapshot;
}

/** The lineages of volumes, in as few calls as it takes. */
export async function lineagesOf(
  volumeIds: readonly string[],
  { view, snapshots }: { view: Ec2View; snapshots: Snapshots },
  subject: Subject,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Lineage>> {
  const volumes = await view.volumesById(volumeIds, subject, signal);
  const taken: OurSnapshot[] = [];
  for (const Values of filterLists(volumeIds)) {
    const filters = [
      { Name: "volume-id", Values },
      { Name: "status", Values: ["completed"] },
      { Name: "tag-key", Values: [noteKeys.disk] },
    ];
    taken.push(...(await Array.fromAsync(snapshots.list(filters, subject, signal))));
  }
  const ofVolume = Map.groupBy(taken, ({ volumeId }) => volumeId);
  const origins = await originsOf([...volumes.values()], snapshots, subject, signal);
  return new Map(
    volumeIds.map((volumeId) => {
      const earlier = (ofVolume.get(volumeId) ?? []).toSorted((a, b) => (a.startedAt > b.startedAt ? -1 : 1));
      const origin = origins.get(volumes.get(volumeId)?.SnapshotId ?? "");
      return [volumeId, { earlier, ...(origin ? { origin } : {}) }];
    }),
  );
}

async function originsOf(
  volumes: readonly Volume[],
  snapshots: Snapshots,
  subject: Subject,
  signal: AbortSignal,
): Promise<Map<string, OurSnapshot>> {
  const ids = [...new Set(volumes.flatMap(({ SnapshotId }) => SnapshotId || []))];
  const found = await snapshots.byIds(ids, subject, signal);
  return new Map(
    found
      .filter(({ notes, state }) => notes.point !== undefined && state === "completed")
      .map((origin) => [origin.snapshotId, origin]),
  );
}

/** What a snapshot of the volume can be compared with; `except`: that snapshot, once it is there. */
export function baselinesOf(
  lineage: Lineage | undefined,
  except?: OurSnapshot,
): { baseline: Baseline; snapshotId: string }[] {
  const { earlier = [], origin } = lineage ?? {};
  const before = earlier
    .filter(({ notes }) => except === undefined || notes.sourcePoint !== except.notes.sourcePoint)
    .filter(({ startedAt }) => except === undefined || startedAt <= except.startedAt)
    .map(({ notes, snapshotId }) => ({ baselineId: `${notes.sourcePoint}/${notes.disk}`, snapshotId }));
  const made = origin ? [{ baselineId: pointIdOf(origin), snapshotId: origin.snapshotId }] : [];
  return [...before, ...made].slice(0, mostBaselines).map(({ baselineId, snapshotId }) => ({
    baseline: { baselineId, tracking: "changed-blocks", granularityBytes: blockBytes },
    snapshotId,
  }));
}
