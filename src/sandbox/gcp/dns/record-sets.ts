import * as z from "zod";
import type { RecordData } from "../../cloud/dns/staged-records.ts";
import { recordData } from "../../cloud/dns/wire.ts";
import { badRequest, GcpError, invalid } from "../errors.ts";
import type { ManagedZone } from "./state.ts";

/** https://cloud.google.com/dns/docs/reference/rest/v1/resourceRecordSets, without routing policies. */
export const recordSet = z.strictObject({
  kind: z.literal("dns#resourceRecordSet").optional(),
  name: z.string(),
  type: z.string(),
  ttl: z.int().min(0).max(2_147_483_647),
  rrdatas: z.array(z.string()).min(1),
  signatureRrdatas: z.array(z.string()).max(0).optional(),
});
export type RecordSet = z.output<typeof recordSet>;

/** https://cloud.google.com/dns/docs/reference/rest/v1/changes */
export const changeBody = z.strictObject({
  kind: z.literal("dns#change").optional(),
  additions: z.array(recordSet).default([]),
  deletions: z.array(recordSet).default([]),
});

export function parsed<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  throw badRequest(`Invalid JSON payload received. ${z.prettifyError(result.error)}`);
}

/** @throws GcpError for what Cloud DNS does not take. */
export function checkSet(zone: ManagedZone, set: RecordSet, field: string): void {
  const { name, type, rrdatas } = set;
  const lower = name.toLowerCase();
  if (!lower.endsWith(".") || (lower !== zone.dnsName && !lower.endsWith(`.${zone.dnsName}`))) {
    throw invalid(`${field}.name`, name, `It is no name of the zone '${zone.dnsName}'.`);
  }
  if (type === "CNAME" && (lower === zone.dnsName || rrdatas.length > 1)) {
    throw new GcpError(400, "cnameResourceRecordSetConflict", `Invalid CNAME record set '${name}'.`);
  }
  const wrong = rrdatas.find((value) => !isServable(type, value));
  if (wrong !== undefined) throw invalid(`${field}.rrdata[0]`, wrong, `It is no value of a ${type} record.`);
}

function isServable(type: string, value: string): boolean {
  if (type === "CNAME" && !value.endsWith(".")) return false;
  try {
    return recordData(type, value) !== undefined;
  } catch {
    return false;
  }
}

export function describeSet(name: string, type: string, { ttlSeconds, values }: RecordData): object {
  return {
    kind: "dns#resourceRecordSet",
    ...{ name: `${name}.`, type, ttl: ttlSeconds, rrdatas: [...values], signatureRrdatas: [] },
  };
}

export function isSame({ ttlSeconds, values }: RecordData, { ttl, rrdatas }: RecordSet): boolean {
  return ttlSeconds === ttl && JSON.stringify([...values].sort()) === JSON.stringify([...rrdatas].sort());
}
