import type { FormatPlan, Geometry, PlanInput } from "./layout.ts";

/** What file systems allocate; smaller holes aren't kept by any. */
const pageBytes = 4096;

export function rawGeometry(): Geometry {
  return { unitBytes: pageBytes, dataAt: 0, strideBytes: pageBytes, dense: false };
}

export function planRaw({ sizeBytes }: PlanInput): FormatPlan {
  return { objectBytes: sizeBytes, regions: [] };
}
