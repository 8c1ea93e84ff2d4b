import type * as core from "oci-core";
import { newLayerId, takePoint } from "../../cloud/disks/points.ts";
import type { OciCloud } from "../cloud.ts";
import { incorrectState, invalid, keyOutOfReach, missing } from "../errors.ts";
import { holdToLimit } from "../limits.ts";
import { type Operation, operations } from "../operation.ts";
import { common, type Kind, provisioned, type Registry, renamed } from "../registry.ts";
import type { Backup, Resource, Volume } from "../state.ts";
import { availabilityDomains } from "../tenancy.ts";
import type { Wire } from "../wire.ts";
import { attachmentsOf, growDisks } from "./volume-disks.ts";

export const GiB = 2 ** 30;
/** https://docs.oracle.com/en-us/iaas/Content/Block/Concepts/overview.htm */
const sizeMostGib = 32_768;

export interface VolumeWish {
  readonly boot: boolean;
  readonly resource: Resource;
  readonly availabilityDomain: string | undefined;
  readonly sizeGib: number | undefined;
  readonly vpusPerGib?: number | undefined;
  readonly kmsKeyId?: string | undefined;
  readonly imageId?: string | undefined;
  readonly source?: Volume["source"];
  /** What it begins with: an immutable layer, and how large the disk in it is. */
  readonly from?: { readonly layerId: string; readonly sizeGib: number } | undefined;
}

/** Makes a volume on the disk store. @throws OciError as CreateVolume does. */
export async function makeVolume(cloud: OciCloud, wish: VolumeWish): Promise<Volume> {
  const { boot, resource, availabilityDomain, from } = wish;
  if (!availabilityDomain) throw missing("availabilityDomain");
  if (!availabilityDomains(cloud.tenancy).includes(availabilityDomain))
    throw invalid("availabilityDomain", `${availabilityDomain} is none of this tenancy's`);
  const least = Math.max(cloud.settings.volumeLeastGib, from?.sizeGib ?? 0);
  const sizeGib = wish.sizeGib ?? (from ? least : Math.max(1024, least));
  if (!Number.isInteger(sizeGib) || sizeGib < least || sizeGib > sizeMostGib)
    throw invalid("sizeInGBs", `must be between ${least} and ${sizeMostGib}`);
  const vpusPerGib = wish.vpusPerGib ?? 10;
  if (vpusPerGib % 10 !== 0 || vpusPerGib < (boot ? 10 : 0) || vpusPerGib > 120)
    throw invalid("vpusPerGB", "must be a multiple of 10, at most 120");
  holdToLimit(cloud, "volume-count", availabilityDomain, 1);
  holdToLimit(cloud, "total-storage-gb", availabilityDomain, sizeGib);
  const lost = new Set(cloud.settings.lostKeys);
  for (const key of [wish.kmsKeyId, cloud.tables.backups.get(wish.source?.id ?? "")?.kmsKeyId])
    if (key !== undefined && lost.has(key)) throw keyOutOfReach();
  const layerId = newLayerId();
  await cloud.disks.createOverlay(layerId, sizeGib * GiB, from?.layerId);
  return cloud.tables.volumes.put({
    ...resource,
    boot,
    availabilityDomain,
    sizeGib,
    vpusPerGib,
    kmsKeyId: wish.kmsKeyId,
    source: wish.source,
    imageId: wish.imageId,
    layerId,
  });
}

export function volumeKinds(registry: Registry): { volume: Kind<Volume>; bootVolume: Kind<Volume> } {
  const { cloud } = registry;
  const stateOf = (volume: Volume) => registry.timed(volume, provisioned);
  const shared = (volume: Volume) => ({
    ...common(volume),
    systemTags: {},
    availabilityDomain: volume.availabilityDomain,
    isHydrated: true,
    ...(volume.kmsKeyId && { kmsKeyId: volume.kmsKeyId }),
    vpusPerGB: volume.vpusPerGib,
    sizeInGBs: volume.sizeGib,
    sizeInMBs: volume.sizeGib * 1024,
    isAutoTuneEnabled: false,
    autotunePolicies: [],
    ...(volume.groupId && { volumeGroupId: volume.groupId }),
  });
  const volume: Kind<Volume> = {
    type: "volume",
    table: part(cloud, false),
    stateOf,
    describe: (one): Wire<core.models.Volume> => ({
      ...shared(one),
      lifecycleState: stateOf(one) as `${core.models.Volume.LifecycleState}`,
      ...(one.source && { sourceDetails: one.source }),
    }),
  };
  const bootVolume: Kind<Volume> = {
    type: "bootvolume",
    table: part(cloud, true),
    stateOf,
    describe: (one): Wire<core.models.BootVolume> => ({
      ...shared(one),
      lifecycleState: stateOf(one) as `${core.models.BootVolume.LifecycleState}`,
      ...(one.imageId && { imageId: one.imageId }),
      ...(one.source && { sourceDetails: one.source }),
    }),
  };
  return { volume: registry.add(volume), bootVolume: registry.add(bootVolume) };
}

/** Block and boot volumes are of one table, told apart by `boot`. */
function part(cloud: OciCloud, boot: boolean): Kind<Volume>["table"] {
  const { volumes } = cloud.tables;
  const own = (volume: Volume | undefined) => (volume?.boot === boot ? volume : undefined);
  return {
    get: (id) => own(volumes.get(id)),
    where: (wanted) => volumes.where((volume) => volume.boot === boot && wanted(volume)),
  };
}

export function volumeOperations(
  registry: Registry,
  kinds: { volume: Kind<Volume>; bootVolume: Kind<Volume>; volumeBackup: Kind<Backup>; bootVolumeBackup: Kind<Backup> },
): Operation[] {
  const { cloud } = registry;
  const { tables } = cloud;
  const operation = operations("core");

  /** An immutable layer out of a backup, or of a volume as it is now. */
  const begin = async (source: Volume["source"]): Promise<VolumeWish["from"]> => {
    if (!source) return undefined;
    switch (source.type) {
      case "volumeBackup":
      case "bootVolumeBackup": {
        const kind = source.type === "volumeBackup" ? kinds.volumeBackup : kinds.bootVolumeBackup;
        return registry.demand(kind, registry.related(kind, source.id, "sourceDetails.id"), "AVAILABLE");
      }
      case "volume":
      case "bootVolume": {
        const kind = source.type === "volume" ? kinds.volume : kinds.bootVolume;
        const volume = registry.demand(kind, registry.related(kind, source.id, "sourceDetails.id"), "AVAILABLE");
        const [frozen] = await takePoint(cloud.diskParts(), [volume], ({ layerId }) => layerId);
        return { layerId: frozen ?? volume.layerId, sizeGib: volume.sizeGib };
      }
      default:
        throw invalid("sourceDetails.type", `${source.type} is not simulated`);
    }
  };
  const remove = (volume: Volume): void => {
    const [attachment] = attachmentsOf(cloud, volume.id);
    if (attachment) throw incorrectState(volume.id, `attached to ${attachment.instanceId}`, "detached");
    tables.volumes.change(volume.id, { deletedAt: Date.now() });
    cloud.inBackground("drop a volume's disk", () => cloud.collectDisks());
  };
  const update = async (
    kind: Kind<Volume>,
    volume: Volume,
    details: Wire<core.models.UpdateVolumeDetails>,
  ): Promise<Volume> => {
    registry.demand(kind, volume, "AVAILABLE");
    const { sizeInGBs = volume.sizeGib, vpusPerGB = volume.vpusPerGib } = details;
    if (!Number.isInteger(sizeInGBs) || sizeInGBs < volume.sizeGib || sizeInGBs > sizeMostGib)
      throw invalid("sizeInGBs", `must be between ${volume.sizeGib} and ${sizeMostGib}: a volume can't shrink`);
    holdToLimit(cloud, "total-storage-gb", volume.availabilityDomain, sizeInGBs - volume.sizeGib);
    const changed = { ...volume, ...renamed(details), sizeGib: sizeInGBs, vpusPerGib: vpusPerGB };
    tables.volumes.put(changed);
    await growDisks(cloud, [changed]);
    return changed;
  };
  const filters = {
    availabilityDomain: ({ availabilityDomain }: Volume) => availabilityDomain,
    volumeGroupId: ({ groupId }: Volume) => groupId,
  };

  return [
    operation("CreateVolume", "POST /volumes", { takes: "CreateVolumeDetails", answers: "Volume" }, async (call) => {
      const details = call.json<Wire<core.models.CreateVolumeDetails>>();
      const resource = registry.resource("volume", details);
      const given = details.sourceDetails as Volume["source"];
      const source =
        given ?? (details.volumeBackupId ? { type: "volumeBackup", id: details.volumeBackupId } : undefined);
      if (source?.type.startsWith("boot")) throw invalid("sourceDetails.type", `${source.type} makes no block volume`);
      const sizeGib = details.sizeInGBs ?? (details.sizeInMBs === undefined ? undefined : details.sizeInMBs / 1024);
      const volume = await makeVolume(cloud, {
        boot: false,
        resource,
        availabilityDomain: details.availabilityDomain,
        sizeGib,
        vpusPerGib: details.vpusPerGB,
        kmsKeyId: details.kmsKeyId,
        source,
        from: await begin(source),
      });
      return registry.one(kinds.volume, volume);
    }),
    operation("GetVolume", "GET /volumes/{volumeId}", { answers: "Volume" }, ({ params }) =>
      registry.one(kinds.volume, registry.find(kinds.volume, params.volumeId)),
    ),
    operation("ListVolumes", "GET /volumes", { answers: "Volume[]" }, (call) =>
      registry.list(call, kinds.volume, filters),
    ),
    operation(
      "UpdateVolume",
      "PUT /volumes/{volumeId}",
      { takes: "UpdateVolumeDetails", answers: "Volume" },
      async (call) => {
        const volume = registry.live(call, kinds.volume, call.params.volumeId);
        return registry.one(kinds.volume, await update(kinds.volume, volume, call.json()));
      },
    ),
    operation("DeleteVolume", "DELETE /volumes/{volumeId}", {}, (call) => {
      remove(registry.live(call, kinds.volume, call.params.volumeId));
      return {};
    }),

    operation(
      "CreateBootVolume",
      "POST /bootVolumes",
      { takes: "CreateBootVolumeDetails", answers: "BootVolume" },
      async (call) => {
        const details = call.json<Wire<core.models.CreateBootVolumeDetails>>();
        const resource = registry.resource("bootvolume", details);
        // The vendor takes a boot volume or its backup only: a block volume can't become one.
        const source = details.sourceDetails as Volume["source"];
        if (!source?.type.startsWith("boot"))
          throw invalid("sourceDetails.type", "a boot volume is made of a boot volume or its backup");
        const origin = tables.backups.get(source.id)?.imageId ?? tables.volumes.get(source.id)?.imageId;
        const volume = await makeVolume(cloud, {
          boot: true,
          resource,
          availabilityDomain: details.availabilityDomain,
          sizeGib: details.sizeInGBs,
          vpusPerGib: details.vpusPerGB,
          kmsKeyId: details.kmsKeyId,
          imageId: origin,
          source,
          from: await begin(source),
        });
        return registry.one(kinds.bootVolume, volume);
      },
    ),
    operation("GetBootVolume", "GET /bootVolumes/{bootVolumeId}", { answers: "BootVolume" }, ({ params }) =>
      registry.one(kinds.bootVolume, registry.find(kinds.bootVolume, params.bootVolumeId)),
    ),
    operation("ListBootVolumes", "GET /bootVolumes", { answers: "BootVolume[]" }, (call) =>
      registry.list(call, kinds.bootVolume, filters),
    ),
    operation(
      "UpdateBootVolume",
      "PUT /bootVolumes/{bootVolumeId}",
      { takes: "UpdateBootVolumeDetails", answers: "BootVolume" },
      async (call) => {
        const volume = registry.live(call, kinds.bootVolume, call.params.bootVolumeId);
        return registry.one(kinds.bootVolume, await update(kinds.bootVolume, volume, call.json()));
      },
    ),
    operation("DeleteBootVolume", "DELETE /bootVolumes/{bootVolumeId}", {}, (call) => {
      remove(registry.live(call, kinds.bootVolume, call.params.bootVolumeId));
      return {};
    }),
  ];
}
