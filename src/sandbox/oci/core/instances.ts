import { randomBytes } from "node:crypto";
import type * as core from "oci-core";
import { incorrectState, invalid, missing } from "../errors.ts";
import { faultDomains } from "../identity.ts";
import { holdToLimit } from "../limits.ts";
import { type Call, type Operation, operations } from "../operation.ts";
import { common, type Kind, type Registry, renamed } from "../registry.ts";
import type { Attachment, Image, Instance, Volume } from "../state.ts";
import { availabilityDomains, regionKey } from "../tenancy.ts";
import type { Wire } from "../wire.ts";
import type { WorkRequests } from "../work-requests.ts";
import { newAttachment } from "./attachments.ts";
import { type ImageBytes, paravirtualized } from "./images.ts";
import type { InstanceGuests } from "./instance-guests.ts";
import type { NetworkKinds } from "./network-kinds.ts";
import { readers } from "./readers.ts";
import { demandCapacity, type Shape, shapes, sizeOf } from "./shapes.ts";
import { planVnic } from "./vnics.ts";
import { attachmentsOf } from "./volume-disks.ts";
import { makeVolume } from "./volumes.ts";

/** https://docs.oracle.com/en-us/iaas/api/#/en/iaas/latest/datatypes/LaunchInstanceDetails: of `metadata`. */
const metadataMostBytes = 32_000;

export function instanceKind(registry: Registry): Kind<Instance> {
  const kind: Kind<Instance> = {
    type: "instance",
    table: registry.cloud.tables.instances,
    stateOf: ({ state }) => state,
    describe: (instance): Wire<core.models.Instance> => {
      const shape = shapes.find(({ name }) => name === instance.shape);
      return {
        ...common(instance),
        systemTags: {},
        availabilityDomain: instance.availabilityDomain,
        faultDomain: instance.faultDomain,
        region: regionKey.toLowerCase(),
        lifecycleState: instance.state,
        shape: instance.shape,
        shapeConfig: {
          ocpus: instance.ocpus,
          vcpus: instance.ocpus * 2,
          memoryInGBs: instance.memoryGib,
          maxVnicAttachments: 2,
          networkingBandwidthInGbps: 1,
          gpus: 0,
          localDisks: 0,
          ...(shape && { processorDescription: shape.processor }),
        },
        launchMode: "PARAVIRTUALIZED",
        launchOptions: instance.launchOptions,
        metadata: { ...instance.metadata },
        extendedMetadata: { ...instance.extendedMetadata },
        ...(instance.imageId && { imageId: instance.imageId }),
        sourceDetails: instance.sourceBootVolumeId
          ? { sourceType: "bootVolume", bootVolumeId: instance.sourceBootVolumeId }
          : { sourceType: "image", imageId: instance.imageId ?? "" },
      };
    },
  };
  return registry.add(kind);
}

export function instanceOperations(
  registry: Registry,
  works: WorkRequests,
  guests: InstanceGuests,
  bytes: ImageBytes,
  kinds: NetworkKinds & { instance: Kind<Instance>; image: Kind<Image>; bootVolume: Kind<Volume> },
): Operation[] {
  const { cloud } = registry;
  const { documents, tables } = cloud;
  const operation = operations("core");
  const path = "/instances/{instanceId}";

  const shapeOf = (name: string | undefined): Shape => {
    if (!name) throw missing("shape");
    const shape = shapes.find((one) => one.name === name);
    if (!shape) throw invalid("shape", `there is no shape ${name} in this availability domain`);
    return shape;
  };
  const holdToLimits = (shape: Shape, domain: string, ocpus: number, memoryGib: number): void => {
    holdToLimit(cloud, `${shape.limit}-core-count`, domain, ocpus);
    holdToLimit(cloud, `${shape.limit}-memory-count`, domain, memoryGib);
    demandCapacity(cloud, domain, shape.name);
  };
  const begin = (
    name: string,
    instance: Instance,
    actionType: "CREATED" | "UPDATED" | "DELETED",
    work: () => Promise<void>,
  ) => ({
    "opc-work-request-id": works.begin(
      name,
      instance.compartmentId,
      [{ actionType, entityType: "instance", identifier: instance.id }],
      work,
    ),
  });

  /** An image, or a boot volume that nothing is attached to. */
  const sourceOf = (
    details: Wire<core.models.LaunchInstanceDetails>,
  ): { image?: Image; volume?: Volume; sizeGib?: number | undefined } => {
    const source:
      | { sourceType: string; imageId?: string; bootVolumeId?: string; bootVolumeSizeInGBs?: number }
      | undefined = details.sourceDetails;
    if (source?.sourceType === "bootVolume") {
      const volume = registry.related(kinds.bootVolume, source.bootVolumeId, "sourceDetails.bootVolumeId");
      registry.demand(kinds.bootVolume, volume, "AVAILABLE");
      if (volume.availabilityDomain !== details.availabilityDomain)
        throw invalid("sourceDetails.bootVolumeId", "is in another availability domain");
      const [attachment] = attachmentsOf(cloud, volume.id);
      if (attachment) throw incorrectState(volume.id, `attached to ${attachment.instanceId}`, "detached");
      return { volume };
    }
    bytes.ensurePlatform();
    const image = registry.related(kinds.image, source?.imageId ?? details.imageId, "sourceDetails.imageId");
    registry.demand(kinds.image, image, "AVAILABLE");
    return { image, sizeGib: source?.bootVolumeSizeInGBs };
  };

  const launch = async (call: Call) => {
    const details = call.json<Wire<core.models.LaunchInstanceDetails>>();
    const resource = registry.resource("instance", details);
    const { availabilityDomain } = details;
    if (!availabilityDomains(cloud.tenancy).includes(availabilityDomain))
      throw invalid("availabilityDomain", `${availabilityDomain} is none of this tenancy's`);
    if (details.faultDomain && !(faultDomains as readonly string[]).includes(details.faultDomain))
      throw invalid("faultDomain", "is unknown");
    const shape = shapeOf(details.shape);
    const { ocpus, memoryGib } = sizeOf(shape, details.shapeConfig);
    const { image, volume, sizeGib } = sourceOf(details);
    if (image && !image.shapes.includes(shape.name))
      throw invalid("shape", `${shape.name} is not valid for the image ${image.id}`);
    if (Buffer.byteLength(JSON.stringify(details.metadata ?? {})) > metadataMostBytes)
      throw invalid("metadata", `is larger than ${metadataMostBytes} bytes`);
    const origin = image ?? tables.images.get(volume?.imageId ?? "");
    const launchOptions = {
      ...paravirtualized("BIOS"),
      ...origin?.launchOptions,
      ...(details.launchOptions as Instance["launchOptions"] | undefined),
    };
    if (launchOptions.bootVolumeType !== "PARAVIRTUALIZED" || launchOptions.networkType !== "PARAVIRTUALIZED")
      throw invalid("launchOptions", "only PARAVIRTUALIZED disks and networks are simulated");
    const instance: Instance = {
      ...resource,
      guestId: `oci-${randomBytes(8).toString("hex")}`,
      availabilityDomain,
      faultDomain: details.faultDomain ?? faultDomains[0],
      shape: shape.name,
      ocpus,
      memoryGib,
      imageId: origin?.id,
      sourceBootVolumeId: volume?.id,
      metadata: details.metadata ?? {},
      extendedMetadata: details.extendedMetadata ?? {},
      launchOptions,
      uefi: launchOptions.firmware === "UEFI_64",
      state: "PROVISIONING",
      unforwarded: [],
    };
    const { vnic, publicIp } = planVnic(registry, kinds, instance, details.createVnicDetails, details.subnetId);
    holdToLimits(shape, availabilityDomain, ocpus, memoryGib);
    const boot =
      volume ??
      (await makeVolume(cloud, {
        boot: true,
        resource: registry.resource("bootvolume", {
          compartmentId: resource.compartmentId,
          displayName: `${resource.displayName} (Boot Volume)`,
          freeformTags: details.freeformTags,
        }),
        availabilityDomain,
        sizeGib,
        imageId: image?.id,
        from: image && { layerId: await bytes.layer(image), sizeGib: Math.ceil(image.sizeMib / 1024) },
      }));
    const attachment: Attachment = newAttachment(registry, instance, boot, { boot: true });
    documents.together(() => {
      tables.vnics.put(vnic);
      if (publicIp) tables.publicIps.put(publicIp);
      tables.attachments.put(attachment);
      tables.instances.put(instance);
    });
    return registry.one(
      kinds.instance,
      instance,
      begin("LaunchInstance", instance, "CREATED", () => guests.start(instance.id)),
    );
  };

  const act = (call: Call) => {
    const instance = registry.live(call, kinds.instance, call.params.instanceId);
    const action = call.query.get("action");
    const to = (state: Instance["state"], work: () => Promise<void>) => {
      const changed = tables.instances.put({ ...instance, state });
      cloud.inBackground(`${action} ${instance.id}`, work);
      return registry.one(kinds.instance, changed);
    };
    switch (action) {
      case "START": {
        registry.demand(kinds.instance, instance, "STOPPED");
        holdToLimits(shapeOf(instance.shape), instance.availabilityDomain, instance.ocpus, instance.memoryGib);
        return to("STARTING", () => guests.start(instance.id));
      }
      case "STOP":
        // Asked again while SOFTSTOP still waits, the plug is pulled.
        registry.demand(kinds.instance, instance, "RUNNING", "STOPPING");
        return to("STOPPING", () => guests.stop(instance.id, 0));
      case "SOFTSTOP":
        registry.demand(kinds.instance, instance, "RUNNING");
        return to("STOPPING", () => guests.stop(instance.id, cloud.settings.stopGraceMs));
      case "RESET":
      case "SOFTRESET":
        registry.demand(kinds.instance, instance, "RUNNING");
        return to("STARTING", () => guests.restart(instance.id, action === "RESET" ? 0 : cloud.settings.stopGraceMs));
      default:
        throw invalid("action", `${action} is not simulated`);
    }
  };

  const update = (call: Call) => {
    const instance = registry.live(call, kinds.instance, call.params.instanceId);
    const details = call.json<Wire<core.models.UpdateInstanceDetails>>();
    const shape = shapeOf(details.shape ?? instance.shape);
    const resized = details.shape !== undefined || details.shapeConfig !== undefined;
    const size = resized
      ? sizeOf(shape, {
          ocpus: details.shapeConfig?.ocpus ?? (shape.flexible ? instance.ocpus : undefined),
          memoryInGBs:
            details.shapeConfig?.memoryInGBs ?? (details.shape === undefined ? instance.memoryGib : undefined),
        })
      : { ocpus: instance.ocpus, memoryGib: instance.memoryGib };
    if (resized) {
      registry.demand(kinds.instance, instance, "RUNNING", "STOPPED");
      const [ocpus, memoryGib] = [size.ocpus - instance.ocpus, size.memoryGib - instance.memoryGib];
      const other = shape.name !== instance.shape;
      holdToLimits(shape, instance.availabilityDomain, other ? size.ocpus : ocpus, other ? size.memoryGib : memoryGib);
    }
    const launchOptions = { ...instance.launchOptions, ...details.launchOptions };
    const changed = tables.instances.put({
      ...instance,
      ...renamed(details),
      ...size,
      shape: shape.name,
      launchOptions,
      metadata: details.metadata ?? instance.metadata,
      extendedMetadata: details.extendedMetadata ?? instance.extendedMetadata,
      faultDomain: details.faultDomain ?? instance.faultDomain,
    });
    // A running instance is rebooted for it: https://docs.oracle.com/en-us/iaas/Content/Compute/Tasks/resizinginstances.htm
    const reboot = resized && instance.state === "RUNNING";
    const headers = begin("UpdateInstance", changed, "UPDATED", async () => {
      if (!reboot) return;
      tables.instances.change(instance.id, { state: "STARTING" });
      await guests.restart(instance.id, cloud.settings.stopGraceMs);
    });
    return registry.one(kinds.instance, changed, headers);
  };

  return [
    operation("LaunchInstance", "POST /instances", { takes: "LaunchInstanceDetails", answers: "Instance" }, launch),
    ...readers(registry, kinds.instance, "Instance", path, {
      availabilityDomain: ({ availabilityDomain }) => availabilityDomain,
    }),
    operation("InstanceAction", `POST ${path}`, { takes: "InstancePowerActionDetails", answers: "Instance" }, act),
    operation("UpdateInstance", `PUT ${path}`, { takes: "UpdateInstanceDetails", answers: "Instance" }, update),
    operation("TerminateInstance", `DELETE ${path}`, {}, (call) => {
      const instance = registry.live(call, kinds.instance, call.params.instanceId);
      if (instance.state === "TERMINATING") return {};
      const preserveBootVolume = call.query.get("preserveBootVolume") === "true";
      const changed = tables.instances.put({ ...instance, state: "TERMINATING", preserveBootVolume });
      return { headers: begin("TerminateInstance", changed, "DELETED", () => guests.terminate(instance.id)) };
    }),
  ];
}
