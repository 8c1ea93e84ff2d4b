import { Context } from "@temporalio/activity";
import type { CensusKind } from "../domain/census.ts";
import { ProviderError } from "../domain/errors.ts";
import type { CreateVmParameters } from "../domain/migration-parts.ts";
import type { NewVmParameters } from "../domain/operation.ts";
import { tagKeys } from "../domain/vm.ts";
import type { SiteDeps } from "./deps.ts";
import { goneIsFine } from "./gone.ts";

export function computeActivities({ registry }: SiteDeps) {
  return {
    /** Marks the source as held by this migration, before it is stopped, so that nobody starts it meanwhile. */
    async fenceVm(input: { site: string; vmId: string; migrationId: string }): Promise<{ volumeIds: string[] }> {
      const signal = Context.current().cancellationSignal;
      const { compute } = await registry.provider(input.site);
      const vm = await compute.getVm(input.vmId, signal);
      const holder = vm.tags[tagKeys.fencedBy];
      if (holder !== undefined && holder !== input.migrationId) {
        throw new ProviderError("Conflict", {
          operation: "fence the source",
          resource: `${input.site}/vm/${input.vmId}`,
          reason: `it is held by migration ${holder}`,
          action: "Finalize or roll back that migration first.",
        });
      }
      await compute.setTags(input.vmId, { [tagKeys.fencedBy]: input.migrationId }, signal);
      return { volumeIds: vm.disks.map((disk) => disk.volumeId) };
    },

    async stopVm(input: { site: string; vmId: string; graceMs: number }): Promise<{ forced: boolean }> {
      const { compute } = await registry.provider(input.site);
      return compute.stopVm(input.vmId, { graceMs: input.graceMs }, Context.current().cancellationSignal);
    },

    /** Undoes fencing and stopping: the source is as it was. Leaves a VM alone that another migration holds. */
    async releaseSource(input: { site: string; vmId: string; migrationId: string; start: boolean }): Promise<void> {
      const signal = Context.current().cancellationSignal;
      const { compute } = await registry.provider(input.site);
      const vm = await compute.getVm(input.vmId, signal);
      const holder = vm.tags[tagKeys.fencedBy];
      if (holder !== undefined && holder !== input.migrationId) return;
      await compute.setTags(input.vmId, { [tagKeys.fencedBy]: undefined }, signal);
      if (input.start) await compute.startVm(input.vmId, signal);
    },

    async createVm(input: {
      site: string;
      key: string;
      /** The one that it comes by, if any. */
      migrationId?: string;
      create: CreateVmParameters | NewVmParameters;
      /** In the order of its disks. */
      volumes: readonly string[];
      /** One of the plan's, where it has some. */
      instanceType?: string;
    }): Promise<string> {
      const { compute } = await registry.provider(input.site);
      const { disks, tags, instanceTypes: _tried, ...rest } = input.create;
      const spec = {
        ...rest,
        instanceType: input.instanceType,
        disks: disks.map((disk, index) => ({ volumeId: input.volumes[index] as string, ...mounted(disk) })),
        tags: { ...tags, ...(input.migrationId === undefined ? {} : { [tagKeys.migration]: input.migrationId }) },
      };
      const vm = await compute.createVm(spec, input.key, Context.current().cancellationSignal);
      return vm.vmId;
    },

    /** Removes whatever a create with that key made, also when its answer was lost: with a VM what its interrupted
     *  creation had made for it. */
    async removeByKey(input: { site: string; kind: "vm" | "volume" | "security-group"; key: string }): Promise<void> {
      const signal = Context.current().cancellationSignal;
      const provider = await registry.provider(input.site);
      const entries = await Array.fromAsync(provider.census(signal));
      const made = entries.filter(({ tags }) => tags[tagKeys.key] === input.key);
      const idsOf = (kind: CensusKind) => made.filter((entry) => entry.kind === kind).map(({ id }) => id);
      if (input.kind === "vm") {
        for (const id of idsOf("vm")) await goneIsFine(provider.compute.deleteVm(id, signal));
        for (const id of idsOf("image")) await provider.images?.deleteImage(id, signal);
        for (const id of idsOf("snapshot")) await provider.snapshots?.deleteSnapshot(id, signal);
      }
      for (const id of idsOf("volume")) await goneIsFine(provider.disks.deleteVolume(id, signal));
      for (const id of idsOf("security-group")) await provider.networkAdmin?.deleteSecurityGroup(id, signal);
    },

    /** Refuses to roll back a move whose VM has moved on since: its newer data would be lost. */
    async refuseIfSuperseded(input: { site: string; vmId: string }): Promise<void> {
      const { compute } = await registry.provider(input.site);
      const vm = await compute.getVm(input.vmId, Context.current().cancellationSignal);
      const holder = vm.tags[tagKeys.fencedBy];
      if (holder === undefined) return;
      throw new ProviderError("Conflict", {
        operation: "roll back the migration",
        resource: `${input.site}/vm/${input.vmId}`,
        reason: `its VM was moved on by migration ${holder}`,
        action: `Roll back migration ${holder} first, or finalize this one.`,
      });
    },

    /** Ends the fence for good: the source VM and its volumes go (bytes that points are built on stay until those go).
     *  Repeatable at every stage. */
    async finalizeSource(input: {
      migrationId: string;
      sourceSite: string;
      sourceVmId: string;
      sourceVolumeIds: readonly string[];
    }): Promise<void> {
      const signal = Context.current().cancellationSignal;
      const { compute, disks } = await registry.provider(input.sourceSite);
      const vm = await goneIsFine(compute.getVm(input.sourceVmId, signal));
      if (vm && vm.tags[tagKeys.fencedBy] !== input.migrationId) {
        throw new ProviderError("Conflict", {
          operation: "remove the source",
          resource: `${input.sourceSite}/vm/${input.sourceVmId}`,
          reason: `it is no longer fenced by migration ${input.migrationId}`,
          action: "Somebody took it into use again; remove it by hand if it really is not needed.",
        });
      }
      await goneIsFine(compute.deleteVm(input.sourceVmId, signal));
      for (const volumeId of input.sourceVolumeIds) await goneIsFine(disks.deleteVolume(volumeId, signal));
    },
  };
}

function mounted({ bus, boot, type }: Pick<CreateVmParameters["disks"][number], "bus" | "boot" | "type">) {
  return { bus, boot, ...(type === undefined ? {} : { type }) };
}
