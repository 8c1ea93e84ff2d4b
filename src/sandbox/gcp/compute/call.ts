import { GcpError } from "../errors.ts";
import { isZone, projectId, zonesByRegion } from "../places.ts";

/** One call of Compute Engine, decoded. */
export interface ComputeCall {
  readonly service: "compute";
  /** `disks.insert`. */
  readonly operation: string;
  /** Of the zone or region, or `global`. */
  readonly region: string;
  readonly project: string;
  /** What the path names: project, zone, disk … */
  readonly path: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
  readonly user: string;
  /** Whether nobody waits for the answer any more. */
  readonly isAbandoned: () => boolean;
}

export type ComputeOperations = Readonly<Record<string, (call: ComputeCall) => object | Promise<object>>>;

/** Where a call's resources lie: `zones/us-central1-a`, `regions/us-central1` or `global`. */
export function scopeOfCall({ path }: ComputeCall): string {
  return path.zone !== undefined
    ? `zones/${path.zone}`
    : path.region !== undefined
      ? `regions/${path.region}`
      : "global";
}

/** @throws GcpError for a place that is none. */
export function checkPlace({ path }: { path: Readonly<Record<string, string>> }): void {
  const { zone, region } = path;
  if (zone !== undefined && !isZone(zone)) throw unknownPlace("zones", zone);
  if (region !== undefined && !(region in zonesByRegion)) throw unknownPlace("regions", region);
}

function unknownPlace(kind: string, name: string): GcpError {
  return new GcpError(404, "notFound", `The resource 'projects/${projectId}/${kind}/${name}' was not found`);
}
