import { alreadyExists, badRequest, GcpError, invalid, notReady, OperationError } from "../errors.ts";
import { projectId } from "../places.ts";
import type { Image } from "../state.ts";
import { descriptionOf, text } from "../texts.ts";
import type { ComputeCall, ComputeOperations } from "./call.ts";
import { findDisk, sourceSnapshot } from "./find.ts";
import { newLayerId, newNumericId } from "./ids.ts";
import { imagePath } from "./image-store.ts";
import { checkedLabels, labelFields, setLabels } from "./labels.ts";
import { checkName, link } from "./links.ts";
import { commonFields, listAnswer } from "./lists.ts";
import type { ComputeParts } from "./parts.ts";
import { GiB, traitFields, traitsOf } from "./persistent-disks.ts";
import { importTarGz } from "./tar-image.ts";

/** An object of Cloud Storage, as an image is made of it. */
export interface Archive {
  readonly sizeBytes: number;
  read(): AsyncIterable<Buffer>;
}
/** Finds the object that a URL names, if it is there. */
export type FindArchive = (bucket: string, object: string) => Archive | undefined;

export function imageOperations(parts: ComputeParts, archive: FindArchive): ComputeOperations {
  const { cloud, operations, disks, images, quotas } = parts;
  const { tables } = cloud;
  const named = (call: ComputeCall): Image =>
    images.find(call.path.project as string, `global/images/${call.path.image ?? call.path.resource}`);
  const ours = (call: ComputeCall): Image => {
    if (call.project !== projectId) {
      throw new GcpError(
        403,
        "forbidden",
        `Required permission for 'projects/${call.project}/global/images/${call.path.image}'`,
      );
    }
    return named(call);
  };

  const make = async (image: Image): Promise<Partial<Image>> => {
    const { layerId, rawSource, sourceDiskId, sourceSnapshotId, sourceImageId } = image;
    if (rawSource !== undefined) {
      const { bucket, object } = objectOf(rawSource);
      const found = archive(bucket, object);
      if (!found) throw new OperationError("RESOURCE_NOT_FOUND", `The resource '${rawSource}' was not found`, 404);
      const { sizeBytes } = await importTarGz(cloud.disks, layerId, found.read());
      return { sizeGb: sizeBytes / GiB, archiveBytes: found.sizeBytes };
    }
    const disk = tables.disks.find(({ numericId }) => numericId === sourceDiskId);
    if (disk) {
      const layer = await disks.point(disk.id);
      return { layerId: layer, archiveBytes: await disks.storedBytes(layer) };
    }
    const from = tables.images.find(({ numericId }) => numericId === sourceImageId);
    if (from) await images.ready(from);
    const source = from ?? tables.snapshots.find(({ numericId }) => numericId === sourceSnapshotId);
    if (!source) throw new OperationError("RESOURCE_NOT_FOUND", "The source of the image was not found", 404);
    return { layerId: source.layerId, archiveBytes: await disks.storedBytes(source.layerId) };
  };

  operations.define(
    "images.insert",
    async ({ targetId }, pause) => {
      const image = tables.images.get(targetId);
      if (!image) return;
      try {
        const made = await make(image);
        await pause();
        tables.images.change(targetId, { ...made, status: "READY" });
      } catch (error) {
        tables.images.delete(targetId);
        throw error;
      }
    },
    () => cloud.settings.imageMs,
  );
  operations.define("images.delete", async ({ targetId }, pause) => {
    await pause();
    tables.images.delete(targetId);
    await cloud.collectDisks();
  });

  return {
    "images.insert": (call) => {
      const { body } = call;
      const id = `global/images/${checkName("resource.name", body.name as string | undefined)}`;
      if (tables.images.has(id)) throw alreadyExists(`projects/${projectId}/${id}`);
      quotas.check("global", "IMAGES", 1);
      const { source, sizeGb, traits } = sourceOf(parts, call);
      const image: Image = {
        id,
        project: projectId,
        numericId: newNumericId(),
        createdAt: Date.now(),
        ...descriptionOf(body),
        labels: checkedLabels(body.labels),
        ...traitsOf(body, traits),
        ...(body.family ? { family: checkName("resource.family", body.family as string) } : {}),
        sizeGb,
        status: "PENDING",
        layerId: newLayerId(),
        archiveBytes: 0,
        ...source,
      };
      tables.images.put(image);
      return operations.start(call, image);
    },
    "images.get": (call) => describeImage(named(call)),
    "images.getFromFamily": (call) =>
      describeImage(images.ofFamily(call.path.project as string, call.path.family as string)),
    "images.list": (call) =>
      listAnswer(
        cloud,
        call,
        "image",
        tables.images
          .where(({ project }) => project === call.project)
          .map((image) => ({ id: image.id, createdAt: image.createdAt, json: describeImage(image) })),
      ),
    "images.delete": (call) => {
      const image = ours(call);
      if (image.status === "PENDING") throw notReady(`projects/${call.project}/${image.id}`);
      tables.images.put({ ...image, status: "DELETING" });
      return operations.start(call, image);
    },
    "images.deprecate": (call) => {
      const image = ours(call);
      const { state } = call.body as { state?: string };
      tables.images.put({ ...image, deprecated: state === "ACTIVE" ? undefined : (state ?? "DEPRECATED") });
      return operations.start(call, image);
    },
    "images.setLabels": (call) => {
      const image = ours(call);
      setLabels(tables.images, image, call);
      return operations.start(call, image);
    },
  };
}

/** What an image is to be made of: exactly one source. */
function sourceOf({ cloud, disks, images }: ComputeParts, { body, query }: ComputeCall) {
  const given = ["rawDisk", "sourceDisk", "sourceSnapshot", "sourceImage"].filter((name) => body[name] !== undefined);
  if (given.length !== 1) throw badRequest("Exactly one source of the image must be specified.");
  if (body.rawDisk !== undefined) {
    const { source: rawSource, containerType = "TAR" } = body.rawDisk as { source?: string; containerType?: string };
    if (containerType !== "TAR")
      throw invalid("resource.rawDisk.containerType", containerType, "Only TAR is supported.");
    objectOf(rawSource ?? "");
    return { source: { rawSource: rawSource as string }, sizeGb: 0, traits: undefined };
  }
  if (body.sourceDisk !== undefined) {
    const disk = findDisk(cloud, text(body.sourceDisk), "resource.sourceDisk");
    if (disk.status !== "READY") throw notReady(`projects/${projectId}/${disk.id}`);
    // https://cloud.google.com/compute/docs/images/create-custom: a disk in use only by force.
    const [user] = disks.holders.usersOf(disk.id);
    const running = user !== undefined && cloud.tables.instances.get(user)?.status !== "TERMINATED";
    if (running && query.forceCreate !== "true") {
      throw new GcpError(
        400,
        "resourceInUseByAnotherResource",
        `The disk resource '${link(disk.id)}' is already being used by '${link(user)}'`,
      );
    }
    return { source: { sourceDisk: link(disk.id), sourceDiskId: disk.numericId }, sizeGb: disk.sizeGb, traits: disk };
  }
  const { snapshot } = sourceSnapshot(cloud, body.sourceSnapshot);
  if (snapshot) {
    if (snapshot.status !== "READY") throw notReady(`projects/${projectId}/${snapshot.id}`);
    const source = { sourceSnapshot: link(snapshot.id), sourceSnapshotId: snapshot.numericId };
    return { source, sizeGb: snapshot.sizeGb, traits: snapshot };
  }
  const image = images.resolve(text(body.sourceImage), "resource.sourceImage");
  const source = { sourceImage: link(imagePath(image), image.project), sourceImageId: image.numericId };
  return { source, sizeGb: image.sizeGb, traits: image };
}

/** https://cloud.google.com/compute/docs/reference/rest/v1/images/insert, `rawDisk.source`. */
function objectOf(url: string): { bucket: string; object: string } {
  const match =
    /^(?:gs:\/\/|https?:\/\/(?:storage\.googleapis\.com|storage\.cloud\.google\.com|commondatastorage\.googleapis\.com)\/)([^/]+)\/(.+)$/.exec(
      url,
    ) ?? /^https?:\/\/[^/]+\/storage\/v1\/b\/([^/]+)\/o\/(.+)$/.exec(url);
  if (!match?.[1] || !match[2]) throw invalid("resource.rawDisk.source", url, "The URL is malformed.");
  return { bucket: match[1], object: decodeURIComponent(match[2]) };
}

function describeImage(image: Image): object {
  const { project, sourceDisk, sourceDiskId, sourceSnapshotId, sourceImage, sourceImageId, rawSource } = image;
  return {
    ...commonFields("image", { ...image, id: imagePath(image) }),
    selfLink: link(imagePath(image), project),
    sourceType: "RAW",
    status: image.status,
    ...(image.family ? { family: image.family } : {}),
    archiveSizeBytes: String(image.archiveBytes),
    diskSizeGb: String(image.sizeGb),
    rawDisk: { source: rawSource ?? "", containerType: "TAR" },
    ...(sourceDisk ? { sourceDisk, sourceDiskId } : {}),
    ...(image.sourceSnapshot ? { sourceSnapshot: image.sourceSnapshot, sourceSnapshotId } : {}),
    ...(sourceImage ? { sourceImage, sourceImageId } : {}),
    ...(image.deprecated ? { deprecated: { state: image.deprecated } } : {}),
    storageLocations: ["us"],
    ...traitFields(image),
    ...labelFields(image),
  };
}
