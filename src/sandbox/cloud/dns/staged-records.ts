import type { Document, Table } from "../documents.ts";
import type { ServedRecord } from "./zones.ts";

/** TTL and values; what else the cloud's API shows of a record is kept as it came. */
export interface RecordData {
  readonly ttlSeconds: number;
  readonly values: readonly string[];
  readonly more?: Readonly<Record<string, unknown>>;
}

/** A record as the API shows it, with what the name servers answer until they have the newest change. */
export interface StagedRecord extends Document {
  readonly zoneId: string;
  readonly name: string;
  readonly type: string;
  /** Absent of one that was deleted. */
  readonly current?: RecordData;
  readonly former?: RecordData;
  readonly servedFrom: number;
}

/** The records of all zones of a cloud: the API has a change at once, its name servers a while later. */
export class StagedRecords {
  readonly #table: Table<StagedRecord>;

  constructor(table: Table<StagedRecord>) {
    this.#table = table;
  }

  get(zoneId: string, name: string, type: string): StagedRecord | undefined {
    const record = this.#table.get(idOf(zoneId, name, type));
    return record?.current ? record : undefined;
  }

  /** Those of a zone that were not deleted, by name and type. */
  of(zoneId: string): (StagedRecord & { readonly current: RecordData })[] {
    return this.#table
      .where((record) => record.zoneId === zoneId)
      .filter((record): record is StagedRecord & { current: RecordData } => record.current !== undefined)
      .toSorted((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** Sets a record, or deletes it; the name servers follow at `servedFrom`. */
  set(zoneId: string, name: string, type: string, current: RecordData | undefined, servedFrom: number): void {
    const id = idOf(zoneId, name, type);
    const former = servedOf(this.#table.get(id), Date.now());
    this.#table.put({
      ...{ id, zoneId, name, type, servedFrom },
      ...(current && { current }),
      ...(former && { former }),
    });
  }

  /** What the name servers have of a zone now. */
  served(zoneId: string): ServedRecord[] {
    const now = Date.now();
    return this.#table
      .where((record) => record.zoneId === zoneId)
      .flatMap((record) => {
        const data = servedOf(record, now);
        return data ? [{ name: record.name, type: record.type, ...data }] : [];
      });
  }

  /** With all traces of its records. */
  forget(zoneId: string): void {
    for (const { id } of this.#table.where((record) => record.zoneId === zoneId)) this.#table.delete(id);
  }
}

function servedOf(record: StagedRecord | undefined, now: number): RecordData | undefined {
  return record && (now >= record.servedFrom ? record.current : record.former);
}

function idOf(zoneId: string, name: string, type: string): string {
  return `${zoneId}/${name}/${type}`;
}
