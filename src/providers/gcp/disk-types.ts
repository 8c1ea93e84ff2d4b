import type { DiskType } from "../../domain/disk-type.ts";

/** "About Persistent Disk" and "About Hyperdisk". What is bought by operations needs their number, which a migration does not
 *  choose. */
export const diskTypes: readonly DiskType[] = [
  { type: "pd-standard", diskClass: "magnetic", made: true },
  { type: "pd-balanced", diskClass: "general", made: true },
  { type: "pd-ssd", diskClass: "fast", made: true },
  { type: "pd-extreme", diskClass: "provisioned", made: false },
  { type: "hyperdisk-balanced", diskClass: "general", made: false },
  { type: "hyperdisk-extreme", diskClass: "provisioned", made: false },
];
