import { type Kysely, type RawBuilder, sql } from "kysely";
import type { JudgedCounts } from "../domain/policy/finding.ts";
import type { CompiledPolicy } from "../domain/policy/policy.ts";
import type { ResourceKind } from "../domain/resource.ts";
import { type JudgedAt, type JudgedRows, judgedRows } from "./judged-rows.ts";
import { asOfRows } from "./resource-rows.ts";
import type { Database } from "./schema.ts";
import { conditionOf } from "./search-sql.ts";

/** Policies held against the whole inventory, inside of the database: only what breaks them is ever looked at outside. */

export interface BrokenBy {
  readonly site: string;
  readonly kind: ResourceKind;
  readonly resourceId: string;
  readonly name: string;
  readonly exempt: boolean;
}

export interface TriedPolicy extends JudgedCounts {
  /** The first ones, by name. */
  readonly examples: readonly BrokenBy[];
}

/** What it would find, now or then; nothing is kept. */
export async function tryPolicy(
  db: Kysely<Database>,
  compiled: CompiledPolicy,
  at: JudgedAt,
  examples: number,
): Promise<TriedPolicy> {
  const rows = judgedRows(compiled, at);
  const { rows: found } = await sql<CountRow & { examples: BrokenRow[] | null }>`
    with ${sql.join([...rows.with, brokenOf(compiled, rows)])}
    select ${judgedCount(compiled, at)} as judged, ${counts},
      (select json_agg(x) from (select site, kind, resource_id, name, exemption_id from broken where ok is false
        order by name, site, resource_id limit ${examples}) as x) as examples`.execute(db);
  const row = found[0];
  return {
    ...toCounts(row),
    examples: (row?.examples ?? []).map((each) => ({
      site: each.site,
      kind: each.kind as ResourceKind,
      resourceId: each.resource_id,
      name: each.name,
      exempt: each.exemption_id !== null,
    })),
  };
}

/**
 * Judges everything that the policy is about and writes what is otherwise than before: what has come to break it, what
 * doesn't any more (or is gone), and what became exempt. What is not known stays as it was. A repeat finds nothing to write.
 */
export async function scanPolicy(
  db: Kysely<Database>,
  compiled: CompiledPolicy,
  at: Omit<JudgedAt, "asOf">,
): Promise<JudgedCounts & { opened: number; resolved: number }> {
  const { policyId } = compiled.policy;
  const rows = judgedRows(compiled, at);
  const seenAt = sql`${new Date(at.now).toISOString()}::timestamptz`;
  const same = sql`f.policy_id = ${policyId} and f.state <> 'resolved'
    and f.site = b.site and f.kind = b.kind and f.resource_id = b.resource_id`;
  const { rows: found } = await sql<CountRow & { opened: number; resolved: number }>`
    with ${sql.join([...rows.with, brokenOf(compiled, rows)])},
    opened as (
      insert into policy_findings (policy_id, site, kind, resource_id, name, state, exemption_id, first_seen_at)
        select ${policyId}, b.site, b.kind, b.resource_id, b.name, ${stateOf}, b.exemption_id, ${seenAt}
        from broken as b where b.ok is false and not exists (select from policy_findings as f where ${same})
      on conflict do nothing returning 1),
    changed as (
      update policy_findings as f set state = ${stateOf}, exemption_id = b.exemption_id, name = b.name
        from broken as b where ${same} and b.ok is false
          and (f.exemption_id, f.name) is distinct from (b.exemption_id, b.name)),
    resolved as (
      update policy_findings as f set state = 'resolved', resolved_at = ${seenAt},
          last_seen_at = coalesce((select judged_at from policies where policy_id = ${policyId}), f.first_seen_at)
        where f.policy_id = ${policyId} and f.state <> 'resolved' and not exists (
          select from broken as b where f.site = b.site and f.kind = b.kind and f.resource_id = b.resource_id)
        returning 1),
    told as (
      update policies set judged_at = ${seenAt}, judged = ${judgedCount(compiled, at)},
          unknown = (select count(*) from broken where ok is null)
        where policy_id = ${policyId} returning judged)
    select (select judged from told) as judged, ${counts},
      (select count(*) from opened) as opened, (select count(*) from resolved) as resolved`.execute(db);
  const row = found[0];
  return { ...toCounts(row), opened: row?.opened ?? 0, resolved: row?.resolved ?? 0 };
}

interface CountRow {
  readonly judged: number | null;
  readonly violations: number;
  readonly exempt: number;
  readonly unknown: number;
}

interface BrokenRow {
  readonly site: string;
  readonly kind: string;
  readonly resource_id: string;
  readonly name: string;
  readonly exemption_id: string | null;
}

const stateOf = sql`case when b.exemption_id is null then 'open' else 'exempt' end`;

const counts = sql`(select count(*) from broken where ok is false and exemption_id is null) as violations,
  (select count(*) from broken where ok is false and exemption_id is not null) as exempt,
  (select count(*) from broken where ok is null) as unknown`;

/** Everything that the policy is about and that doesn't pass. */
function brokenOf(compiled: CompiledPolicy, { from, about, ok }: JudgedRows): RawBuilder<unknown> {
  return sql`broken as materialized (
    select * from (select r.site, r.kind, r.resource_id, r.name, ${ok} as ok, ${exemptionOf(compiled)} as exemption_id
      from ${from} where ${about} offset 0) as judged where ok is not true)`;
}

/** The one that ends last comes first, as in domain/policy/policy.ts. */
function exemptionOf({ exempt }: CompiledPolicy): RawBuilder<unknown> {
  const inOrder = exempt.toSorted((a, b) => (a.exemption.expiresAt > b.exemption.expiresAt ? -1 : 1));
  if (inOrder.length === 0) return sql`null::text`;
  const cases = inOrder.map(
    ({ where, exemption }) => sql`when ${conditionOf(where)} then ${exemption.exemptionId}::text`,
  );
  return sql`case ${sql.join(cases, sql` `)} end`;
}

function judgedCount({ where, scanKinds }: CompiledPolicy, { asOf }: JudgedAt): RawBuilder<number> {
  const from = asOf === undefined ? sql`resources as r` : asOfRows(asOf);
  return sql<number>`(select count(*) from ${from} where r.kind = any(${scanKinds}::text[]) and ${conditionOf(where)})`;
}

function toCounts(row: CountRow | undefined): JudgedCounts {
  const { judged, violations = 0, exempt = 0, unknown = 0 } = row ?? {};
  return { judged: judged ?? 0, violations, exempt, unknown };
}
