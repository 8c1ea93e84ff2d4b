import type { DiskType } from "../../domain/disk-type.ts";

/** "Block Volume Performance": 0, 10, 20 and 30 units a GB. */
export const diskTypes: readonly DiskType[] = [
  { type: "lower-cost", diskClass: "magnetic", made: true },
  { type: "balanced", diskClass: "general", made: true },
  { type: "higher-performance", diskClass: "fast", made: true },
  { type: "ultra-high-performance", diskClass: "provisioned", made: false },
];
