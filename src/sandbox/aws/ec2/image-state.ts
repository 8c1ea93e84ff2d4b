import type { AwsCloud } from "../cloud.ts";
import type { Image } from "../state.ts";
import type { VolumeStore } from "./volume-store.ts";

/** An image is pending until its snapshots are complete, and fails with them. */
export function imageState(cloud: AwsCloud, store: VolumeStore, image: Image): "pending" | "available" | "failed" {
  if (image.public) return "available";
  const snapshots = image.devices.flatMap(({ snapshotId }) => cloud.tables.snapshots.get(snapshotId ?? "") ?? []);
  const states = snapshots.map((snapshot) => store.stateOf(snapshot));
  if (states.includes("error")) return "failed";
  if (states.includes("pending")) return "pending";
  return Date.now() - image.createdAt >= cloud.settings.imagePendingMs ? "available" : "pending";
}
