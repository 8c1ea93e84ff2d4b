import { invalid } from "../errors.ts";
import { projectId } from "../places.ts";

/** Resources are named by their path under the project: `zones/us-central1-a/disks/data`, `global/images/mine`. */
const prefix = "https://www.googleapis.com/compute/v1/projects/";

/** A resource's URL, as answers have it. */
export function link(path: string, project = projectId): string {
  return `${prefix}${project}/${path}`;
}

export interface Place {
  readonly project: string;
  readonly path: string;
}

/**
 * What a URL in a request means. Google takes a full one, one from `projects/` on, and one from the scope on.
 * @throws GcpError for what can't be read.
 */
export function parseLink(url: string, field: string): Place {
  const match =
    /^(?:(?:https:\/\/[^/]+\/)?(?:compute\/[a-z0-9]+\/)?projects\/([^/]+)\/)?((?:global|zones\/[^/]+|regions\/[^/]+)\/.+)$/.exec(
      url,
    );
  if (!match?.[2]) throw invalid(field, url, "The URL is malformed.");
  return { project: match[1] ?? projectId, path: match[2] };
}

/** The last part of a path or URL. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** The path without its last two parts: where the resource lies. */
export function scopeOf(path: string): string {
  return path
    .split("/")
    .slice(0, path.startsWith("global/") ? 1 : 2)
    .join("/");
}

/** Lower-case letters, digits and hyphens: RFC 1035, as each resource's page says of its name. */
export function checkName(field: string, name: string | null | undefined): string {
  if (typeof name !== "string" || !/^[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?$/.test(name)) {
    throw invalid(field, name ?? "", "Must be a match of regex '(?:[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?)'");
  }
  return name;
}
