import { Context } from "@temporalio/activity";
import { ProviderError } from "../domain/errors.ts";
import { mib } from "../domain/format.ts";
import type { CopyDiskParameters } from "../domain/migration-parts.ts";
import { tagKeys } from "../domain/vm.ts";
import type { ActivityDeps } from "./deps.ts";
import { goneIsFine } from "./gone.ts";
import { setHeartbeatDetails } from "./heartbeat.ts";
import { Slots } from "./slots.ts";

/** The run is told of progress in steps of this share of a disk: at most fifty lines of history for each. */
const signalStep = 0.02;
/** …and not more often than this, so that quick copies cost no more than a few. */
const signalEveryMs = 1000;
/** Rows for people who watch. */
const recordEveryMs = 500;

export interface CopyDiskResult {
  readonly attempt: number;
  readonly bytesCopied: number;
  readonly bytesResent: number;
  readonly rootHash: string;
}

export function copyActivities({ registry, store, transfer, parallelMigrations, signalCopyProgress }: ActivityDeps) {
  const { createBandwidthLimiter, padSource, prove, pump } = transfer;
  const slots = new Slots(parallelMigrations);
  return {
    /** Pumps one disk into its generation; a new attempt goes on from what is durable and shuts earlier ones out. */
    async copyDisk(input: {
      migrationId: string;
      from: string;
      to: string;
      sourcePointId: string;
      generationId: string;
      copy: CopyDiskParameters;
      /** This disk's part of the run's percentage, and what earlier disks have moved. */
      span: { from: number; to: number; bytesBefore: number };
    }): Promise<CopyDiskResult> {
      const context = Context.current();
      const signal = context.cancellationSignal;
      const { generationId, sourcePointId, migrationId, copy } = input;
      const [source, target] = await Promise.all([registry.provider(input.from), registry.provider(input.to)]);
      const sealed = await store.checkpoints.state(generationId);
      if (sealed?.sealed && sealed.rootHash) {
        const { bytesCopied, bytesResent } = sealed.progress;
        return { attempt: sealed.attempt, rootHash: sealed.rootHash, bytesCopied, bytesResent };
      }
      await using resources = new AsyncDisposableStack();
      resources.defer(await slots.take(signal));
      const parentManifestId = copy.base?.parentManifestId;
      const { targetSizeBytes: sizeBytes, replicaId, diskId } = copy;
      const state = await store.checkpoints.beginAttempt({ generationId, sizeBytes, parentManifestId });
      const { attempt } = state;
      const tags = { [tagKeys.managed]: "true", [tagKeys.migration]: migrationId };
      const sink = await target.disks.openGeneration(
        { replica: { replicaId, sizeBytes, tags }, generationId, parentPointId: copy.base?.parentPointId, attempt },
        signal,
      );
      resources.defer(() => sink.close());
      const blocks = await source.disks.openSource({ sourcePointId, diskId, attempt }, signal);
      resources.defer(() => blocks.close());
      const limit = copy.bandwidthBytesPerSecond;
      const limiter =
        limit === undefined
          ? undefined
          : createBandwidthLimiter({
              leases: store.leases,
              resource: `link:${input.from}/${input.to}`,
              holder: `${generationId}/${attempt}`,
              bytesPerSecond: limit,
            });
      if (limiter) resources.defer(() => limiter.close());
      const report = progressReporter(context, migrationId, diskId, input.span);
      const result = await pump({
        source: padSource(blocks, sizeBytes),
        sink,
        checkpoint: store.checkpoints,
        state,
        sinceBaseline: copy.tracking === "hash-compare" ? undefined : copy.base?.baselineId,
        compareWithParent: copy.tracking === "hash-compare",
        parentManifestId,
        limiter,
        onProgress: report,
        signal,
      });
      await store.checkpoints.seal({ generationId, attempt, rootHash: result.rootHash });
      const { bytesCopied, bytesResent, rootHash } = result;
      return { attempt, bytesCopied, bytesResent, rootHash };
    },

    /** Reads the sealed point back at the target and holds every leaf against the manifest. */
    async proveDisk(input: { site: string; pointId: string; manifestId: string }): Promise<{ bytesReread: number }> {
      const verdict = await reread(input);
      if (verdict.identical) return { bytesReread: verdict.bytesReread };
      throw new ProviderError("IntegrityFailure", {
        operation: "prove the copy",
        resource: `${input.site}/recovery-point/${input.pointId}`,
        reason: `${verdict.differing.length} extent(s) differ from what the source gave, first at byte ${verdict.differing[0]?.offset}`,
        action: "Both sides are kept. Check the target's storage, then roll the migration back and move again.",
        facts: { differing: verdict.differing.slice(0, 100) },
      });
    },

    /** The same for a certificate of an earlier move. */
    async verifyCertificateDisk(input: {
      site: string;
      disk: { diskId: string; pointId: string; manifestId: string; rootHash: string };
    }) {
      const { site, disk } = input;
      const state = await store.checkpoints.state(disk.manifestId);
      if (!state?.rootHash || state.rootHash !== disk.rootHash) {
        throw new ProviderError("NotFound", {
          operation: "verify the certificate",
          resource: `manifest/${disk.manifestId}`,
          reason: state ? "the certificate's root is not the stored manifest's" : "its manifest is not in this store",
          action: "Use the certificate as it was written, with the installation that wrote it.",
        });
      }
      const { pointId, manifestId } = disk;
      const verdict = await goneIsFine(reread({ site, pointId, manifestId }));
      if (!verdict) {
        throw new ProviderError("NotFound", {
          operation: "verify the certificate",
          resource: `${site}/recovery-point/${pointId}`,
          reason: "the certified point is gone: it is kept until the migration is finalized or rolled back",
          action: "Verify before you finalize; the certificate itself stays as it was written.",
        });
      }
      const { identical, bytesReread } = verdict;
      return { diskId: disk.diskId, identical, differing: verdict.differing.slice(0, 100), bytesReread };
    },
  };

  async function reread(input: { site: string; pointId: string; manifestId: string }) {
    const signal = Context.current().cancellationSignal;
    const { disks } = await registry.provider(input.site);
    await using resources = new AsyncDisposableStack();
    const source = await disks.openPoint(input.pointId, signal);
    resources.defer(() => source.close());
    const onProgress = (progress: unknown): void => setHeartbeatDetails(progress);
    // Awaited here: the source closes with this scope.
    return await prove({ source, checkpoint: store.checkpoints, manifestId: input.manifestId, onProgress, signal });
  }

  function progressReporter(
    context: Context,
    migrationId: string,
    diskId: string,
    span: { from: number; to: number; bytesBefore: number },
  ) {
    let signalled = { fraction: 0, at: Date.now() };
    let recordedAt = 0;
    const { workflowId } = context.info.workflowExecution ?? { workflowId: "" };
    return (progress: { bytesDone: number; bytesToMove: number; bytesCopied: number; bytesResent: number }): void => {
      setHeartbeatDetails(progress);
      const at = Date.now();
      const fraction = progress.bytesToMove === 0 ? 1 : Math.min(1, progress.bytesCopied / progress.bytesToMove);
      if (at - recordedAt >= recordEveryMs) {
        recordedAt = at;
        // Progress is for watchers: it is never waited for, and its loss changes nothing.
        const percent = Math.round(span.from + fraction * (span.to - span.from));
        const message = `${diskId}: ${mib(progress.bytesCopied)} of ${mib(progress.bytesToMove)} MiB`;
        const bytesCopied = span.bytesBefore + progress.bytesCopied;
        const { bytesResent } = progress;
        store.migrations
          .noteProgress(migrationId, { progress: percent, bytesCopied, bytesResent, message })
          .catch(() => undefined);
      }
      if (at - signalled.at < signalEveryMs || fraction - signalled.fraction < signalStep) return;
      signalled = { fraction, at };
      signalCopyProgress(workflowId, { diskId, fraction }).catch(() => undefined);
    };
  }
}
