import type * as route53 from "@aws-sdk/client-route-53";
import type { RecordData } from "../../cloud/dns/staged-records.ts";
import { bare } from "./names.ts";
import { checkSet, invalidBatch, isSameData } from "./record-sets.ts";
import type { HostedZone, Route53State } from "./state.ts";

/**
 * Carries out all changes of a batch or none, one after the other; the name servers follow at `servedFrom`.
 * @throws AwsError InvalidChangeBatch with what did not fit.
 */
export function applyBatch(
  { records }: Route53State,
  zone: HostedZone,
  changes: readonly route53.Change[],
  servedFrom: number,
): void {
  const after = new Map<string, { name: string; type: string; data: RecordData | undefined }>();
  const seen = (name: string, type: string): RecordData | undefined => {
    const changed = after.get(`${name} ${type}`);
    return changed ? changed.data : records.get(zone.id, bare(name), type)?.current;
  };
  for (const { Action, ResourceRecordSet: set } of changes) {
    const { name, type, data } = checkSet(zone, set ?? { Name: "", Type: "A" });
    const there = seen(name, type);
    const subject = `resource record set [name='${name}', type='${type}']`;
    const isDelete = Action === "DELETE";
    if (Action === "CREATE" && there) throw invalidBatch(`Tried to create ${subject} but it already exists`);
    if (isDelete && !there) throw invalidBatch(`Tried to delete ${subject} but it was not found`);
    if (isDelete && there && !isSameData(there, data)) {
      throw invalidBatch(`Tried to delete ${subject} but the values provided do not match the current values`);
    }
    if (isDelete && name === zone.name && (type === "NS" || type === "SOA")) {
      throw invalidBatch(`A HostedZone must contain at least one NS record and exactly one SOA record`);
    }
    after.set(`${name} ${type}`, { name, type, data: isDelete ? undefined : data });
  }
  for (const { name, type, data } of after.values()) {
    if (!data) continue;
    const others = ["A", "AAAA", "CNAME", "TXT", "MX", "NS"].filter((other) => other !== type && seen(name, other));
    if (type === "CNAME" ? others.length > 0 : others.includes("CNAME")) {
      throw invalidBatch(
        `RRSet of type ${type} with DNS name ${name} is not permitted as it conflicts with other records with the same DNS name in zone ${zone.name}`,
      );
    }
  }
  for (const { name, type, data } of after.values()) records.set(zone.id, bare(name), type, data, servedFrom);
}
