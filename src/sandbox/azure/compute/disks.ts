import type { Kind, Kinds, Planned } from "../arm/kinds.ts";
import type { ArmRequest } from "../arm/request.ts";
import type { BlobSources } from "../blob/sources.ts";
import { platformLayer } from "../cloud.ts";
import type { Grants } from "../disks/grants.ts";
import { footerBytes } from "../disks/vhd.ts";
import { AzureError, invalidParameter, operationNotAllowed, propertyChangeNotAllowed } from "../errors.ts";
import { newId } from "../ids.ts";
import type { Disk, DiskBytes, DiskFacts, Json } from "../state.ts";
import { textOf } from "../text.ts";
import type { DiskContents } from "./disk-contents.ts";
import { GiB } from "./disk-contents.ts";
import { diskState, encryptionOf, sourceOf, viewOf } from "./disk-views.ts";
import { type ImageFacts, imageType } from "./images.ts";
import type { ManagedAccess } from "./managed-access.ts";
import type { PlatformImage } from "./platform-image.ts";

export const diskType = "Microsoft.Compute/disks";
/** With the footer: https://learn.microsoft.com/rest/api/compute/disks/create-or-update, CreationData. */
const uploadBytes = { least: 20_972_032, most: 35_183_298_347_520 } as const;
const MiB = 2 ** 20;
const gibAtMost = 65_536;

export interface DiskParts {
  readonly kinds: Kinds;
  readonly contents: DiskContents;
  readonly grants: Grants;
  readonly access: ManagedAccess;
  readonly blobs: BlobSources;
  readonly image: PlatformImage;
}

/** Managed disks: https://learn.microsoft.com/rest/api/compute/disks */
export function diskKind(parts: DiskParts): Kind<DiskFacts> {
  const { kinds, contents, grants, access } = parts;
  const { cloud } = kinds;
  const isMade = ({ facts }: Disk) => cloud.tables.bytes.has(facts.diskId);
  return {
    service: "compute",
    type: diskType,
    collection: "disks",
    lists: ["listByResourceGroup", "list"],
    write: (_request, wish, before) =>
      before && isMade(before) ? changed(parts, wish, before) : planDisk(parts, wish),
    patch: ({ body }, before) =>
      changed(
        parts,
        {
          ...before,
          ...(body.sku ? { sku: body.sku as Json } : {}),
          properties: { ...before.properties, ...((body.properties ?? {}) as Json) },
        },
        before,
      ),
    checkRemoval(disk) {
      const state = diskState(cloud, grants, disk);
      if (disk.properties.managedBy !== undefined)
        throw operationNotAllowed(`Disk ${disk.name} is attached to VM ${textOf(disk.properties.managedBy)}.`);
      if (state === "ActiveSAS" || state === "ActiveUpload")
        throw operationNotAllowed(`Disk ${disk.name} has an active SAS; end its access first.`);
    },
    remove: async (disk) => contents.remove(disk),
    view: (disk) => viewOf(cloud, grants, disk),
    actions: {
      beginGetAccess: {
        operation: "grantAccess",
        run: (request: ArmRequest, disk: Disk) => access.begin(request, disk),
      },
      endGetAccess: { operation: "revokeAccess", run: (request: ArmRequest, disk: Disk) => access.end(request, disk) },
    },
  };
}

/** A disk that is there: it can grow, and change its performance and its tags. */
function changed({ kinds, contents }: DiskParts, wish: Disk, before: Disk): Planned<DiskFacts> {
  const { properties } = wish;
  const old = before.properties;
  const asked = properties.creationData as Json | undefined;
  const made = old.creationData as Json;
  for (const name of ["createOption", "sourceResourceId", "sourceUri", "uploadSizeBytes"])
    if (asked?.[name] !== undefined && JSON.stringify(asked[name]) !== JSON.stringify(made[name]))
      throw propertyChangeNotAllowed(`creationData.${name}`);
  for (const name of ["osType", "hyperVGeneration"])
    if (old[name] !== undefined && properties[name] !== undefined && properties[name] !== old[name])
      throw propertyChangeNotAllowed(name);
  const bytes = contents.of(before);
  const sizeGib = Number(properties.diskSizeGB ?? old.diskSizeGB);
  if (sizeGib < Number(old.diskSizeGB))
    throw operationNotAllowed(`Disk ${before.name}: a disk can be made larger, not smaller.`);
  if (sizeGib > gibAtMost) throw invalidParameter("disk.diskSizeGB", String(sizeGib));
  const encryption = encryptionOf(kinds, properties, old.encryption as Json);
  const grown = sizeGib > Number(old.diskSizeGB);
  const resource = {
    ...wish,
    facts: before.facts,
    sku: wish.sku ?? before.sku ?? { name: "Standard_LRS" },
    properties: { ...old, ...properties, creationData: made, diskSizeGB: sizeGib, ...encryption },
  };
  return {
    resource,
    work: async () => {
      if (grown) kinds.cloud.tables.bytes.change(bytes.id, { sizeBytes: sizeGib * GiB });
    },
  };
}

/** A new disk. @throws AzureError */
export function planDisk(parts: DiskParts, wish: Disk): Planned<DiskFacts> {
  const { kinds } = parts;
  const { properties } = wish;
  const data = (properties.creationData ?? {}) as Json;
  const diskId = wish.facts.diskId ?? newId("dk");
  const { sizeBytes, fill } = origin(parts, wish, data, diskId);
  const asked = properties.diskSizeGB;
  const least = sizeBytes ?? 0;
  if (asked !== undefined && Number(asked) * GiB < least && data.createOption !== "Upload")
    throw invalidParameter("disk.diskSizeGB", `it must be at least the source's ${Math.ceil(least / GiB)}`);
  const size = asked !== undefined && data.createOption !== "Upload" ? Number(asked) * GiB : least;
  const source = sourceOf(kinds, data);
  return {
    resource: {
      ...wish,
      sku: wish.sku ?? { name: "Standard_LRS" },
      facts: { diskId },
      properties: {
        ...(source?.properties.osType ? { osType: source.properties.osType } : {}),
        ...(source?.properties.hyperVGeneration ? { hyperVGeneration: source.properties.hyperVGeneration } : {}),
        ...properties,
        timeCreated: new Date(wish.createdAt).toISOString(),
        ...(size > 0 ? { diskSizeGB: Math.ceil(size / GiB) } : {}),
        creationData: data,
        networkAccessPolicy: properties.networkAccessPolicy ?? "AllowAll",
        publicNetworkAccess: properties.publicNetworkAccess ?? "Enabled",
        ...encryptionOf(kinds, properties, source?.properties.encryption as Json | undefined),
      },
    },
    work: async () => {
      const { bytes, resources } = kinds.cloud.tables;
      // The same was asked for twice.
      if (bytes.has(diskId)) return;
      const made = await fill(size);
      const now = resources.get(wish.id);
      if (now) kinds.put({ ...now, properties: { ...now.properties, diskSizeGB: Math.ceil(made.sizeBytes / GiB) } });
    },
  };
}

interface Origin {
  /** Undefined where only the work can tell. */
  readonly sizeBytes?: number;
  readonly fill: (sizeBytes: number) => Promise<DiskBytes>;
}

/** Where a new disk's bytes come from. */
function origin({ kinds, contents, blobs, image }: DiskParts, wish: Disk, data: Json, diskId: string): Origin {
  const resourceId = wish.id;
  const { cloud } = kinds;
  switch (data.createOption) {
    case "Empty": {
      const sizeGib = Number(wish.properties.diskSizeGB ?? Number.NaN);
      if (!Number.isInteger(sizeGib) || sizeGib < 1 || sizeGib > gibAtMost)
        throw invalidParameter("disk.diskSizeGB", `it must be a whole number between 1 and ${gibAtMost}`);
      return { sizeBytes: sizeGib * GiB, fill: (sizeBytes) => contents.create({ diskId, resourceId, sizeBytes }) };
    }
    case "Upload": {
      const total = Number(data.uploadSizeBytes ?? Number.NaN);
      if (!Number.isInteger(total) || total < uploadBytes.least || total > uploadBytes.most) {
        throw invalidParameter(
          "disk.creationData.uploadSizeBytes",
          `it must be between ${uploadBytes.least} and ${uploadBytes.most}`,
        );
      }
      if ((total - footerBytes) % MiB !== 0)
        throw invalidParameter("disk.creationData.uploadSizeBytes", "it must be whole MiB and 512 bytes");
      return {
        sizeBytes: total - footerBytes,
        fill: async (sizeBytes) => {
          const bytes = await contents.create({ diskId, resourceId, sizeBytes });
          const pagesId = newId("pg");
          cloud.pages.create(pagesId, total);
          return cloud.tables.bytes.put({ ...bytes, pagesId });
        },
      };
    }
    case "Import":
      blobs.check(data);
      return {
        fill: async (asked) => {
          const { layerId, sizeBytes } = await blobs.importVhd(data);
          return contents.create({ diskId, resourceId, sizeBytes: Math.max(asked, sizeBytes), from: layerId });
        },
      };
    case "Copy": {
      const source = sourceOf(kinds, data) as Disk;
      if (source.location !== wish.location)
        throw invalidParameter("disk.creationData.sourceResourceId", "the source is in another location");
      const from = contents.of(source);
      if (from.pagesId !== undefined)
        throw operationNotAllowed(`Disk ${source.name} waits for its upload, and can't be copied.`);
      return {
        sizeBytes: from.sizeBytes,
        fill: async (sizeBytes) => {
          const now = contents.of(source);
          const layerId = now.copiedAt === undefined ? await contents.freeze(now) : now.layerId;
          return contents.create({ diskId, resourceId, sizeBytes, from: layerId });
        },
      };
    }
    case "FromImage": {
      const reference = (data.imageReference as Json | undefined)?.id;
      const own = kinds.byId<ImageFacts>(reference, imageType)?.facts;
      if (own?.layerId !== undefined && own.sizeBytes !== undefined) {
        const from = own.layerId;
        return {
          sizeBytes: own.sizeBytes,
          fill: (sizeBytes) => contents.create({ diskId, resourceId, sizeBytes, from }),
        };
      }
      image.check(reference);
      return {
        sizeBytes: image.sizeBytes,
        fill: async (sizeBytes) => {
          await image.ready();
          return contents.create({ diskId, resourceId, sizeBytes, from: platformLayer });
        },
      };
    }
    default:
      throw new AzureError(
        "InvalidParameter",
        `The sandbox makes no disk by the option '${String(data.createOption)}'.`,
      );
  }
}
