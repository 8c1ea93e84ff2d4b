/** How a source knows what changed since an earlier point; shown in plans and certificates. */
export const changeTrackings = ["dirty-bitmap", "overlay-allocation", "changed-blocks", "hash-compare"] as const;
export type ChangeTracking = (typeof changeTrackings)[number];
