import { type StagedRecord, StagedRecords } from "../../cloud/dns/staged-records.ts";
import type { Document, Documents, Table } from "../../cloud/documents.ts";
import type { Resource } from "../state.ts";

/** Its id is `Z` and 20 letters and digits. */
export interface HostedZone extends Resource {
  /** With the dot at its end. */
  readonly name: string;
  readonly callerReference: string;
  readonly comment?: string;
  readonly private: boolean;
  readonly nameServers: readonly string[];
}

export interface DnsChangeRecord extends Document {
  readonly at: number;
  readonly inSyncAt: number;
  readonly comment?: string;
}

export interface Route53State {
  readonly zones: Table<HostedZone>;
  readonly changes: Table<DnsChangeRecord>;
  readonly records: StagedRecords;
}

export function route53State(documents: Documents): Route53State {
  return {
    zones: documents.table<HostedZone>("hosted-zone"),
    changes: documents.table<DnsChangeRecord>("dns-change"),
    records: new StagedRecords(documents.table<StagedRecord>("dns-record")),
  };
}
