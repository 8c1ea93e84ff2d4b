import type * as route53 from "@aws-sdk/client-route-53";
import type { RecordData } from "../../cloud/dns/staged-records.ts";
import { recordData } from "../../cloud/dns/wire.ts";
import { AwsError } from "../errors.ts";
import { bare, fullName } from "./names.ts";
import type { HostedZone } from "./state.ts";

/** A record set of a request, checked; what is served of an alias is what it stands for. */
export interface CheckedSet {
  /** With the dot at its end. */
  readonly name: string;
  readonly type: string;
  readonly data: RecordData;
}

const types = new Set(["A", "AAAA", "CNAME", "TXT", "NS", "SOA", "MX"]);
const policies = ["SetIdentifier", "Weight", "Region", "Failover", "GeoLocation", "MultiValueAnswer", "HealthCheckId"];
/** Of the requests' own limits: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html */
const largestTtl = 2_147_483_647;

export function invalidBatch(...messages: readonly string[]): AwsError {
  return new AwsError("InvalidChangeBatch", `[${messages.join(", ")}]`);
}

/** @throws AwsError InvalidChangeBatch, InvalidDomainName or InvalidInput, as Route 53 says it. */
export function checkSet(zone: HostedZone, set: route53.ResourceRecordSet): CheckedSet {
  const name = fullName(set.Name ?? "");
  const type = set.Type ?? "";
  const label = `RRSet with DNS name ${name}, type ${type}`;
  if (name !== zone.name && !name.endsWith(`.${zone.name}`)) {
    throw invalidBatch(`RRSet with DNS name ${name} is not permitted in zone ${zone.name}`);
  }
  if (!types.has(type)) throw new AwsError("InvalidInput", `Simulated: records of type ${type} are not kept`);
  const policy = policies.find((member) => set[member as keyof route53.ResourceRecordSet] !== undefined);
  if (policy !== undefined) throw new AwsError("InvalidInput", `Simulated: no routing policies (${policy})`);
  if (set.AliasTarget) {
    if (set.TTL !== undefined || set.ResourceRecords) {
      throw new AwsError("InvalidInput", `Invalid request: an alias has neither TTL nor values (${label})`);
    }
    return { name, type, data: { ttlSeconds: 60, values: [], more: { alias: set.AliasTarget } } };
  }
  const ttlSeconds = set.TTL ?? Number.NaN;
  const values = (set.ResourceRecords ?? []).map(({ Value = "" }) => Value);
  if (!Number.isInteger(ttlSeconds) || ttlSeconds < 0 || ttlSeconds > largestTtl || values.length === 0) {
    throw new AwsError(
      "InvalidInput",
      "Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId]",
    );
  }
  if (new Set(values).size < values.length) throw invalidBatch(`Duplicate Resource Record: ${label}`);
  if (type === "CNAME" && (values.length > 1 || name === zone.name)) {
    throw invalidBatch(`RRSet of type CNAME with DNS name ${name} is not permitted at apex in zone ${zone.name}`);
  }
  const wrong = values.find((value) => !isServable(type, value));
  if (wrong !== undefined) {
    throw invalidBatch(`Invalid Resource Record: '${wrong}' is not valid in a ${type} record`);
  }
  return { name, type, data: { ttlSeconds, values } };
}

function isServable(type: string, value: string): boolean {
  if (type === "TXT" && !/^("(?:[^"\\]|\\.)*"\s*)+$/.test(value)) return false;
  try {
    return recordData(type, value) !== undefined;
  } catch {
    return false;
  }
}

/** As the API lists it. */
export function describeSet(
  name: string,
  type: string,
  { ttlSeconds, values, more }: RecordData,
): route53.ResourceRecordSet {
  const alias = more?.alias as route53.AliasTarget | undefined;
  return {
    Name: `${bare(name)}.`,
    Type: type as route53.RRType,
    ...(alias ? { AliasTarget: alias } : { TTL: ttlSeconds, ResourceRecords: values.map((Value) => ({ Value })) }),
  };
}

export function isSameData(one: RecordData, other: RecordData): boolean {
  const text = ({ ttlSeconds, values, more }: RecordData) =>
    JSON.stringify([ttlSeconds, [...values].sort(), more ?? {}]);
  return text(one) === text(other);
}
