import { Context } from "@temporalio/activity";
import { isProviderError } from "../domain/errors.ts";
import { tagKeys } from "../domain/vm.ts";
import type { DisksFacet } from "../providers/provider.ts";
import type { BlockSink } from "../transfer/ports.ts";
import type { SiteDeps } from "./deps.ts";
import type { DiskMoves } from "./disk-moves.ts";
import { goneIsFine } from "./gone.ts";
import { setHeartbeatDetails } from "./heartbeat.ts";

/** Longest that a guest is asked to shut down; nothing that it still writes is wanted. */
const graceMs = 5_000;

/** A VM of a group as it is found at a site where it served before. */
export interface ReturnedVm {
  readonly vmId: string;
  readonly sourcePointId: string;
  readonly disks: readonly { readonly diskId: string; readonly sizeBytes: number }[];
}

/** What makes the disks that a group left behind the base of a replication back to them. */
export function groupReturnActivities({ registry, store, transfer }: SiteDeps, moves: DiskMoves) {
  return {
    /** Fences and stops what is left of a group at a site that is back, before anything else, and takes points of it. What is
     *  gone is left out. */
    async fenceReturned(input: {
      site: string;
      groupId: string;
      epoch: number;
      vmIds: readonly string[];
    }): Promise<readonly ReturnedVm[]> {
      const { site, groupId, epoch } = input;
      const signal = Context.current().cancellationSignal;
      const { compute, disks } = await registry.provider(site);
      const returned: ReturnedVm[] = [];
      for (const vmId of input.vmIds) {
        const vm = await goneIsFine(compute.getVm(vmId, signal));
        if (!vm) continue;
        if (vm.tags[tagKeys.fencedBy] === undefined) {
          await compute.setTags(vmId, { [tagKeys.fencedBy]: groupId }, signal);
        }
        if (vm.state !== "stopped" && vm.state !== "crashed") await compute.stopVm(vmId, { graceMs }, signal);
        const key = `${groupId}-return-e${epoch}-${vmId}`;
        const point = await disks.createSourcePoint({ vmId, mode: "stopped", key }, signal);
        const sizes = point.disks.map(({ diskId, sizeBytes }) => ({ diskId, sizeBytes }));
        returned.push({ vmId, sourcePointId: point.sourcePointId, disks: sizes });
      }
      return returned;
    },

    /** Reads a disk where it lies and files it as a point there, with the hash of each leaf: what a copy of another disk is
     *  compared with, so that only what differs is moved. */
    async fingerprintDisk(input: {
      site: string;
      groupId: string;
      sourcePointId: string;
      diskId: string;
      sizeBytes: number;
      lineage: string;
      manifestId: string;
      /** A point that was filed of it when it stopped: whole as long as nobody started its VM since. */
      known?: string;
    }): Promise<void> {
      const { site, groupId: migrationId, sourcePointId, diskId, lineage, manifestId } = input;
      const signal = Context.current().cancellationSignal;
      const { disks } = await registry.provider(site);
      if (input.known && (await isWhole(disks, input.known, signal))) return;
      const known = await store.checkpoints.state(manifestId);
      const sizeBytes = disks.volumeSize(input.sizeBytes);
      if (!known?.sealed) {
        await using resources = new AsyncDisposableStack();
        const state = await store.checkpoints.beginAttempt({ generationId: manifestId, sizeBytes });
        const { attempt } = state;
        const source = await disks.openSource({ sourcePointId, diskId, attempt }, signal);
        resources.defer(() => source.close());
        const { rootHash } = await transfer.pump({
          source: transfer.padSource(source, sizeBytes),
          sink: nowhere(sizeBytes),
          checkpoint: store.checkpoints,
          state,
          onProgress: setHeartbeatDetails,
          signal,
        });
        await store.checkpoints.seal({ generationId: manifestId, attempt, rootHash });
      }
      const { rootHash } = await moves.manifestOf(manifestId);
      const point = await disks.adoptPoint({ sourcePointId, diskId }, signal);
      const { pointId, createdAt } = point;
      const row = {
        site,
        pointId,
        lineage,
        diskId,
        sizeBytes: point.sizeBytes,
        manifestId,
        rootHash,
        migrationId,
        createdAt,
      };
      await store.points.record({ ...row, kind: "adopted" });
    },
  };
}

async function isWhole(disks: DisksFacet, pointId: string, signal: AbortSignal): Promise<boolean> {
  try {
    await disks.getPoint(pointId, signal);
    return true;
  } catch (error) {
    if (isProviderError(error, "NotFound", "Conflict")) return false;
    throw error;
  }
}

/** Takes everything and keeps nothing: only the hashes are wanted. */
function nowhere(sizeBytes: number): BlockSink {
  const nothing = async (): Promise<void> => undefined;
  return { sizeBytes, write: nothing, writeZeroes: nothing, flush: nothing, close: nothing };
}
