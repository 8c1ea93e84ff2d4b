import { randomBytes } from "node:crypto";
import type { AwsCloud, Call } from "../cloud.ts";
import { pageOf } from "../ec2/filters.ts";
import { AwsError } from "../errors.ts";
import { accountId } from "../identity.ts";
import type { LoadBalancer } from "../listed-state.ts";
import type { Listener, TargetGroup } from "./state.ts";

/** Most lists give so many a page. */
const aPage = 400;

export function arn(region: string, place: string): string {
  return `arn:aws:elasticloadbalancing:${region}:${accountId}:${place}`;
}

export function newPlace(): string {
  return randomBytes(8).toString("hex");
}

export function findBalancer({ tables }: AwsCloud, call: Call, id: string | undefined): LoadBalancer {
  const found = tables.loadBalancers.get(id ?? "");
  if (found?.region !== call.region) throw new AwsError("LoadBalancerNotFound", `Load balancer '${id}' not found`);
  return found;
}

export function findGroup({ tables }: AwsCloud, call: Call, id: string | undefined): TargetGroup {
  const found = tables.targetGroups.get(id ?? "");
  if (found?.region !== call.region) throw new AwsError("TargetGroupNotFound", `Target groups '${id}' not found`);
  return found;
}

export function findListener({ tables }: AwsCloud, call: Call, id: string | undefined): Listener {
  const found = tables.listeners.get(id ?? "");
  if (found?.region !== call.region) throw new AwsError("ListenerNotFound", `Listener '${id}' not found`);
  return found;
}

export function elbPage<T extends { readonly id: string }>(
  items: readonly T[],
  { PageSize, Marker }: { readonly PageSize?: number | undefined; readonly Marker?: string | undefined },
): { items: readonly T[]; NextMarker?: string } {
  const page = {
    ...(PageSize === undefined ? {} : { MaxResults: PageSize }),
    ...(Marker === undefined ? {} : { NextToken: Marker }),
  };
  const { items: found, NextToken } = pageOf(items, page, { least: 1, most: aPage });
  return { items: found, ...(NextToken ? { NextMarker: NextToken } : {}) };
}
