import type { Tags } from "../../domain/tags.ts";

/** A volume that there will be once a VM is created with it: EBS copies a snapshot as it makes an instance's disks. */
export interface Clone {
  readonly snapshotId: string;
  readonly pointId: string;
  readonly key: string;
  readonly tags: Tags;
}

const scheme = "clone-of:";

/** As a volume id: stable, and all that is needed to make it. */
export function toReference({ snapshotId, pointId, key, tags }: Clone): string {
  const sorted = Object.entries(tags).sort(([a], [b]) => (a < b ? -1 : 1));
  const query = new URLSearchParams({ key, point: pointId, tags: JSON.stringify(Object.fromEntries(sorted)) });
  return `${scheme}${snapshotId}?${query.toString()}`;
}

export function parseReference(volumeId: string): Clone | undefined {
  if (!volumeId.startsWith(scheme)) return undefined;
  const [snapshotId = "", text = ""] = volumeId.slice(scheme.length).split("?", 2);
  const query = new URLSearchParams(text);
  const tags = JSON.parse(query.get("tags") ?? "{}") as Tags;
  return { snapshotId, pointId: query.get("point") ?? "", key: query.get("key") ?? "", tags };
}
