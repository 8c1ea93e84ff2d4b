import type * as core from "oci-core";
import type { OciCloud } from "../cloud.ts";
import { conflict, incorrectState, invalid, OciError } from "../errors.ts";
import { type Operation, operations } from "../operation.ts";
import type { Kind, Registry } from "../registry.ts";
import type { Attachment, Instance, Volume } from "../state.ts";
import type { Wire } from "../wire.ts";
import type { WorkRequests } from "../work-requests.ts";
import { readers } from "./readers.ts";
import { attachmentsOf, growDisks, guestDisk, helperDisk } from "./volume-disks.ts";

const attached = { making: "ATTACHING", ready: "ATTACHED", ending: "DETACHING", ended: "DETACHED" };
/** https://docs.oracle.com/en-us/iaas/Content/Block/References/consistentdevicepaths.htm */
const devicePath = /^\/dev\/oracleoci\/oraclevd[b-z]{1,2}$/;
/** https://docs.oracle.com/en-us/iaas/Content/Block/Concepts/overview.htm: block volumes of one instance. */
const attachmentsAtMost = 32;

export function attachmentKinds(registry: Registry): {
  volumeAttachment: Kind<Attachment>;
  bootVolumeAttachment: Kind<Attachment>;
} {
  const { attachments } = registry.cloud.tables;
  // What a killed process was plugging in is seen by its guest from the next start on.
  for (const { id } of attachments.where(({ attaching }) => attaching === true))
    attachments.change(id, { attaching: undefined });
  const stateOf = (one: Attachment) => {
    if (one.deletedAt !== undefined) return registry.timed(one, attached);
    return one.attaching ? attached.making : one.detaching ? attached.ending : registry.timed(one, attached);
  };
  const shared = (one: Attachment) => ({
    id: one.id,
    availabilityDomain: one.availabilityDomain,
    compartmentId: one.compartmentId,
    displayName: one.displayName,
    instanceId: one.instanceId,
    timeCreated: new Date(one.createdAt),
    isPvEncryptionInTransitEnabled: false,
  });
  const table = (boot: boolean): Kind<Attachment>["table"] => ({
    get: (id) => [attachments.get(id)].find((one) => one?.boot === boot),
    where: (wanted) => attachments.where((one) => one.boot === boot && wanted(one)),
  });
  const volumeAttachment: Kind<Attachment> = {
    type: "volumeattachment",
    table: table(false),
    stateOf,
    describe: (one): Wire<core.models.ParavirtualizedVolumeAttachment> => ({
      ...shared(one),
      attachmentType: "paravirtualized",
      volumeId: one.volumeId,
      isReadOnly: one.readOnly,
      isShareable: one.shareable,
      lifecycleState: stateOf(one) as `${core.models.VolumeAttachment.LifecycleState}`,
      ...(one.device && { device: one.device }),
    }),
  };
  const bootVolumeAttachment: Kind<Attachment> = {
    type: "bootvolumeattachment",
    table: table(true),
    stateOf,
    describe: (one): Wire<core.models.BootVolumeAttachment> => ({
      ...shared(one),
      bootVolumeId: one.volumeId,
      timeUpdated: new Date(one.createdAt),
      lifecycleState: stateOf(one) as `${core.models.BootVolumeAttachment.LifecycleState}`,
    }),
  };
  return { volumeAttachment: registry.add(volumeAttachment), bootVolumeAttachment: registry.add(bootVolumeAttachment) };
}

/** What there is of a new attachment before it is stored. */
export function newAttachment(
  registry: Registry,
  instance: Instance,
  volume: Volume,
  fields: Pick<Attachment, "boot"> & Partial<Attachment>,
): Attachment {
  const { compartmentId, availabilityDomain } = instance;
  const type = fields.boot ? "bootvolumeattachment" : "volumeattachment";
  return {
    ...registry.resource(type, { compartmentId, displayName: fields.displayName }),
    boot: fields.boot,
    volumeId: volume.id,
    instanceId: instance.id,
    availabilityDomain,
    device: fields.device,
    readOnly: fields.readOnly ?? false,
    shareable: fields.shareable ?? false,
    attaching: fields.attaching,
  };
}

export function attachmentOperations(
  registry: Registry,
  works: WorkRequests,
  kinds: {
    instance: Kind<Instance>;
    volume: Kind<Volume>;
    bootVolume: Kind<Volume>;
    volumeAttachment: Kind<Attachment>;
    bootVolumeAttachment: Kind<Attachment>;
  },
): Operation[] {
  const { cloud } = registry;
  const { tables, guests } = cloud;
  const operation = operations("core");
  const filters = {
    availabilityDomain: ({ availabilityDomain }: Attachment) => availabilityDomain,
    instanceId: ({ instanceId }: Attachment) => instanceId,
  };

  /** A boot volume can be attached as a data volume, too:
   *  https://docs.oracle.com/en-us/iaas/Content/Block/Tasks/attachingabootvolume.htm */
  const attachable = (volumeId: string, instance: Instance, shareable: boolean): Volume => {
    const isBoot = tables.volumes.get(volumeId)?.boot === true;
    const kind = isBoot ? kinds.bootVolume : kinds.volume;
    const volume = registry.demand(kind, registry.related(kind, volumeId, "volumeId"), "AVAILABLE");
    if (volume.availabilityDomain !== instance.availabilityDomain)
      throw invalid("volumeId", "the volume and the instance are in different availability domains");
    const others = attachmentsOf(cloud, volume.id);
    if (others.some((one) => !(one.shareable && shareable) || one.instanceId === instance.id))
      throw conflict(`The volume ${volume.id} is attached to ${others[0]?.instanceId}.`);
    return volume;
  };
  const plug = async (instance: Instance, volume: Volume, attachment: Attachment): Promise<void> => {
    try {
      if (cloud.helpers.isRunning(instance.guestId)) {
        await growDisks(cloud, [volume]);
        await cloud.helpers.attach(instance.guestId, helperDisk(cloud, volume, attachment));
      } else if (guests.isRunning(instance.guestId)) {
        await guests.attach(instance.guestId, guestDisk(cloud, volume, attachment));
      }
      tables.attachments.change(attachment.id, { attaching: undefined });
    } catch (error) {
      tables.attachments.change(attachment.id, { deletedAt: Date.now() });
      throw new OciError(409, "Conflict", `Simulated: ${(error as Error).message}`);
    }
  };

  return [
    operation(
      "AttachVolume",
      "POST /volumeAttachments",
      { takes: "AttachVolumeDetails", answers: "VolumeAttachment" },
      async (call) => {
        const details = call.json<Wire<core.models.AttachVolumeDetails>>();
        if (details.type !== "paravirtualized")
          throw invalid("type", `${details.type} is not simulated; paravirtualized is`);
        const instance = registry.related(kinds.instance, details.instanceId, "instanceId");
        registry.demand(kinds.instance, instance, "RUNNING", "STOPPED");
        const shareable = details.isShareable ?? false;
        const volume = attachable(details.volumeId, instance, shareable);
        const { device } = details;
        if (device !== undefined && !devicePath.test(device)) throw invalid("device", `${device} is no device path`);
        const own = tables.attachments.where((one) => one.instanceId === instance.id && one.deletedAt === undefined);
        if (device !== undefined && own.some((one) => one.device === device))
          throw conflict(`The device ${device} of ${instance.id} is in use.`);
        if (own.length > attachmentsAtMost) throw conflict(`${instance.id} has ${attachmentsAtMost} volumes.`);
        const attachment = tables.attachments.put(
          newAttachment(registry, instance, volume, {
            boot: false,
            displayName: details.displayName,
            device,
            readOnly: details.isReadOnly,
            shareable,
            attaching: true,
          }),
        );
        const work = works.begin(
          "AttachVolume",
          instance.compartmentId,
          [{ actionType: "CREATED", entityType: "volumeAttachment", identifier: attachment.id }],
          () => plug(instance, volume, attachment),
        );
        return registry.one(kinds.volumeAttachment, attachment, { "opc-work-request-id": work });
      },
    ),
    ...readers(registry, kinds.volumeAttachment, "VolumeAttachment", "/volumeAttachments/{volumeAttachmentId}", {
      ...filters,
      volumeId: ({ volumeId }) => volumeId,
    }),
    operation("DetachVolume", "DELETE /volumeAttachments/{volumeAttachmentId}", {}, (call) => {
      const attachment = registry.live(call, kinds.volumeAttachment, call.params.volumeAttachmentId);
      if (attachment.attaching) throw incorrectState(attachment.id, attached.making, attached.ready);
      registry.demand(kinds.volumeAttachment, attachment, "ATTACHED", "ATTACHING");
      const work = works.begin(
        "DetachVolume",
        attachment.compartmentId,
        [{ actionType: "DELETED", entityType: "volumeAttachment", identifier: attachment.id }],
        () => detach(cloud, attachment),
      );
      return { headers: { "opc-work-request-id": work } };
    }),

    operation(
      "AttachBootVolume",
      "POST /bootVolumeAttachments",
      { takes: "AttachBootVolumeDetails", answers: "BootVolumeAttachment" },
      (call) => {
        const details = call.json<Wire<core.models.AttachBootVolumeDetails>>();
        const instance = registry.related(kinds.instance, details.instanceId, "instanceId");
        registry.demand(kinds.instance, instance, "STOPPED");
        const volume = attachable(details.bootVolumeId, instance, false);
        if (!volume.boot) throw invalid("bootVolumeId", "is no boot volume");
        if (bootAttachmentOf(cloud, instance.id)) throw conflict(`${instance.id} has a boot volume.`);
        const attachment = newAttachment(registry, instance, volume, { boot: true, displayName: details.displayName });
        return registry.one(kinds.bootVolumeAttachment, tables.attachments.put(attachment));
      },
    ),
    ...readers(
      registry,
      kinds.bootVolumeAttachment,
      "BootVolumeAttachment",
      "/bootVolumeAttachments/{bootVolumeAttachmentId}",
      { ...filters, bootVolumeId: ({ volumeId }) => volumeId },
    ),
    operation("DetachBootVolume", "DELETE /bootVolumeAttachments/{bootVolumeAttachmentId}", {}, (call) => {
      const attachment = registry.live(call, kinds.bootVolumeAttachment, call.params.bootVolumeAttachmentId);
      const instance = tables.instances.get(attachment.instanceId);
      if (instance) registry.demand(kinds.instance, instance, "STOPPED");
      tables.attachments.change(attachment.id, { deletedAt: Date.now() });
      return {};
    }),
  ];
}

export function bootAttachmentOf({ tables }: OciCloud, instanceId: string): Attachment | undefined {
  return tables.attachments.find((one) => one.boot && one.instanceId === instanceId && one.deletedAt === undefined);
}

/** Asks the guest to let go of the disk; it stays attached when that can't be. */
async function detach(cloud: OciCloud, attachment: Attachment): Promise<void> {
  const { tables, guests } = cloud;
  const guestId = tables.instances.get(attachment.instanceId)?.guestId ?? "";
  if (cloud.helpers.isRunning(guestId)) await cloud.helpers.detach(guestId, attachment.volumeId);
  else if (guests.isRunning(guestId)) {
    tables.attachments.change(attachment.id, { detaching: true });
    if (!(await guests.detach(guestId, attachment.volumeId))) {
      tables.attachments.change(attachment.id, { detaching: undefined });
      throw new OciError(409, "Conflict", "Simulated: the guest did not let go of the disk; stop the instance first.");
    }
  }
  tables.attachments.change(attachment.id, { detaching: undefined, deletedAt: Date.now() });
}
