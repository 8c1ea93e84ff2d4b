import { Context } from "@temporalio/activity";
import { ProviderError } from "../domain/errors.ts";
import { mib } from "../domain/format.ts";
import type { TransferProgress } from "../transfer/ports.ts";
import { deadlineWatch } from "./deadline.ts";
import type { SiteDeps } from "./deps.ts";
import type { CopyDiskResult, DiskMove, DiskMoves } from "./disk-moves.ts";
import { goneIsFine } from "./gone.ts";
import { setHeartbeatDetails } from "./heartbeat.ts";

/** The run is told of progress in steps of this share of a disk: at most fifty lines of history for each. */
const signalStep = 0.02;
/** …and not more often than this, so that quick copies cost no more than a few. */
const signalEveryMs = 1000;
/** Rows for people who watch. */
const recordEveryMs = 500;

export function copyActivities({ store, signalCopyProgress }: SiteDeps, moves: DiskMoves) {
  return {
    /** Pumps one disk into its generation; a new attempt goes on from what is durable and shuts earlier ones out. */
    async copyDisk(
      input: DiskMove & {
        /** This disk's part of the run's percentage, and what earlier disks have moved. */
        span: { from: number; to: number; bytesBefore: number };
        /** When all should have been copied, and what is to be copied after this disk. */
        deadline?: string | undefined;
        bytesAfter?: number;
      },
    ): Promise<CopyDiskResult> {
      const context = Context.current();
      const { span, deadline, bytesAfter = 0, ...move } = input;
      const report = progressReporter(context, move.migrationId, move.copy.diskId, span);
      const watch = deadlineWatch({ store }, move.migrationId, deadline, bytesAfter);
      return moves.copy(move, context.cancellationSignal, (progress) => {
        report(progress);
        watch(progress);
      });
    },

    /** Reads the sealed point back at the target and holds every leaf against the manifest. */
    async proveDisk(input: {
      site: string;
      pointId: string;
      manifestId: string;
      only?: "written";
    }): Promise<{ bytesReread: number }> {
      return moves.prove(input, Context.current().cancellationSignal, setHeartbeatDetails);
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
      const verdict = await goneIsFine(
        moves.reread({ site, pointId, manifestId }, Context.current().cancellationSignal, setHeartbeatDetails),
      );
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

  function progressReporter(
    context: Context,
    migrationId: string,
    diskId: string,
    span: { from: number; to: number; bytesBefore: number },
  ) {
    let signalled = { fraction: 0, at: Date.now() };
    let recordedAt = 0;
    const { workflowId } = context.info.workflowExecution ?? { workflowId: "" };
    return (progress: TransferProgress): void => {
      setHeartbeatDetails(progress);
      const at = Date.now();
      const fraction = progress.bytesToMove === 0 ? 1 : Math.min(1, progress.bytesCopied / progress.bytesToMove);
      if (at - recordedAt >= recordEveryMs) {
        recordedAt = at;
        // Progress is for watchers: it is never waited for, and its loss changes nothing.
        const percent = Math.round(span.from + fraction * (span.to - span.from));
        const { bytesOnWire } = progress;
        const wire = bytesOnWire === undefined ? "" : `, ${mib(bytesOnWire)} MiB on the wire`;
        const message = `${diskId}: ${mib(progress.bytesCopied)} of ${mib(progress.bytesToMove)} MiB${wire}`;
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
