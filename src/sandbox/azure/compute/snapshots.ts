import type { Kind, Planned } from "../arm/kinds.ts";
import type { ArmRequest } from "../arm/request.ts";
import { AzureError, operationNotAllowed, propertyChangeNotAllowed } from "../errors.ts";
import { newId } from "../ids.ts";
import type { Disk, DiskFacts, Json } from "../state.ts";
import { textOf } from "../text.ts";
import { GiB } from "./disk-contents.ts";
import { encryptionOf, sourceOf, viewOf } from "./disk-views.ts";
import type { DiskParts } from "./disks.ts";

export const snapshotType = "Microsoft.Compute/snapshots";
/** https://learn.microsoft.com/azure/virtual-machines/disks-incremental-snapshots-restrictions */
const snapshotsInFiveMinutes = 7;

/** Snapshots: https://learn.microsoft.com/rest/api/compute/snapshots */
export function snapshotKind({ kinds, contents, grants, access }: DiskParts): Kind<DiskFacts> {
  const { cloud } = kinds;
  const isMade = ({ facts }: Disk) => cloud.tables.bytes.has(facts.diskId);
  const changed = (wish: Disk, before: Disk): Planned<DiskFacts> => {
    const asked = wish.properties.creationData as Json | undefined;
    const made = before.properties.creationData as Json;
    for (const name of ["createOption", "sourceResourceId"])
      if (asked?.[name] !== undefined && textOf(asked[name]).toLowerCase() !== textOf(made[name]).toLowerCase())
        throw propertyChangeNotAllowed(`creationData.${name}`);
    const properties = { ...before.properties, ...wish.properties, creationData: made };
    return { resource: { ...wish, facts: before.facts, properties } };
  };
  const planned = (wish: Disk): Planned<DiskFacts> => {
    const data = (wish.properties.creationData ?? {}) as Json;
    const source = sourceOf(kinds, data);
    if (!source)
      throw new AzureError("InvalidParameter", `The sandbox makes no snapshot by '${String(data.createOption)}'.`);
    const far = source.location !== wish.location;
    if (far && data.createOption !== "CopyStart")
      throw new AzureError("InvalidParameter", "The source is in another location: that needs CopyStart.");
    const from = contents.of(source);
    if (from.pagesId !== undefined)
      throw operationNotAllowed(`Disk ${source.name} waits for its upload, and has nothing to take a snapshot of.`);
    const diskId = wish.facts.diskId ?? newId("dk");
    const incremental = wish.properties.incremental === true;
    if (incremental && cloud.settings.throttling) checkRate(source);
    return {
      resource: {
        ...wish,
        sku: wish.sku ?? { name: "Standard_LRS" },
        facts: { diskId },
        properties: {
          ...(source.properties.osType ? { osType: source.properties.osType } : {}),
          ...(source.properties.hyperVGeneration ? { hyperVGeneration: source.properties.hyperVGeneration } : {}),
          ...wish.properties,
          timeCreated: new Date(wish.createdAt).toISOString(),
          diskSizeGB: Math.ceil(from.sizeBytes / GiB),
          incremental,
          ...(incremental ? { incrementalSnapshotFamilyId: from.lineage } : {}),
          creationData: { ...data, sourceResourceId: source.path, sourceUniqueId: from.uniqueId },
          networkAccessPolicy: wish.properties.networkAccessPolicy ?? "AllowAll",
          publicNetworkAccess: wish.properties.publicNetworkAccess ?? "Enabled",
          ...encryptionOf(kinds, wish.properties, source.properties.encryption as Json),
        },
      },
      work: async () => {
        // The same was asked for twice.
        if (cloud.tables.bytes.has(diskId)) return;
        const bytes = contents.of(source);
        const layerId = bytes.copiedAt === undefined ? await contents.freeze(bytes) : bytes.layerId;
        const copiedAt = Date.now() + (data.createOption === "CopyStart" ? cloud.settings.snapshotCopyMs : 0);
        const { sizeBytes, lineage } = bytes;
        contents.keep({ diskId, resourceId: wish.id, sizeBytes, lineage }, layerId, copiedAt);
      },
    };
  };
  function checkRate(source: Disk): void {
    const since = Date.now() - 5 * 60_000;
    const recent = kinds
      .of(snapshotType)
      .filter(
        ({ createdAt, properties }) =>
          createdAt > since && (properties.creationData as Json).sourceResourceId === source.path,
      );
    if (recent.length < snapshotsInFiveMinutes) return;
    throw operationNotAllowed(
      `At most ${snapshotsInFiveMinutes} incremental snapshots of a disk can be created every 5 minutes.`,
    );
  }
  return {
    service: "compute",
    type: snapshotType,
    collection: "snapshots",
    lists: ["listByResourceGroup", "list"],
    write: (_request, wish, before) => (before && isMade(before) ? changed(wish, before) : planned(wish)),
    patch: ({ body }, before) =>
      changed({ ...before, properties: { ...before.properties, ...((body.properties ?? {}) as Json) } }, before),
    checkRemoval(snapshot) {
      if (grants.of(snapshot.id, true).length > 0)
        throw operationNotAllowed(`Snapshot ${snapshot.name} has an active SAS; end its access first.`);
    },
    remove: async (snapshot) => contents.remove(snapshot),
    view: (snapshot) => ({
      ...viewOf(cloud, grants, snapshot),
      completionPercent: completion(
        cloud.tables.bytes.get(snapshot.facts.diskId)?.copiedAt,
        cloud.settings.snapshotCopyMs,
      ),
    }),
    actions: {
      beginGetAccess: { operation: "grantAccess", run: (request: ArmRequest, one: Disk) => access.begin(request, one) },
      endGetAccess: { operation: "revokeAccess", run: (request: ArmRequest, one: Disk) => access.end(request, one) },
    },
  };
}

function completion(copiedAt: number | undefined, copyMs: number): number {
  if (copiedAt === undefined) return 0;
  const left = copiedAt - Date.now();
  return left <= 0 ? 100 : Math.min(99, Math.floor(100 * (1 - left / Math.max(1, copyMs))));
}
