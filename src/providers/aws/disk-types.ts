import type { DiskType } from "../../domain/disk-type.ts";

/** "Amazon EBS volume types". What is bought by operations needs their number, which a migration does not choose; a boot disk
 *  is none of the two for throughput. */
export const diskTypes: readonly DiskType[] = [
  { type: "standard", diskClass: "magnetic", made: true },
  { type: "gp3", diskClass: "general", made: true },
  { type: "gp2", diskClass: "general", made: true },
  { type: "st1", diskClass: "magnetic", made: false },
  { type: "sc1", diskClass: "magnetic", made: false },
  { type: "io1", diskClass: "provisioned", made: false },
  { type: "io2", diskClass: "provisioned", made: false },
];
