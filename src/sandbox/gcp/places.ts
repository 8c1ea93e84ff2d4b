/** The regions and zones that are simulated, as Google names them: https://cloud.google.com/compute/docs/regions-zones */
export const zonesByRegion: Readonly<Record<string, readonly string[]>> = {
  "us-central1": ["us-central1-a", "us-central1-b", "us-central1-c", "us-central1-f"],
  "us-east1": ["us-east1-b", "us-east1-c", "us-east1-d"],
  "europe-west1": ["europe-west1-b", "europe-west1-c", "europe-west1-d"],
};

export const projectId = "novacron-sandbox";
export const projectNumber = "481516234200";
export const defaultRegion = "us-central1";
export const defaultZone = "us-central1-a";
/** Publishes the images that everybody sees. */
export const publisherProject = "debian-cloud";

export function regionOf(zone: string): string {
  return zone.slice(0, zone.lastIndexOf("-"));
}

export function isZone(zone: string): boolean {
  return zonesByRegion[regionOf(zone)]?.includes(zone) === true;
}

/** The region a path under a project lies in; `global` for what lies in none. */
export function regionOfPath(path: string): string {
  const [scope, place = ""] = path.split("/");
  return scope === "zones" ? regionOf(place) : scope === "regions" ? place : "global";
}
