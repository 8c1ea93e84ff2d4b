import { Context } from "@temporalio/activity";
import type { PreparationChange, PreparedDisk } from "../domain/preparation.ts";
import { tagKeys } from "../domain/vm.ts";
import type { SiteDeps } from "./deps.ts";
import type { DiskMoves } from "./disk-moves.ts";
import { setHeartbeatDetails } from "./heartbeat.ts";

/** The source is stopped by then: a slow site is waited for. */
const maxPreparationMs = 30 * 60_000;

export interface PrepareDiskInput {
  readonly site: string;
  readonly migrationId: string;
  readonly diskId: string;
  readonly replicaId: string;
  readonly sizeBytes: number;
  readonly encryptionKey?: string | undefined;
  /** The certified point, which also names its manifest. */
  readonly pointId: string;
  readonly generationId: string;
  readonly changes: readonly PreparationChange[];
  /** When the source's point was taken: changed files say that time, so that every attempt writes the same bytes. */
  readonly at: string;
}

export function prepareActivities(deps: SiteDeps, moves: DiskMoves) {
  return {
    /** Writes a plan's changes as a generation on top of the certified point, which is only read, seals it, and reads back
     *  what was written. */
    async prepareDisk(input: PrepareDiskInput): Promise<PreparedDisk> {
      return preparePoint(deps, moves, input);
    },
  };
}

export async function preparePoint(
  { registry, store, transfer }: SiteDeps,
  moves: DiskMoves,
  input: PrepareDiskInput,
): Promise<PreparedDisk> {
  const { site, migrationId, diskId, replicaId, sizeBytes, encryptionKey, pointId, generationId } = input;
  const signal = Context.current().cancellationSignal;
  const { disks } = await registry.provider(site);
  await using resources = new AsyncDisposableStack();
  const point = await disks.openPoint(pointId, signal);
  resources.defer(() => point.close());
  const at = new Date(input.at);
  const resource = `${site}/recovery-point/${pointId}`;
  const options = { resource, at, signal, maxMs: maxPreparationMs };
  const prepared = await transfer.prepareGuest(point, input.changes, options);
  const known = await store.checkpoints.state(generationId);
  if (!known?.sealed) {
    const state = await store.checkpoints.beginAttempt({ generationId, sizeBytes, parentManifestId: pointId });
    const { attempt } = state;
    const tags = { [tagKeys.managed]: "true", [tagKeys.migration]: migrationId };
    const replica = { replicaId, sizeBytes, tags, ...(encryptionKey === undefined ? {} : { encryptionKey }) };
    const sink = await disks.openGeneration({ replica, generationId, parentPointId: pointId, attempt }, signal);
    resources.defer(() => sink.close());
    const { rootHash } = await transfer.pump({
      source: transfer.padSource(prepared.source, sizeBytes),
      sink,
      checkpoint: store.checkpoints,
      state,
      sinceBaseline: transfer.preparedSince,
      parentManifestId: pointId,
      onProgress: setHeartbeatDetails,
      signal,
    });
    await store.checkpoints.seal({ generationId, attempt, rootHash });
  }
  const { attempt, rootHash = "" } = (await store.checkpoints.state(generationId)) ?? { attempt: 0 };
  await moves.seal({ site, replicaId, generationId, attempt, lineage: replicaId, diskId, migrationId }, signal);
  const proof = { site, pointId: generationId, manifestId: generationId, only: "written" } as const;
  await moves.prove(proof, signal, setHeartbeatDetails);
  return { diskId, pointId: generationId, rootHash, changes: prepared.changes };
}
