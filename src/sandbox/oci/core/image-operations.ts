import type * as core from "oci-core";
import { takePoint } from "../../cloud/disks/points.ts";
import { incorrectState, invalid, missing, OciError } from "../errors.ts";
import { holdToLimit } from "../limits.ts";
import type { ObjectStore } from "../objectstorage/store.ts";
import { type Call, type Operation, operations } from "../operation.ts";
import { common, type Kind, type Registry, renamed } from "../registry.ts";
import type { Image, Instance } from "../state.ts";
import type { Wire } from "../wire.ts";
import type { WorkRequests } from "../work-requests.ts";
import { bootAttachmentOf } from "./attachments.ts";
import { exportFormats, type ImageBytes, paravirtualized } from "./images.ts";
import type { InstanceGuests } from "./instance-guests.ts";
import { shapes } from "./shapes.ts";

export function imageKind(registry: Registry): Kind<Image> {
  const { cloud } = registry;
  const kind: Kind<Image> = {
    type: "image",
    table: cloud.tables.images,
    stateOf: ({ state }) => state,
    describe: (image): Wire<core.models.Image> => ({
      ...common(image),
      // The platform's own images belong to no compartment that a tenancy could read.
      createImageAllowed: true,
      operatingSystem: image.operatingSystem,
      operatingSystemVersion: image.operatingSystemVersion,
      launchMode: image.launchMode as `${core.models.Image.LaunchMode}`,
      launchOptions: image.launchOptions,
      lifecycleState: image.state,
      sizeInMBs: image.sizeMib,
      billableSizeInGBs: Math.ceil(image.sizeMib / 1024),
      listingType: "NONE",
      ...(image.baseImageId && { baseImageId: image.baseImageId }),
    }),
  };
  return registry.add(kind);
}

export function imageOperations(
  registry: Registry,
  works: WorkRequests,
  objects: ObjectStore,
  bytes: ImageBytes,
  guests: InstanceGuests,
  kinds: { image: Kind<Image>; instance: Kind<Instance> },
): Operation[] {
  const { cloud } = registry;
  const { tables } = cloud;
  const operation = operations("core");
  const path = "/images/{imageId}";
  /** Work that takes at least as long as the setting says. */
  const lasting = async <T>(work: Promise<T>): Promise<T> => {
    const [result] = await Promise.all([work, new Promise((resolve) => setTimeout(resolve, cloud.settings.imageMs))]);
    return result;
  };
  const own = (call: Call): Image => {
    const image = registry.live(call, kinds.image, call.params.imageId);
    if (image.public)
      throw new OciError(404, "NotAuthorizedOrNotFound", "Platform images can't be changed or exported.");
    return image;
  };
  /** Ends in AVAILABLE, or without a trace as a failed import does. */
  const finish = async (image: Image, work: () => Promise<{ layerId: string; sizeMib: number }>): Promise<void> => {
    try {
      const made = await lasting(work());
      tables.images.change(image.id, { ...made, state: "AVAILABLE" });
    } catch (error) {
      tables.images.change(image.id, { state: "DELETED", deletedAt: Date.now() });
      throw error;
    }
  };

  const fromInstance = (
    base: Pick<Image, "id"> & Partial<Image>,
    instance: Instance,
  ): { image: Image; work: () => Promise<void> } => {
    registry.demand(kinds.instance, instance, "RUNNING", "STOPPED");
    const volume = tables.volumes.get(bootAttachmentOf(cloud, instance.id)?.volumeId ?? "");
    if (!volume) throw incorrectState(instance.id, "without a boot volume", "with one");
    const source = tables.images.get(instance.imageId ?? "");
    const image: Image = {
      ...(base as Image),
      operatingSystem: source?.operatingSystem ?? "Custom",
      operatingSystemVersion: source?.operatingSystemVersion ?? "Custom",
      baseImageId: source?.id,
      launchMode: "PARAVIRTUALIZED",
      launchOptions: instance.launchOptions,
      sizeMib: volume.sizeGib * 1024,
      shapes: source?.shapes ?? everyShape,
      state: "PROVISIONING",
    };
    const take = async () => {
      const [layerId = ""] = await takePoint(cloud.diskParts(), [volume], (disk) => disk.layerId);
      return { layerId, sizeMib: volume.sizeGib * 1024 };
    };
    // The instance is shut down for it, and is started again when it ran:
    // https://docs.oracle.com/en-us/iaas/Content/Compute/Tasks/managingcustomimages.htm
    return { image, work: () => finish(image, () => guests.whileOff(instance.id, take)) };
  };
  const fromObject = (
    base: Pick<Image, "id"> & Partial<Image>,
    source: Wire<core.models.ImageSourceViaObjectStorageTupleDetails>,
    launchMode: string | undefined,
  ): { image: Image; work: () => Promise<void> } => {
    if (source.sourceType !== "objectStorageTuple")
      throw invalid("imageSourceDetails.sourceType", `${source.sourceType} is not simulated; objectStorageTuple is`);
    const { namespaceName, bucketName, objectName, sourceImageType } = source;
    objects.object(objects.bucket(namespaceName, bucketName), objectName);
    if (sourceImageType !== "QCOW2" && sourceImageType !== "VMDK")
      throw invalid("imageSourceDetails.sourceImageType", "must be QCOW2 or VMDK");
    // https://docs.oracle.com/en-us/iaas/Content/Compute/Tasks/importingcustomimagelinux.htm
    if (launchMode !== undefined && launchMode !== "PARAVIRTUALIZED")
      throw invalid("launchMode", `${launchMode} is not simulated; PARAVIRTUALIZED is`);
    const image: Image = {
      ...(base as Image),
      operatingSystem: source.operatingSystem ?? "Custom",
      operatingSystemVersion: source.operatingSystemVersion ?? "Custom",
      launchMode: "PARAVIRTUALIZED",
      launchOptions: paravirtualized("BIOS"),
      sizeMib: 0,
      shapes: everyShape,
      state: "IMPORTING",
    };
    return { image, work: () => finish(image, () => bytes.import(bucketName, objectName, sourceImageType)) };
  };

  return [
    operation("CreateImage", "POST /images", { takes: "CreateImageDetails", answers: "Image" }, (call) => {
      const details = call.json<Wire<core.models.CreateImageDetails>>();
      const base = registry.resource("image", details);
      holdToLimit(cloud, "custom-image-count", undefined, 1);
      const source = details.imageSourceDetails as
        | Wire<core.models.ImageSourceViaObjectStorageTupleDetails>
        | undefined;
      if (!source && !details.instanceId) throw missing("instanceId");
      const { image, work } = source
        ? fromObject(base, source, details.launchMode)
        : fromInstance(base, registry.related(kinds.instance, details.instanceId, "instanceId"));
      tables.images.put(image);
      const id = works.begin(
        "CreateImage",
        image.compartmentId,
        [{ actionType: "CREATED", entityType: "image", identifier: image.id }],
        work,
      );
      return registry.one(kinds.image, image, { "opc-work-request-id": id });
    }),
    operation("GetImage", `GET ${path}`, { answers: "Image" }, ({ params }) =>
      registry.one(kinds.image, registry.find(kinds.image, params.imageId)),
    ),
    operation("ListImages", "GET /images", { answers: "Image[]" }, (call) => {
      const platform = bytes.ensurePlatform();
      const shape = call.query.get("shape");
      return registry.list(
        call,
        { ...kinds.image, table: withPlatform(kinds.image.table, platform, call.query.get("compartmentId")) },
        {
          operatingSystem: ({ operatingSystem }) => operatingSystem,
          operatingSystemVersion: ({ operatingSystemVersion }) => operatingSystemVersion,
          shape: (image) => (image.shapes.includes(shape ?? "") ? shape : ""),
        },
      );
    }),
    operation("UpdateImage", `PUT ${path}`, { takes: "UpdateImageDetails", answers: "Image" }, (call) => {
      const image = own(call);
      const details = call.json<Wire<core.models.UpdateImageDetails>>();
      const { operatingSystem = image.operatingSystem, operatingSystemVersion = image.operatingSystemVersion } =
        details;
      const changed = { ...image, ...renamed(details), operatingSystem, operatingSystemVersion };
      return registry.one(kinds.image, tables.images.put(changed));
    }),
    operation("DeleteImage", `DELETE ${path}`, {}, (call) => {
      const image = registry.demand(kinds.image, own(call), "AVAILABLE", "DISABLED");
      tables.images.change(image.id, { state: "DELETED", deletedAt: Date.now() });
      cloud.inBackground("drop an image's disk", () => cloud.collectDisks());
      return {};
    }),
    operation(
      "ExportImage",
      `POST ${path}/actions/export`,
      { takes: "ExportImageDetails", answers: "Image" },
      (call) => {
        // https://docs.oracle.com/en-us/iaas/Content/Compute/Tasks/imageimportexport.htm: not those of the platform.
        const image = registry.demand(kinds.image, own(call), "AVAILABLE");
        const details = call.json<Wire<core.models.ExportImageViaObjectStorageTupleDetails>>();
        if (details.destinationType !== "objectStorageTuple")
          throw invalid("destinationType", `${details.destinationType} is not simulated; objectStorageTuple is`);
        const { namespaceName, bucketName, objectName, exportFormat = "OCI" } = details;
        if (!(exportFormat in exportFormats)) throw invalid("exportFormat", `${exportFormat} is not simulated`);
        objects.bucket(namespaceName, bucketName);
        const exporting = tables.images.put({ ...image, state: "EXPORTING" });
        const id = works.begin(
          "ExportImage",
          image.compartmentId,
          [{ actionType: "RELATED", entityType: "image", identifier: image.id }],
          async () => {
            try {
              await lasting(bytes.export(image.layerId ?? "", bucketName, objectName, exportFormat));
            } finally {
              tables.images.change(image.id, { state: "AVAILABLE" });
            }
          },
        );
        return registry.one(kinds.image, exporting, { "opc-work-request-id": id });
      },
    ),
    operation(
      "AddImageShapeCompatibilityEntry",
      `PUT ${path}/shapes/{shapeName}`,
      { takes: "AddImageShapeCompatibilityEntryDetails", answers: "ImageShapeCompatibilityEntry" },
      (call) => {
        const image = own(call);
        const { shapeName = "" } = call.params;
        if (!shapes.some(({ name }) => name === shapeName))
          throw invalid("shapeName", `there is no shape ${shapeName}`);
        tables.images.put({ ...image, shapes: [...new Set([...image.shapes, shapeName])] });
        const body: Wire<core.models.ImageShapeCompatibilityEntry> = { imageId: image.id, shape: shapeName };
        return { body };
      },
    ),
  ];
}

const everyShape = shapes.filter(({ arm }) => !arm).map(({ name }) => name);

/** Platform images are in every compartment's list. */
function withPlatform(
  table: Kind<Image>["table"],
  platform: Image,
  compartmentId: string | null,
): Kind<Image>["table"] {
  const shown = { ...platform, compartmentId: compartmentId ?? platform.compartmentId };
  return {
    get: (id) => table.get(id),
    where: (wanted) => [
      ...table.where((image) => image.id !== platform.id && wanted(image)),
      ...[shown].filter(wanted),
    ],
  };
}
