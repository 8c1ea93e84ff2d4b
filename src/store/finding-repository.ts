import { type Kysely, type Selectable, sql } from "kysely";
import type { Scope } from "../domain/access.ts";
import type {
  Finding,
  FindingState,
  JudgedCounts,
  PolicyResult,
  ScanState,
  ScanView,
} from "../domain/policy/finding.ts";
import type { CompiledPolicy, PolicyType, Severity } from "../domain/policy/policy.ts";
import type { ResourceKind } from "../domain/resource.ts";
import { scopesExpression } from "../domain/search/scope.ts";
import { toText } from "./json.ts";
import { besideVm, type JudgedAt, type OneVm } from "./judged-rows.ts";
import { clampLimit, decodeCursor, type Page, toPage } from "./paging.ts";
import { tellFindings } from "./policy-news.ts";
import { scanPolicy, type TriedPolicy, tryPolicy } from "./policy-scans.ts";
import type { PolicyFindingTable, PolicyScanTable } from "./policy-schema.ts";
import { present } from "./present.ts";
import type { Database } from "./schema.ts";
import { seesAll } from "./scopes.ts";
import { conditionOf } from "./search-sql.ts";

export interface FindingQuery {
  readonly policyId?: string | undefined;
  readonly state?: FindingState | undefined;
  readonly site?: string | undefined;
  readonly severity?: Severity | undefined;
  readonly findingIds?: readonly string[] | undefined;
  /** Only of resources that these reach. */
  readonly scopes?: readonly Scope[];
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** What breaks policies, and the scans that found it. */
export class FindingRepository {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /** See {@link scanPolicy}. */
  scan(
    compiled: CompiledPolicy,
    at: Omit<JudgedAt, "asOf">,
  ): Promise<JudgedCounts & { opened: number; resolved: number }> {
    return scanPolicy(this.#db, compiled, at);
  }

  /** See {@link tellFindings}. */
  tell(
    policy: Parameters<typeof tellFindings>[1],
    as: { at: string; actions: readonly string[]; notificationId: string },
  ): Promise<boolean> {
    return tellFindings(this.#db, policy, as);
  }

  /** See {@link tryPolicy}. */
  tryOut(compiled: CompiledPolicy, at: JudgedAt, examples: number): Promise<TriedPolicy> {
    return tryPolicy(this.#db, compiled, at, examples);
  }

  /** What is known of a VM beside its own row. */
  async besideVm(
    vm: OneVm,
    now: number,
  ): Promise<{ readonly encrypted?: boolean; readonly publicAddress: boolean; readonly backupAt: string }> {
    const { rows } = await sql<{
      encrypted: boolean | null;
      public: boolean;
      backup_at: string | null;
    }>`${besideVm(vm, now)}`.execute(this.#db);
    const row = rows[0];
    return {
      ...present({ encrypted: row?.encrypted }),
      publicAddress: row?.public ?? false,
      backupAt: row?.backup_at ?? "never",
    };
  }

  /** The newest first. */
  async list(query: FindingQuery): Promise<Page<Finding>> {
    const limit = clampLimit(query.limit);
    let select = this.#select().orderBy("f.finding_id", "desc");
    if (query.policyId !== undefined) select = select.where("f.policy_id", "=", query.policyId);
    if (query.state !== undefined) select = select.where("f.state", "=", query.state);
    if (query.site !== undefined) select = select.where("f.site", "=", query.site);
    if (query.severity !== undefined) select = select.where("p.severity", "=", query.severity);
    if (query.findingIds !== undefined) select = select.where("f.finding_id", "in", query.findingIds.map(Number));
    if (!seesAll(query.scopes)) {
      // What is gone can't be said to be within anybody's scope.
      const reached = conditionOf(scopesExpression(query.scopes));
      select = select.where(
        sql<boolean>`exists (select from resources as r
          where r.site = f.site and r.kind = f.kind and r.resource_id = f.resource_id and ${reached})`,
      );
    }
    if (query.cursor !== undefined) select = select.where("f.finding_id", "<", decodeCursor(query.cursor, "number")[0]);
    const rows = await select.limit(limit + 1).execute();
    return toPage(rows, limit, toFinding, (row) => [row.finding_id]);
  }

  async openCount(scopes?: readonly Scope[]): Promise<number> {
    const reached = seesAll(scopes)
      ? sql<boolean>`true`
      : sql<boolean>`exists (select from resources as r where r.site = f.site and r.kind = f.kind
          and r.resource_id = f.resource_id and ${conditionOf(scopesExpression(scopes))})`;
    const { rows } = await sql<{ open: number }>`
      select count(*) as open from policy_findings as f where f.state = 'open' and ${reached}`.execute(this.#db);
    return rows[0]?.open ?? 0;
  }

  #select() {
    return this.#db
      .selectFrom("policy_findings as f")
      .innerJoin("policies as p", "p.policy_id", "f.policy_id")
      .selectAll("f")
      .select(["p.name as policy", "p.type", "p.severity", "p.judged_at"]);
  }

  /** A repeat with a known id changes nothing. */
  async beginScan(scan: Pick<ScanView, "scanId" | "workflowId" | "askedBy" | "startedAt">): Promise<void> {
    await this.#db
      .insertInto("policy_scans")
      .values({
        scan_id: scan.scanId,
        workflow_id: scan.workflowId,
        asked_by: scan.askedBy,
        started_at: scan.startedAt,
        state: "running",
      })
      .onConflict((conflict) => conflict.column("scan_id").doNothing())
      .execute();
  }

  /** Of a policy that was removed meanwhile nothing is kept. A repeat adds to what its first try has opened. */
  async recordResult(scanId: string, result: Omit<PolicyResult, "policy" | "severity">): Promise<void> {
    const { policyId, judged, violations, exempt, unknown, opened, resolved } = result;
    await sql`insert into policy_scan_results as t
        (scan_id, policy_id, judged, violations, exempt, unknown, opened, resolved)
      select ${scanId}, policy_id, ${judged}::bigint, ${violations}::bigint, ${exempt}::bigint, ${unknown}::bigint,
          ${opened}::bigint, ${resolved}::bigint
        from policies where policy_id = ${policyId}
      on conflict (scan_id, policy_id) do update set judged = excluded.judged, violations = excluded.violations,
        exempt = excluded.exempt, unknown = excluded.unknown, opened = t.opened + excluded.opened,
        resolved = t.resolved + excluded.resolved`.execute(this.#db);
  }

  async endScan(scanId: string, end: { state: ScanState; endedAt: string; reason?: string }): Promise<void> {
    await this.#db
      .updateTable("policy_scans")
      .set({
        state: end.state,
        ended_at: end.endedAt,
        reason: end.reason === undefined ? null : toText(end.reason),
      })
      .where("scan_id", "=", scanId)
      .execute();
  }

  async getScan(scanId: string): Promise<ScanView | undefined> {
    const row = await this.#db.selectFrom("policy_scans").selectAll().where("scan_id", "=", scanId).executeTakeFirst();
    if (!row) return undefined;
    const results = await this.#db
      .selectFrom("policy_scan_results as t")
      .innerJoin("policies as p", "p.policy_id", "t.policy_id")
      .selectAll("t")
      .select(["p.name", "p.severity"])
      .where("t.scan_id", "=", scanId)
      .orderBy("p.name")
      .execute();
    return toScan(
      row,
      results.map(({ scan_id: _of, policy_id: policyId, name, severity, ...numbers }) => ({
        policyId,
        policy: name,
        severity: severity as Severity,
        ...numbers,
      })),
    );
  }

  /** The newest first, without their results. */
  async listScans(query: { readonly limit: number; readonly cursor?: string | undefined }): Promise<Page<ScanView>> {
    const limit = clampLimit(query.limit);
    let select = this.#db.selectFrom("policy_scans").selectAll();
    if (query.cursor !== undefined) {
      const [startedAt, id] = decodeCursor(query.cursor, "string", "string");
      select = select.where(sql<boolean>`(started_at, scan_id) < (${startedAt}::timestamptz, ${id})`);
    }
    const rows = await select
      .orderBy("started_at", "desc")
      .orderBy("scan_id", "desc")
      .limit(limit + 1)
      .execute();
    return toPage(
      rows,
      limit,
      (row) => toScan(row, []),
      (row) => [row.started_at, row.scan_id],
    );
  }

  /** Of recovery: how many drills have passed, and when the newest ended; undefined where none has. */
  async newestDrill(): Promise<{ readonly drills: number; readonly endedAt: string } | undefined> {
    const row = await this.#db
      .selectFrom("recovery_runs")
      .select([sql<number>`count(*)`.as("drills"), sql<string | null>`max(ended_at)`.as("ended_at")])
      .where("mode", "=", "drill")
      .where("state", "=", "done")
      .executeTakeFirst();
    return row?.ended_at ? { drills: row.drills, endedAt: row.ended_at } : undefined;
  }

  /** Forgets resolved findings and scans of before; returns how many findings went. */
  async drop(before: string): Promise<number> {
    await this.#db.deleteFrom("policy_scans").where("started_at", "<", before).execute();
    const gone = await this.#db
      .deleteFrom("policy_findings")
      .where("state", "=", "resolved")
      .where("resolved_at", "<", before)
      .executeTakeFirst();
    return Number(gone.numDeletedRows);
  }
}

type FindingRow = Selectable<PolicyFindingTable> & {
  policy: string;
  type: string;
  severity: string;
  judged_at: string | null;
};

function toFinding(row: FindingRow): Finding {
  return {
    findingId: `${row.finding_id}`,
    policyId: row.policy_id,
    policy: row.policy,
    type: row.type as PolicyType,
    severity: row.severity as Severity,
    site: row.site,
    kind: row.kind as ResourceKind,
    resourceId: row.resource_id,
    name: row.name,
    state: row.state as FindingState,
    firstSeenAt: row.first_seen_at,
    lastSeenAt: row.last_seen_at ?? row.judged_at ?? row.first_seen_at,
    ...present({ exemptionId: row.exemption_id, resolvedAt: row.resolved_at }),
  };
}

function toScan(row: Selectable<PolicyScanTable>, results: readonly PolicyResult[]): ScanView {
  return {
    scanId: row.scan_id,
    workflowId: row.workflow_id,
    state: row.state as ScanState,
    askedBy: row.asked_by,
    startedAt: row.started_at,
    results,
    ...present({ reason: row.reason, endedAt: row.ended_at }),
  };
}
