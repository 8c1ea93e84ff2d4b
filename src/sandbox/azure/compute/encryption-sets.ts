import type { Kind, Kinds } from "../arm/kinds.ts";
import { AzureError, invalidParameter } from "../errors.ts";
import type { Json } from "../state.ts";

export const encryptionSetType = "Microsoft.Compute/diskEncryptionSets";

/** Disk encryption sets: https://learn.microsoft.com/rest/api/compute/disk-encryption-sets. Their key vault isn't
 *  simulated; the setting `lostKeys` says whose key is lost. */
export function encryptionSetKind(kinds: Kinds): Kind<object> {
  return {
    service: "compute",
    type: encryptionSetType,
    collection: "diskEncryptionSets",
    lists: ["listByResourceGroup", "list"],
    write(_request, wish) {
      const key = wish.properties.activeKey as { keyUrl?: unknown } | undefined;
      if (typeof key?.keyUrl !== "string") throw invalidParameter("activeKey.keyUrl", "it is missing");
      return {
        resource: { ...wish, properties: { encryptionType: "EncryptionAtRestWithCustomerKey", ...wish.properties } },
      };
    },
    checkRemoval({ id, name }) {
      const user = [...kinds.of("Microsoft.Compute/disks"), ...kinds.of("Microsoft.Compute/snapshots")].find(
        ({ properties }) =>
          String((properties.encryption as Json | undefined)?.diskEncryptionSetId).toLowerCase() === id,
      );
      if (user)
        throw new AzureError("OperationNotAllowed", `Disk encryption set ${name} is in use by ${user.path}.`, 409);
    },
    view: ({ properties }) => properties,
  };
}
