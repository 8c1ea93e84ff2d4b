import { type Kysely, sql } from "kysely";
import type { MeteredVm } from "../domain/cost-model.ts";
import type { Database } from "./schema.ts";

/** What VMs a site had between two moments, and what they were: by the inventory's history, as often as it was read. */
export async function meteredVms(
  db: Kysely<Database>,
  site: string,
  from: string,
  to: string,
): Promise<readonly MeteredVm[]> {
  const { rows } = await sql<{
    resource_id: string;
    name: string;
    state: string | null;
    cpus: number | null;
    memory_bytes: number | null;
    document: string;
    began: string;
    ended: string;
  }>`
    select resource_id, name, state, cpus, memory_bytes, document,
        greatest(valid_from, ${from}::timestamptz) as began, least(valid_to, ${to}::timestamptz, now()) as ended
      from (
        select resource_id, name, state, cpus, memory_bytes, document, changed_at as valid_from, now() as valid_to
          from resources join resource_documents using (resource_no) where site = ${site} and kind = 'vm'
        union all
        select resource_id, name, state, cpus, memory_bytes, document, valid_from, valid_to
          from resource_history where site = ${site} and kind = 'vm') as v
      where valid_from < ${to}::timestamptz and valid_to > ${from}::timestamptz
      order by resource_id, began`.execute(db);
  return rows.map((row) => ({
    vmId: row.resource_id,
    name: row.name,
    cpus: row.cpus ?? 0,
    memoryBytes: row.memory_bytes ?? 0,
    running: row.state === "running",
    tags: (JSON.parse(row.document) as { tags?: Record<string, string> }).tags ?? {},
    from: row.began,
    to: row.ended,
  }));
}
