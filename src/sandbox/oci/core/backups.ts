import type * as core from "oci-core";
import { takePoint } from "../../cloud/disks/points.ts";
import type { OciCloud } from "../cloud.ts";
import { conflict, invalid } from "../errors.ts";
import { holdToLimit } from "../limits.ts";
import { type Operation, operations } from "../operation.ts";
import { common, type Kind, type Registry, renamed } from "../registry.ts";
import type { Backup, GroupBackup, Resource, Volume, VolumeGroup } from "../state.ts";
import type { Wire } from "../wire.ts";

const created = { making: "CREATING", ready: "AVAILABLE", ending: "TERMINATING", ended: "TERMINATED" };
type BackupType = Backup["type"];

/** Freezes the volumes at one moment and makes a backup of each. `resourceOf` is asked before anything is done. */
export async function makeBackups(
  cloud: OciCloud,
  volumes: readonly Volume[],
  type: BackupType,
  resourceOf: (volume: Volume) => Resource,
  groupBackupId?: string,
): Promise<Backup[]> {
  holdToLimit(cloud, "backup-count", undefined, volumes.length);
  const resources = new Map(volumes.map((volume) => [volume.id, resourceOf(volume)]));
  return takePoint(cloud.diskParts(), volumes, (volume) =>
    cloud.tables.backups.put({
      ...(resources.get(volume.id) as Resource),
      boot: volume.boot,
      volumeId: volume.id,
      type: firstOf(cloud, volume) ? "FULL" : type,
      sizeGib: volume.sizeGib,
      layerId: volume.layerId,
      kmsKeyId: volume.kmsKeyId,
      imageId: volume.imageId,
      groupBackupId,
    }),
  );
}

/** There is nothing yet that a first backup could be an increment of. */
function firstOf({ tables }: OciCloud, { id }: Volume): boolean {
  return !tables.backups.find(({ volumeId, deletedAt }) => volumeId === id && deletedAt === undefined);
}

export function backupKinds(registry: Registry): {
  volumeBackup: Kind<Backup>;
  bootVolumeBackup: Kind<Backup>;
  groupBackup: Kind<GroupBackup>;
} {
  const { cloud } = registry;
  const { backups, groupBackups } = cloud.tables;
  const stateOf = (resource: Resource) => registry.timed(resource, created, cloud.settings.backupMs);
  const shared = (backup: Backup) => ({
    ...common(backup),
    systemTags: {},
    type: backup.type,
    sourceType: "MANUAL" as const,
    sizeInGBs: backup.sizeGib,
    timeRequestReceived: new Date(backup.createdAt),
    ...(backup.kmsKeyId && { kmsKeyId: backup.kmsKeyId }),
    ...(backup.groupBackupId && { volumeGroupBackupId: backup.groupBackupId }),
  });
  const table = (boot: boolean): Kind<Backup>["table"] => ({
    get: (id) => [backups.get(id)].find((backup) => backup?.boot === boot),
    where: (wanted) => backups.where((backup) => backup.boot === boot && wanted(backup)),
  });
  const volumeBackup: Kind<Backup> = {
    type: "volumebackup",
    table: table(false),
    stateOf,
    describe: (backup): Wire<core.models.VolumeBackup> => ({
      ...shared(backup),
      volumeId: backup.volumeId,
      sizeInMBs: backup.sizeGib * 1024,
      lifecycleState: stateOf(backup) as `${core.models.VolumeBackup.LifecycleState}`,
      ...(backup.sourceBackupId && { sourceVolumeBackupId: backup.sourceBackupId }),
    }),
  };
  const bootVolumeBackup: Kind<Backup> = {
    type: "bootvolumebackup",
    table: table(true),
    stateOf,
    describe: (backup): Wire<core.models.BootVolumeBackup> => ({
      ...shared(backup),
      bootVolumeId: backup.volumeId,
      lifecycleState: stateOf(backup) as `${core.models.BootVolumeBackup.LifecycleState}`,
      ...(backup.imageId && { imageId: backup.imageId }),
      ...(backup.sourceBackupId && { sourceBootVolumeBackupId: backup.sourceBackupId }),
    }),
  };
  const groupBackup: Kind<GroupBackup> = {
    type: "volumegroupbackup",
    table: groupBackups,
    stateOf,
    describe: (backup): Wire<core.models.VolumeGroupBackup> => ({
      ...common(backup),
      type: backup.type,
      sourceType: "MANUAL",
      sizeInGBs: backup.sizeGib,
      sizeInMBs: backup.sizeGib * 1024,
      lifecycleState: stateOf(backup) as `${core.models.VolumeGroupBackup.LifecycleState}`,
      timeRequestReceived: new Date(backup.createdAt),
      volumeBackupIds: [...backup.backupIds],
      volumeGroupId: backup.groupId,
    }),
  };
  return {
    volumeBackup: registry.add(volumeBackup),
    bootVolumeBackup: registry.add(bootVolumeBackup),
    groupBackup: registry.add(groupBackup),
  };
}

export function backupOperations(
  registry: Registry,
  kinds: {
    volume: Kind<Volume>;
    bootVolume: Kind<Volume>;
    volumeBackup: Kind<Backup>;
    bootVolumeBackup: Kind<Backup>;
    groupBackup: Kind<GroupBackup>;
    group: Kind<VolumeGroup>;
  },
): Operation[] {
  const { cloud } = registry;
  const { tables } = cloud;
  const operation = operations("core");

  const make = async (
    kind: Kind<Backup>,
    source: Volume,
    details: { type?: BackupType | undefined; displayName?: string | undefined } & Parameters<typeof renamed>[0],
  ) => {
    const type = typeOf(details.type);
    const ofVolume = () => registry.resource(kind.type, { ...details, compartmentId: source.compartmentId });
    const [backup] = await makeBackups(cloud, [source], type, ofVolume);
    return registry.one(kind, backup as Backup);
  };
  const remove = (backup: Backup): void => {
    if (backup.groupBackupId !== undefined && alive(tables.groupBackups.get(backup.groupBackupId)))
      throw conflict(`The backup ${backup.id} is part of the volume group backup ${backup.groupBackupId}.`);
    tables.backups.change(backup.id, { deletedAt: Date.now() });
    cloud.inBackground("drop a backup's disk", () => cloud.collectDisks());
  };
  /** Get, list, update and delete, which block and boot volumes' backups have in common. */
  const ofKind = (kind: Kind<Backup>, model: string, path: string, idName: string, volumeIdName: string) => [
    operation(`Get${model}`, `GET /${path}/{${idName}}`, { answers: model }, ({ params }) =>
      registry.one(kind, registry.find(kind, params[idName])),
    ),
    operation(`List${model}s`, `GET /${path}`, { answers: `${model}[]` }, (call) =>
      registry.list(call, kind, { [volumeIdName]: ({ volumeId }) => volumeId }),
    ),
    operation(
      `Update${model}`,
      `PUT /${path}/{${idName}}`,
      { takes: `Update${model}Details`, answers: model },
      (call) => {
        const backup = registry.live(call, kind, call.params[idName]);
        const changed = { ...backup, ...renamed(call.json()) };
        tables.backups.put(changed);
        return registry.one(kind, changed);
      },
    ),
    operation(`Delete${model}`, `DELETE /${path}/{${idName}}`, {}, (call) => {
      remove(registry.demand(kind, registry.live(call, kind, call.params[idName]), "AVAILABLE", "FAULTY"));
      return {};
    }),
  ];

  return [
    operation(
      "CreateVolumeBackup",
      "POST /volumeBackups",
      { takes: "CreateVolumeBackupDetails", answers: "VolumeBackup" },
      (call) => {
        const details = call.json<Wire<core.models.CreateVolumeBackupDetails>>();
        const volume = registry.related(kinds.volume, details.volumeId, "volumeId");
        return make(kinds.volumeBackup, registry.demand(kinds.volume, volume, "AVAILABLE"), details);
      },
    ),
    ...ofKind(kinds.volumeBackup, "VolumeBackup", "volumeBackups", "volumeBackupId", "volumeId"),
    operation(
      "CreateBootVolumeBackup",
      "POST /bootVolumeBackups",
      { takes: "CreateBootVolumeBackupDetails", answers: "BootVolumeBackup" },
      (call) => {
        const details = call.json<Wire<core.models.CreateBootVolumeBackupDetails>>();
        const volume = registry.related(kinds.bootVolume, details.bootVolumeId, "bootVolumeId");
        return make(kinds.bootVolumeBackup, registry.demand(kinds.bootVolume, volume, "AVAILABLE"), details);
      },
    ),
    ...ofKind(kinds.bootVolumeBackup, "BootVolumeBackup", "bootVolumeBackups", "bootVolumeBackupId", "bootVolumeId"),
    operation(
      "CreateVolumeGroupBackup",
      "POST /volumeGroupBackups",
      { takes: "CreateVolumeGroupBackupDetails", answers: "VolumeGroupBackup" },
      async (call) => {
        const details = call.json<Wire<core.models.CreateVolumeGroupBackupDetails>>();
        const group = registry.demand(
          kinds.group,
          registry.related(kinds.group, details.volumeGroupId, "volumeGroupId"),
          "AVAILABLE",
        );
        const compartmentId = details.compartmentId ?? group.compartmentId;
        const resource = registry.resource("volumegroupbackup", { ...details, compartmentId });
        const volumes = group.volumeIds.flatMap((id) => tables.volumes.get(id) ?? []);
        const type = typeOf(details.type);
        const ofVolume = (volume: Volume) =>
          registry.resource((volume.boot ? kinds.bootVolumeBackup : kinds.volumeBackup).type, {
            ...details,
            compartmentId,
          });
        const backups = await makeBackups(cloud, volumes, type, ofVolume, resource.id);
        const backup = tables.groupBackups.put({
          ...resource,
          groupId: group.id,
          type,
          backupIds: backups.map(({ id }) => id),
          sizeGib: backups.reduce((sum, { sizeGib }) => sum + sizeGib, 0),
        });
        return registry.one(kinds.groupBackup, backup);
      },
    ),
    operation(
      "GetVolumeGroupBackup",
      "GET /volumeGroupBackups/{volumeGroupBackupId}",
      { answers: "VolumeGroupBackup" },
      ({ params }) => registry.one(kinds.groupBackup, registry.find(kinds.groupBackup, params.volumeGroupBackupId)),
    ),
    operation("ListVolumeGroupBackups", "GET /volumeGroupBackups", { answers: "VolumeGroupBackup[]" }, (call) =>
      registry.list(call, kinds.groupBackup, { volumeGroupId: ({ groupId }) => groupId }),
    ),
    operation("DeleteVolumeGroupBackup", "DELETE /volumeGroupBackups/{volumeGroupBackupId}", {}, (call) => {
      const backup = registry.live(call, kinds.groupBackup, call.params.volumeGroupBackupId);
      registry.demand(kinds.groupBackup, backup, "AVAILABLE", "FAULTY");
      const deletedAt = Date.now();
      cloud.documents.together(() => {
        tables.groupBackups.change(backup.id, { deletedAt });
        for (const id of backup.backupIds) tables.backups.change(id, { deletedAt });
      });
      cloud.inBackground("drop backups' disks", () => cloud.collectDisks());
      return {};
    }),
  ];
}

function typeOf(type: string | undefined): BackupType {
  if (type === undefined) return "INCREMENTAL";
  if (type === "FULL" || type === "INCREMENTAL") return type;
  throw invalid("type", "must be FULL or INCREMENTAL");
}

function alive(resource: Resource | undefined): boolean {
  return resource !== undefined && resource.deletedAt === undefined;
}
