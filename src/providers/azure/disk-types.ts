import type { DiskType } from "../../domain/disk-type.ts";

/** "Azure managed disk types". The last two can't hold an operating system or want their operations said. */
export const diskTypes: readonly DiskType[] = [
  { type: "Standard_LRS", diskClass: "magnetic", made: true },
  { type: "StandardSSD_LRS", diskClass: "basic", made: true },
  {
    type: "Premium_LRS",
    diskClass: "general",
    made: true,
    note: "only sizes with premium storage take it, which have an s in their name",
  },
  { type: "PremiumV2_LRS", diskClass: "provisioned", made: false },
  { type: "UltraSSD_LRS", diskClass: "provisioned", made: false },
];
