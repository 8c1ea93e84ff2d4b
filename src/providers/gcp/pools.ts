import type * as Compute from "@google-cloud/compute";
import { invalid, type Subject } from "../failures.ts";
import { fullWeight, type PoolShare, type PoolTarget, type TargetPool, type TargetState } from "../traffic-facets.ts";
import { nameOf } from "./names.ts";

export type BackendService = Compute.protos.google.cloud.compute.v1.IBackendService;
export type Group = Compute.protos.google.cloud.compute.v1.INetworkEndpointGroup;
export type Endpoint = Compute.protos.google.cloud.compute.v1.INetworkEndpointWithHealthStatus;

/** A way in, and the backend service that it leads to. */
export interface Rule {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly service?: string;
}

/** Google takes 0, and 0.1 to 1: "Capacity scaler" of its backend services. */
const leastWeight = 10;

/** The path of a resource's URL, from its place on. */
export function pathOf(url: string | null | undefined): string {
  return url ? url.slice(url.search(/(?:global|zones|regions)\//)) : "";
}

/** @throws InvalidInput for a part that Google can't set. */
export function scalerOf(weight: number, subject: Subject): number {
  if (weight === 0 || weight >= leastWeight) return weight / fullWeight;
  throw invalid(
    subject,
    `Google takes no weight of ${weight}: its capacity scaler is 0, or 0.1 and more`,
    `Use 0, or ${leastWeight} to ${fullWeight}.`,
  );
}

/** Backends that are groups of endpoints which are known. */
export function sharesOf({ backends }: BackendService, groups: ReadonlyMap<string, Group>): PoolShare[] {
  return (backends ?? []).flatMap(({ group, capacityScaler }) => {
    const shareId = pathOf(group);
    const type = groups.get(shareId)?.networkEndpointType;
    if (type !== "GCE_VM_IP_PORT" && type !== "NON_GCP_PRIVATE_IP_PORT") return [];
    const accepts = type === "GCE_VM_IP_PORT" ? "vm" : "address";
    const weight = Math.round((capacityScaler ?? 1) * fullWeight);
    return [{ shareId, name: nameOf(shareId), weight, accepts }];
  });
}

export function toPool(
  service: BackendService,
  groups: ReadonlyMap<string, Group>,
  rules: readonly Rule[],
): TargetPool {
  const name = service.name ?? "";
  const leading = rules.filter((rule) => rule.service === pathOf(service.selfLink));
  const [first] = leading;
  return {
    poolId: name,
    name,
    ...(first && { loadBalancerId: first.name }),
    protocol: service.protocol ?? "",
    endpoints: leading.map(({ host, port }) => ({ host, port })),
    shares: sharesOf(service, groups),
    leastWeight,
    // Backend services have no labels.
    tags: {},
  };
}

const states: Readonly<Record<string, TargetState>> = {
  HEALTHY: "healthy",
  UNHEALTHY: "unhealthy",
  DRAINING: "draining",
  UNKNOWN: "starting",
};

/** As its pool sees it: an endpoint's group may be in several. */
export function toTarget(shareId: string, { networkEndpoint, healths }: Endpoint, poolId: string): PoolTarget {
  const { instance, ipAddress, port } = networkEndpoint ?? {};
  const vmId = instance ? nameOf(instance) : undefined;
  const health = (healths ?? []).find(({ backendService }) => nameOf(backendService?.backendService) === poolId);
  const { healthState } = health ?? healths?.[0] ?? {};
  return {
    targetId: `${shareId}#${vmId ?? ipAddress}:${port}`,
    shareId,
    ...(vmId === undefined ? { address: ipAddress ?? "" } : { vmId }),
    port: port ?? 0,
    state: states[String(healthState)] ?? "unused",
  };
}

export function endpointOf({ vmId, address, port }: PoolTarget): object {
  return vmId === undefined ? { ipAddress: address, port } : { instance: vmId, port };
}

export function parseTargetId(targetId: string, subject: Subject): { readonly shareId: string } {
  const [, shareId] = /^(zones\/[^#]+)#.+:\d+$/.exec(targetId) ?? [];
  if (shareId !== undefined) return { shareId };
  throw invalid(subject, `${targetId} is no target's id`, "Use an id as the list of targets has it.");
}
