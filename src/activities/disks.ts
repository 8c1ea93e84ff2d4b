import { Context } from "@temporalio/activity";
import { describeConsistency } from "../domain/consistency.ts";
import type { NewVmDisk } from "../domain/operation.ts";
import type { PointWithBaselines } from "../domain/replica-base.ts";
import { tagKeys } from "../domain/vm.ts";
import type { SourcePoint } from "../providers/provider.ts";
import type { SiteDeps } from "./deps.ts";
import type { DiskMoves } from "./disk-moves.ts";
import { goneIsFine } from "./gone.ts";

/** Points, generations and volumes: everything about disks but their bytes. */
export function diskActivities({ registry, store }: SiteDeps, moves: DiskMoves) {
  return {
    async takePoint(input: {
      site: string;
      vmId: string;
      mode: SourcePoint["mode"];
      key: string;
      /** The baselines that the plan counts on, by disk. */
      since?: Readonly<Record<string, string>>;
      /** Whose story tells how consistent it is. */
      migrationId?: string;
    }): Promise<Pick<SourcePoint, "sourcePointId" | "takenAt" | "consistency"> & PointWithBaselines> {
      const { disks } = await registry.provider(input.site);
      const { vmId, mode, key, since } = input;
      const point = await disks.createSourcePoint({ vmId, mode, key, since }, Context.current().cancellationSignal);
      const baselines = point.disks.map((disk) => ({
        diskId: disk.diskId,
        allocatedBytes: disk.allocatedBytes,
        baselines: disk.baselines.map(({ baselineId, tracking }) => ({ baselineId, tracking })),
      }));
      const { sourcePointId, takenAt, consistency } = point;
      if (input.migrationId !== undefined && consistency && consistency.level !== "stopped") {
        await store.migrations.appendEvent(input.migrationId, {
          at: new Date().toISOString(),
          type: "note",
          message: `The point of the running source is ${describeConsistency(consistency)}`,
          data: { consistency },
          dedupeKey: `consistency/${sourcePointId}`,
        });
      }
      return { sourcePointId, takenAt, ...(consistency ? { consistency } : {}), disks: baselines };
    },

    async releasePoint(input: { site: string; sourcePointId: string }): Promise<void> {
      const { disks } = await registry.provider(input.site);
      await goneIsFine(disks.releaseSourcePoint(input.sourcePointId, Context.current().cancellationSignal));
    },

    async releasePointByKey(input: { site: string; key: string }): Promise<void> {
      const signal = Context.current().cancellationSignal;
      const provider = await registry.provider(input.site);
      for await (const entry of provider.census(signal)) {
        if (entry.kind !== "source-point" || entry.tags[tagKeys.key] !== input.key) continue;
        await goneIsFine(provider.disks.releaseSourcePoint(entry.id, signal));
      }
    },

    /** Makes a generation immutable at the target and files the point under its manifest. */
    async sealDisk(input: Parameters<DiskMoves["seal"]>[0]): Promise<void> {
      await moves.seal(input, Context.current().cancellationSignal);
    },

    /** Drops a generation or the point it became, with the store's row of it. */
    async dropGeneration(input: { site: string; replicaId: string; generationId: string }): Promise<void> {
      const signal = Context.current().cancellationSignal;
      const { disks } = await registry.provider(input.site);
      const { replicaId, generationId } = input;
      await goneIsFine(disks.deletePoint(generationId, signal));
      await goneIsFine(disks.discardGeneration({ replicaId, generationId }, signal));
      await store.points.delete(input.site, generationId);
    },

    /** Drops a point that is not needed as a proof or a base any more. */
    async dropPoint(input: { site: string; pointId: string }): Promise<void> {
      const { disks } = await registry.provider(input.site);
      await goneIsFine(disks.deletePoint(input.pointId, Context.current().cancellationSignal));
      await store.points.delete(input.site, input.pointId);
    },

    async materialiseDisk(input: {
      site: string;
      pointId: string;
      key: string;
      migrationId?: string;
      /** The site's own word, where one was chosen. */
      type?: string | undefined;
    }): Promise<string> {
      const { disks } = await registry.provider(input.site);
      const tags = {
        [tagKeys.managed]: "true",
        ...(input.migrationId === undefined ? {} : { [tagKeys.migration]: input.migrationId }),
      };
      const { pointId, key, type } = input;
      const wanted = { pointId, key, tags, ...(type === undefined ? {} : { type }) };
      const volume = await disks.materialise(wanted, Context.current().cancellationSignal);
      return volume.volumeId;
    },

    async createVolume(input: { site: string; key: string; disk: NewVmDisk }): Promise<string> {
      const { disks } = await registry.provider(input.site);
      const { key, disk } = input;
      const tags = { [tagKeys.managed]: "true" };
      const volume = await disks.createVolume({ ...disk, key, tags }, Context.current().cancellationSignal);
      return volume.volumeId;
    },

    /** Files the fenced source's disk as a state that a way back can start from. */
    async adoptPoint(input: {
      site: string;
      sourcePointId: string;
      diskId: string;
      lineage: string;
      manifestId: string;
      migrationId: string;
    }): Promise<string> {
      const { site, sourcePointId, diskId, lineage, manifestId, migrationId } = input;
      const { disks } = await registry.provider(site);
      const signal = Context.current().cancellationSignal;
      const { rootHash } = await moves.manifestOf(manifestId);
      const { pointId, sizeBytes, createdAt } = await disks.adoptPoint({ sourcePointId, diskId }, signal);
      const row = { site, lineage, diskId, sizeBytes, manifestId, rootHash, migrationId, createdAt };
      await store.points.record({ ...row, pointId, kind: "adopted" });
      // What the source tracks changes since goes by this id, should it be started again.
      await store.points.record({ ...row, pointId: `${sourcePointId}/${diskId}`, kind: "source" });
      return pointId;
    },

    /** Files what a point of a running source held, as a baseline for the next copy. */
    async fileSource(input: {
      site: string;
      sourcePointId: string;
      takenAt: string;
      diskId: string;
      lineage: string;
      manifestId: string;
      migrationId: string;
    }): Promise<void> {
      const { sourcePointId, takenAt, diskId, manifestId, ...row } = input;
      const { rootHash, sizeBytes } = await moves.manifestOf(manifestId);
      const pointId = `${sourcePointId}/${diskId}`;
      const createdAt = takenAt;
      await store.points.record({
        ...row,
        pointId,
        kind: "source",
        diskId,
        sizeBytes,
        manifestId,
        rootHash,
        createdAt,
      });
    },

    async forgetSource(input: { site: string; sourcePointId: string; diskId: string }): Promise<void> {
      await store.points.delete(input.site, `${input.sourcePointId}/${input.diskId}`);
    },

    async forgetAdopted(input: { site: string; manifestId: string }): Promise<void> {
      const signal = Context.current().cancellationSignal;
      const { disks } = await registry.provider(input.site);
      const rootHash = (await store.checkpoints.state(input.manifestId))?.rootHash;
      if (!rootHash) return;
      const rows = await store.points.findByRootHash(input.site, rootHash, ["adopted"]);
      for (const row of rows.filter((candidate) => candidate.manifestId === input.manifestId)) {
        await goneIsFine(disks.deletePoint(row.pointId, signal));
        await store.points.delete(input.site, row.pointId);
      }
    },
  };
}
