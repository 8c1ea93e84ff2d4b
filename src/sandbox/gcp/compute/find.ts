import type { GcpCloud } from "../cloud.ts";
import { notFound } from "../errors.ts";
import { projectId } from "../places.ts";
import type { Disk, Snapshot } from "../state.ts";
import { text } from "../texts.ts";
import { parseLink } from "./links.ts";

/** A resource by its path. @throws GcpError 404. */
export function find<T>(table: { get(id: string): T | undefined }, id: string, project = projectId): T {
  const resource = table.get(id);
  if (!resource) throw notFound(`projects/${project}/${id}`);
  return resource;
}

export function findDisk(cloud: GcpCloud, url: string, field: string): Disk {
  return find(cloud.tables.disks, parseLink(url, field).path);
}

/** The snapshot that a member of a request names, where it names one. */
export function sourceSnapshot(cloud: GcpCloud, url: unknown): { snapshot?: Snapshot } {
  if (url === undefined || url === "") return {};
  return { snapshot: find(cloud.tables.snapshots, parseLink(text(url), "resource.sourceSnapshot").path) };
}
