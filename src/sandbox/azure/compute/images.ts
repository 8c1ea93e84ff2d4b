import type { Kind, Kinds } from "../arm/kinds.ts";
import type { BlobSources } from "../blob/sources.ts";
import { AzureError, invalidParameter } from "../errors.ts";
import { idOf } from "../network/lists.ts";
import type { Json, Resource } from "../state.ts";
import { textOf } from "../text.ts";

export const imageType = "Microsoft.Compute/images";

/** Of an image that was made of a blob. */
export interface ImageFacts {
  readonly layerId?: string;
  readonly sizeBytes?: number;
}

interface Profile {
  readonly osDisk?: Json;
  readonly dataDisks?: readonly Json[];
}

/** Images of the subscription's own: https://learn.microsoft.com/rest/api/compute/images. Here they name disks or
 *  snapshots, whose bytes a VM's disks are copied of. */
export function imageKind(kinds: Kinds, blobs: BlobSources): Kind<ImageFacts> {
  const importOf = (image: Resource<ImageFacts>, sourceUri: string) => async () => {
    const imported = await blobs.importVhd({ sourceUri });
    const now = kinds.byId<ImageFacts>(image.id, imageType);
    if (now) kinds.put({ ...now, facts: imported });
  };
  return {
    service: "compute",
    type: imageType,
    collection: "images",
    lists: ["listByResourceGroup", "list"],
    write(_request, wish, before) {
      const profile = (wish.properties.storageProfile ?? {}) as Profile;
      if (!profile.osDisk) throw invalidParameter("storageProfile.osDisk", "it is missing");
      for (const disk of [profile.osDisk, ...(profile.dataDisks ?? [])]) {
        const id = sourceId(disk);
        if (disk === profile.osDisk && id === "" && typeof disk.blobUri === "string") continue;
        if (!kinds.cloud.tables.resources.has(id))
          throw new AzureError("ResourceNotFound", `The source '${id}' of the image was not found.`, 404);
      }
      const { blobUri } = profile.osDisk;
      const imports = before?.facts.layerId === undefined && typeof blobUri === "string";
      return { resource: wish, ...(imports ? { work: importOf(wish, blobUri) } : {}) };
    },
    remove: async () => kinds.cloud.inBackground("drop an image's bytes", () => kinds.cloud.collectDisks()),
    view: ({ properties }) => ({ hyperVGeneration: "V1", ...properties }),
  };
}

/** What the disk of a VM that is made from an image is copied of. @throws AzureError InvalidParameter */
export function imageSource(image: Resource, lun: unknown): { data: Json; osType: string; generation: string } {
  const { osDisk, dataDisks } = (image.properties.storageProfile ?? {}) as Profile;
  const disk = lun === undefined ? osDisk : dataDisks?.find((one) => one.lun === lun);
  if (!disk) throw invalidParameter("dataDisks.lun", `the image has no disk ${String(lun)}`);
  const generation = textOf(image.properties.hyperVGeneration, "V1");
  const copied = sourceId(disk);
  const data =
    copied === ""
      ? { createOption: "FromImage", imageReference: { id: image.path } }
      : { createOption: "Copy", sourceResourceId: copied };
  return { data, osType: textOf(osDisk?.osType, "Linux"), generation };
}

function sourceId({ snapshot, managedDisk }: Json): string {
  return idOf(snapshot) ?? idOf(managedDisk) ?? "";
}
