import { type RawBuilder, sql } from "kysely";
import { type FieldName, fieldOf } from "../domain/policy/fields.ts";
import { fieldsIn } from "../domain/policy/logic.ts";
import type { CompiledPolicy } from "../domain/policy/policy.ts";
import { logicSql, type SqlContext } from "./policy-sql.ts";
import { asOfRows } from "./resource-rows.ts";
import { conditionOf } from "./search-sql.ts";

type Sql = RawBuilder<unknown>;

/** Where rows come from, what a policy is about, and what its rule says of each. */
export interface JudgedRows {
  /** `with …` of what is known of VMs, or nothing. */
  readonly with: readonly Sql[];
  readonly from: Sql;
  readonly about: RawBuilder<boolean>;
  /** True, false, or null for what isn't known. */
  readonly ok: RawBuilder<boolean>;
}

/** Fields that are in the documents. */
const inDocuments: ReadonlySet<FieldName> = new Set(["zone", "capacity_type", "encrypted", "internet_facing"]);

export interface JudgedAt extends SqlContext {
  /** The inventory as it was then, ISO 8601. */
  readonly asOf?: string | undefined;
}

/** One VM, where only that one is asked for. */
export interface OneVm {
  readonly site: string;
  readonly vmId: string;
}

export function judgedRows({ policy, logic, where, scanKinds }: CompiledPolicy, at: JudgedAt): JudgedRows {
  const asked = fieldsIn(logic);
  const names = new Set(asked.map(({ name }) => name));
  const vmEncryption = names.has("encrypted") && scanKinds.includes("vm");
  const documents = asked.some(
    (reference) =>
      inDocuments.has(reference.name) ||
      (fieldOf(reference).list !== undefined && fieldOf(reference).list !== "residency"),
  );
  const beside = [
    ...(vmEncryption ? [vmEncrypted] : []),
    ...(names.has("public_ip") ? [vmPublic] : []),
    ...(names.has("backup_age") ? [vmBackup] : []),
  ].map((make): Beside => make(at));
  const holds = logicSql(logic, { ...at, vmEncryption });
  return {
    with: beside.map((each) => each.table),
    from: sql`${rowsAt(at.asOf)} ${documents ? documentsAt(at.asOf) : sql``} ${sql.join(
      beside.map((each) => each.join),
      sql` `,
    )}`,
    about: sql<boolean>`(r.kind = any(${scanKinds}::text[]) and ${conditionOf(where)})`,
    ok: "forbid" in policy.requirement ? sql<boolean>`(not ${holds})` : holds,
  };
}

function rowsAt(asOf: string | undefined): Sql {
  return asOf === undefined ? sql`resources as r` : asOfRows(asOf);
}

/** Read once for each row, however many members are asked for: the offset keeps the planner from repeating it. */
function documentsAt(asOf: string | undefined): Sql {
  const lateral = (from: Sql) => sql`cross join lateral (select (${from})::jsonb as doc offset 0) as d`;
  const now = sql`select k.document from resource_documents as k where k.resource_no = r.resource_no`;
  if (asOf === undefined) {
    return sql`join resource_documents as k on k.resource_no = r.resource_no ${lateral(sql`k.document`)}`;
  }
  const then = sql`select h.document from resource_history as h
    where h.site = r.site and h.kind = r.kind and h.resource_id = r.resource_id and h.valid_to = r.valid_to`;
  return lateral(sql`case when r.valid_to is null then (${now}) else (${then}) end`);
}

type BesideAt = Pick<JudgedAt, "asOf" | "now">;

function atSite(only: OneVm | undefined): Sql {
  return only ? sql` and r.site = ${only.site}` : sql``;
}

function thatVm(only: OneVm | undefined): Sql {
  return only ? sql` and r.site = ${only.site} and r.resource_id = ${only.vmId}` : sql``;
}

/** What is known of one VM beside its own row. */
export function besideVm(vm: OneVm, now: number): Sql {
  const tables = [vmEncrypted, vmPublic, vmBackup].map((make) => make({ asOf: undefined, now }, vm).table);
  const own = (table: Sql) => sql`from ${table} as t where t.site = ${vm.site} and t.vm_id = ${vm.vmId}`;
  return sql`with ${sql.join(tables)}
    select (select encrypted ${own(sql`vm_encrypted`)}) as encrypted,
      exists (select ${own(sql`vm_public`)}) as public,
      (select backup_at ${own(sql`vm_backup`)}) as backup_at`;
}

interface Beside {
  readonly table: Sql;
  readonly join: Sql;
}

/** Of a VM: whether all of its volumes are encrypted, as far as that is known. */
function vmEncrypted({ asOf }: BesideAt, only?: OneVm): Beside {
  return {
    table: sql`vm_encrypted as materialized (
      select site, vm_id, case when bool_or(not encrypted) then false when bool_or(encrypted is null) then null else true end as encrypted
      from (select r.site, d.doc ->> 'vm_id' as vm_id,
          case when jsonb_typeof(d.doc -> 'encrypted') = 'boolean' then (d.doc -> 'encrypted')::boolean end as encrypted
        from ${rowsAt(asOf)} ${documentsAt(asOf)} where r.kind = 'volume'${atSite(only)}) as v
      where vm_id is not null group by site, vm_id)`,
    join: sql`left join vm_encrypted as ve on ve.site = r.site and ve.vm_id = r.resource_id and r.kind = 'vm'`,
  };
}

/** Whether one of its NICs has a public address, or it has an address that stays ours. */
function vmPublic({ asOf }: BesideAt, only?: OneVm): Beside {
  return {
    table: sql`vm_public as materialized (
      select r.site, r.resource_id as vm_id from ${rowsAt(asOf)} ${documentsAt(asOf)}
        where r.kind = 'vm'${thatVm(only)} and jsonb_path_exists(d.doc, '$.nics[*].public_address')
      union
      select r.site, d.doc ->> 'vm_id' from ${rowsAt(asOf)} ${documentsAt(asOf)}
        where r.kind = 'address'${atSite(only)} and d.doc ->> 'vm_id' is not null)`,
    join: sql`cross join lateral (select exists (
      select from vm_public as p where p.site = r.site and p.vm_id = r.resource_id) as public) as vp`,
  };
}

/** The newest of complete points of its group, and of snapshots of all its disks, the oldest of which counts. */
function vmBackup({ asOf, now }: BesideAt, only?: OneVm): Beside {
  const moment = new Date(now).toISOString();
  return {
    table: sql`vm_backup as materialized (
      select site, vm_id, max(at) as backup_at from (
        select g.current_site as site, m.vm_id, p.taken_at as at
          from group_points as p join protection_groups as g using (group_id) join protection_members as m using (group_id)
          where p.state = 'complete' and g.state <> 'deleted' and p.taken_at <= ${moment}::timestamptz
        union all
        select v.site, v.vm_id, case when count(*) = count(s.at) then min(s.at) end
          from (select r.site, r.resource_id as vm_id, e.value ->> 'volume_id' as volume_id
              from ${rowsAt(asOf)} ${documentsAt(asOf)} cross join lateral jsonb_array_elements(
                case when jsonb_typeof(d.doc -> 'disks') = 'array' then d.doc -> 'disks' else '[]' end) as e
              where r.kind = 'vm'${thatVm(only)}) as v
            left join (select r.site, d.doc ->> 'volume_id' as volume_id, max(r.created_at) as at
              from ${rowsAt(asOf)} ${documentsAt(asOf)}
              where r.kind = 'snapshot'${atSite(only)} and r.state = 'completed' and d.doc ->> 'volume_id' is not null
              group by 1, 2) as s on s.site = v.site and s.volume_id = v.volume_id
          group by v.site, v.vm_id) as b
      group by site, vm_id)`,
    join: sql`left join vm_backup as vb on vb.site = r.site and vb.vm_id = r.resource_id and r.kind = 'vm'`,
  };
}
