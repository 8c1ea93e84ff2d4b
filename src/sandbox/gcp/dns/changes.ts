import type { RecordData } from "../../cloud/dns/staged-records.ts";
import { GcpError } from "../errors.ts";
import { checkSet, isSame, type RecordSet } from "./record-sets.ts";
import type { DnsState, ManagedZone } from "./state.ts";

const bare = (name: string) => name.toLowerCase().replace(/\.$/, "");

/**
 * Takes away and adds record sets, all of them or none: what is taken away must be there exactly as it is named.
 * @throws GcpError alreadyExists, notFound or conditionNotMet, naming the member.
 */
export function applyChange(
  { records }: DnsState,
  zone: ManagedZone,
  { additions, deletions }: { additions: readonly RecordSet[]; deletions: readonly RecordSet[] },
  servedFrom: number,
): void {
  const after = new Map<string, { name: string; type: string; data: RecordData | undefined }>();
  const there = (name: string, type: string): RecordData | undefined => {
    const changed = after.get(`${name} ${type}`);
    return changed ? changed.data : records.get(zone.id, name, type)?.current;
  };
  for (const [index, set] of deletions.entries()) {
    const field = `entity.change.deletions[${index}]`;
    const name = bare(set.name);
    const seen = there(name, set.type);
    if (!seen) {
      throw new GcpError(404, "notFound", `The '${field}' resource named '${set.name} (${set.type})' does not exist.`);
    }
    if (!isSame(seen, set)) throw new GcpError(412, "conditionNotMet", `Precondition not met for '${field}'`);
    after.set(`${name} ${set.type}`, { name, type: set.type, data: undefined });
  }
  for (const [index, set] of additions.entries()) {
    const field = `entity.change.additions[${index}]`;
    checkSet(zone, set, field);
    const name = bare(set.name);
    if (there(name, set.type)) {
      const message = `The resource '${field}' named '${set.name} (${set.type})' already exists`;
      throw new GcpError(409, "alreadyExists", message);
    }
    after.set(`${name} ${set.type}`, { name, type: set.type, data: { ttlSeconds: set.ttl, values: set.rrdatas } });
  }
  for (const { name, type, data } of after.values()) {
    if (!data) continue;
    const others = ["A", "AAAA", "CNAME", "TXT", "MX", "NS"].filter((other) => other !== type && there(name, other));
    if (type === "CNAME" ? others.length > 0 : others.includes("CNAME")) {
      const message = `The resource record set '${name}. (${type})' is invalid because a CNAME is alone at its name.`;
      throw new GcpError(400, "cnameResourceRecordSetConflict", message);
    }
  }
  for (const soa of ["SOA", "NS"]) {
    if (!there(bare(zone.dnsName), soa)) {
      throw new GcpError(400, "containerNotEmpty", `The zone '${zone.dnsName}' needs its ${soa} record.`);
    }
  }
  for (const { name, type, data } of after.values()) records.set(zone.id, name, type, data, servedFrom);
}
