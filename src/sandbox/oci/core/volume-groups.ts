import type * as core from "oci-core";
import { invalid, missing, relatedNotFound } from "../errors.ts";
import { type Operation, operations } from "../operation.ts";
import { common, type Kind, provisioned, type Registry, renamed } from "../registry.ts";
import type { Volume, VolumeGroup } from "../state.ts";
import type { Wire } from "../wire.ts";

/** https://docs.oracle.com/en-us/iaas/Content/Block/Concepts/volumegroups.htm */
const volumesAtMost = 32;

export function volumeGroupKind(registry: Registry): Kind<VolumeGroup> {
  const { volumes, volumeGroups } = registry.cloud.tables;
  const stateOf = (group: VolumeGroup) => registry.timed(group, provisioned);
  const kind: Kind<VolumeGroup> = {
    type: "volumegroup",
    table: volumeGroups,
    stateOf,
    describe: (group): Wire<core.models.VolumeGroup> => {
      const sizeInGBs = group.volumeIds.reduce((sum, id) => sum + (volumes.get(id)?.sizeGib ?? 0), 0);
      return {
        ...common(group),
        availabilityDomain: group.availabilityDomain,
        lifecycleState: stateOf(group) as `${core.models.VolumeGroup.LifecycleState}`,
        sizeInGBs,
        sizeInMBs: sizeInGBs * 1024,
        isHydrated: true,
        sourceDetails: { type: "volumeIds", volumeIds: [...group.volumeIds] },
        volumeIds: [...group.volumeIds],
      };
    },
  };
  return registry.add(kind);
}

/** A group's volumes are backed up at one moment. */
export function volumeGroupOperations(registry: Registry, kind: Kind<VolumeGroup>): Operation[] {
  const { documents, tables } = registry.cloud;
  const operation = operations("core");

  const members = (ids: readonly string[], availabilityDomain: string, groupId?: string): Volume[] => {
    if (ids.length === 0) throw missing("volumeIds");
    if (ids.length > volumesAtMost) throw invalid("volumeIds", `a group has at most ${volumesAtMost} volumes`);
    return [...new Set(ids)].map((id) => {
      const volume = tables.volumes.get(id);
      if (!volume || volume.deletedAt !== undefined) throw relatedNotFound(id);
      if (volume.availabilityDomain !== availabilityDomain)
        throw invalid("volumeIds", `${id} is in another availability domain`);
      if (volume.groupId !== undefined && volume.groupId !== groupId)
        throw invalid("volumeIds", `${id} is in the volume group ${volume.groupId}`);
      return volume;
    });
  };
  const join = (group: VolumeGroup, before: readonly string[]): VolumeGroup =>
    documents.together(() => {
      for (const id of before) if (!group.volumeIds.includes(id)) tables.volumes.change(id, { groupId: undefined });
      for (const id of group.volumeIds) tables.volumes.change(id, { groupId: group.id });
      return tables.volumeGroups.put(group);
    });

  return [
    operation(
      "CreateVolumeGroup",
      "POST /volumeGroups",
      { takes: "CreateVolumeGroupDetails", answers: "VolumeGroup" },
      (call) => {
        const details = call.json<Wire<core.models.CreateVolumeGroupDetails>>();
        const resource = registry.resource(kind.type, details);
        const source = details.sourceDetails as { type: string; volumeIds?: string[] } | undefined;
        if (source?.type !== "volumeIds") throw invalid("sourceDetails.type", "only volumeIds is simulated");
        const volumeIds = members(source.volumeIds ?? [], details.availabilityDomain).map(({ id }) => id);
        const group = join({ ...resource, availabilityDomain: details.availabilityDomain, volumeIds }, []);
        return registry.one(kind, group);
      },
    ),
    operation("GetVolumeGroup", "GET /volumeGroups/{volumeGroupId}", { answers: "VolumeGroup" }, ({ params }) =>
      registry.one(kind, registry.find(kind, params.volumeGroupId)),
    ),
    operation("ListVolumeGroups", "GET /volumeGroups", { answers: "VolumeGroup[]" }, (call) =>
      registry.list(call, kind, { availabilityDomain: ({ availabilityDomain }) => availabilityDomain }),
    ),
    operation(
      "UpdateVolumeGroup",
      "PUT /volumeGroups/{volumeGroupId}",
      { takes: "UpdateVolumeGroupDetails", answers: "VolumeGroup" },
      (call) => {
        const group = registry.live(call, kind, call.params.volumeGroupId);
        const details = call.json<Wire<core.models.UpdateVolumeGroupDetails>>();
        const volumeIds = details.volumeIds
          ? members(details.volumeIds, group.availabilityDomain, group.id).map(({ id }) => id)
          : group.volumeIds;
        return registry.one(kind, join({ ...group, ...renamed(details), volumeIds }, group.volumeIds));
      },
    ),
    operation("DeleteVolumeGroup", "DELETE /volumeGroups/{volumeGroupId}", {}, (call) => {
      const group = registry.live(call, kind, call.params.volumeGroupId);
      documents.together(() => {
        for (const id of group.volumeIds) tables.volumes.change(id, { groupId: undefined });
        tables.volumeGroups.change(group.id, { deletedAt: Date.now() });
      });
      return {};
    }),
  ];
}
