import type { Kinds } from "../arm/kinds.ts";
import type { AzureCloud } from "../cloud.ts";
import type { Grants } from "../disks/grants.ts";
import { AzureError, invalidParameter } from "../errors.ts";
import type { Disk, Json } from "../state.ts";
import { textOf } from "../text.ts";
import { holderOf } from "./power.ts";

/** https://learn.microsoft.com/rest/api/compute/disks/get, DiskState */
export function diskState(cloud: AzureCloud, grants: Grants, disk: Disk): string {
  const bytes = cloud.tables.bytes.get(disk.facts.diskId);
  const given = grants.of(disk.id);
  if (bytes?.pagesId !== undefined) return given.length > 0 ? "ActiveUpload" : "ReadyToUpload";
  if (given.some(({ expiresAt }) => expiresAt > Date.now())) return "ActiveSAS";
  const holder = holderOf(cloud, disk);
  if (!holder) return "Unattached";
  return holder.facts.power === "deallocated" ? "Reserved" : "Attached";
}

/** What answers show of a disk or a snapshot, beyond what was asked for. */
export function viewOf(cloud: AzureCloud, grants: Grants, disk: Disk): Json {
  const bytes = cloud.tables.bytes.get(disk.facts.diskId);
  return {
    ...disk.properties,
    ...(bytes ? { diskSizeBytes: bytes.sizeBytes, uniqueId: bytes.uniqueId } : {}),
    diskState: diskState(cloud, grants, disk),
  };
}

/** The disk or snapshot that a new one is copied of; undefined where it is made another way. @throws AzureError */
export function sourceOf(kinds: Kinds, { createOption, sourceResourceId }: Json): Disk | undefined {
  if (createOption !== "Copy" && createOption !== "CopyStart") return undefined;
  const found =
    kinds.byId<Disk["facts"]>(sourceResourceId, "Microsoft.Compute/disks") ??
    kinds.byId<Disk["facts"]>(sourceResourceId, "Microsoft.Compute/snapshots");
  if (found && found.provisioningState !== "Deleting") return found;
  throw new AzureError("ResourceNotFound", `The source '${String(sourceResourceId)}' was not found.`, 404);
}

/**
 * https://learn.microsoft.com/azure/virtual-machines/disk-encryption: with a platform key unless a disk encryption set
 * is named; what was encrypted with a customer's key stays so.
 */
export function encryptionOf(kinds: Kinds, properties: Json, before: Json | undefined): { readonly encryption: Json } {
  const asked = properties.encryption as Json | undefined;
  const setId = asked?.diskEncryptionSetId ?? before?.diskEncryptionSetId;
  if (setId === undefined) {
    if (asked?.type !== undefined && asked.type !== "EncryptionAtRestWithPlatformKey")
      throw invalidParameter("disk.encryption.diskEncryptionSetId", "a customer's key needs a disk encryption set");
    return { encryption: { type: "EncryptionAtRestWithPlatformKey" } };
  }
  const set = kinds.byId(setId, "Microsoft.Compute/diskEncryptionSets");
  if (!set) throw new AzureError("ResourceNotFound", `The disk encryption set '${textOf(setId)}' was not found.`, 404);
  requireKey(kinds.cloud, set.name);
  return { encryption: { type: asked?.type ?? "EncryptionAtRestWithCustomerKey", diskEncryptionSetId: set.path } };
}

/** @throws AzureError KeyVaultAccessForbidden where the key of a disk encryption set is lost or disabled. */
export function requireKey({ settings }: AzureCloud, setName: string): void {
  if (!settings.lostKeys.includes(setName)) return;
  throw new AzureError(
    "KeyVaultAccessForbidden",
    `Unable to access the key vault resource of disk encryption set '${setName}' to enable encryption at rest.`,
    409,
  );
}
