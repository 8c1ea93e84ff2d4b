import { type StagedRecord, StagedRecords } from "../../cloud/dns/staged-records.ts";
import type { ServedZone } from "../../cloud/dns/zones.ts";
import type { Document, Documents, Table } from "../../cloud/documents.ts";
import type { Labelled } from "../state.ts";

/** Its id is its name in the project. */
export interface ManagedZone extends Labelled {
  /** With the dot at its end. */
  readonly dnsName: string;
  readonly private: boolean;
  readonly nameServers: readonly string[];
}

/** Its id is its zone's and its own number, which count from 1 in each zone. */
export interface ZoneChange extends Document {
  readonly zoneId: string;
  readonly number: number;
  readonly at: number;
  readonly doneAt: number;
  readonly additions: readonly object[];
  readonly deletions: readonly object[];
}

export interface DnsState {
  readonly zones: Table<ManagedZone>;
  readonly changes: Table<ZoneChange>;
  readonly records: StagedRecords;
}

export function dnsStateOf(documents: Documents): DnsState {
  return {
    zones: documents.table<ManagedZone>("managed-zone"),
    changes: documents.table<ZoneChange>("dns-change"),
    records: new StagedRecords(documents.table<StagedRecord>("dns-record")),
  };
}

/** What the name servers know: all public zones. */
export function servedZones({ zones, records }: DnsState): ServedZone[] {
  return [...zones.values()]
    .filter((zone) => !zone.private)
    .map(({ id, dnsName }) => ({ name: dnsName.replace(/\.$/, ""), records: records.served(id) }));
}
