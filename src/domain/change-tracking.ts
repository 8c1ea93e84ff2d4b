/** How a source knows what changed since an earlier point; shown in plans and certificates. */
export type ChangeTracking = "dirty-bitmap" | "overlay-allocation" | "hash-compare";
