import type { Upload } from "../cloud-facets.ts";

/** Uploads under way are objects of their own below this until they are composed. */
export const underWay = ".novacron-uploads/";

export function placeOf({ uploadId }: Upload): string {
  return `${underWay}${uploadId}/`;
}

export function markOf(upload: Upload): string {
  return `${placeOf(upload)}begun`;
}

export function partsOf(upload: Upload): string {
  return `${placeOf(upload)}part-`;
}

/** Listed in the order of their numbers. */
export function partOf(upload: Upload, part: number): string {
  return `${partsOf(upload)}${String(part).padStart(5, "0")}`;
}
