import { type Kysely, type Selectable, sql } from "kysely";
import type { StandingApproval } from "../domain/policy/finding.ts";
import type { Exemption, Policy, PolicyAction, PolicyDraft, PolicyType, Severity } from "../domain/policy/policy.ts";
import { toJson } from "./json.ts";
import type { PolicyApprovalTable, PolicyExemptionTable, PolicyTable } from "./policy-schema.ts";
import { present } from "./present.ts";
import type { Database } from "./schema.ts";

/** A policy with what its newest scan said. */
export interface KeptPolicy extends Policy {
  readonly judgedAt?: string;
  readonly judged?: number;
  readonly unknown?: number;
  readonly open: number;
  readonly exempt: number;
}

export type NewPolicy = PolicyDraft & Pick<Policy, "policyId" | "createdBy"> & { readonly pack?: string };

/** Policies, and who may break them. There are hundreds at most: lists are whole. */
export class PolicyRepository {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /** A repeat with a known id changes nothing. @throws ProviderError Conflict for a name that another one has. */
  async create(policy: NewPolicy): Promise<void> {
    const { policyId, createdBy, pack, ...draft } = policy;
    await this.#db
      .insertInto("policies")
      .values({ policy_id: policyId, created_by: createdBy, pack: pack ?? null, ...rowOf(draft) })
      .onConflict((conflict) => conflict.column("policy_id").doNothing())
      .execute();
  }

  /** Replaces what people say of it. @throws ProviderError Conflict for a name that another one has. */
  async update(policyId: string, draft: PolicyDraft): Promise<void> {
    await this.#db
      .updateTable("policies")
      .set({ ...rowOf(draft), version: sql<number>`version + 1`, updated_at: sql<string>`now()` })
      .where("policy_id", "=", policyId)
      .execute();
  }

  async setEnabled(policyId: string, enabled: boolean): Promise<void> {
    await this.#db
      .updateTable("policies")
      .set({ enabled, version: sql<number>`version + 1`, updated_at: sql<string>`now()` })
      .where("policy_id", "=", policyId)
      .execute();
  }

  /** With its findings and exemptions. */
  async remove(policyId: string): Promise<void> {
    await this.#db.deleteFrom("policies").where("policy_id", "=", policyId).execute();
  }

  /** By id or name. */
  async get(idOrName: string): Promise<KeptPolicy | undefined> {
    const rows = await this.#select()
      .where((row) => row.or([row("policy_id", "=", idOrName), row("name", "=", idOrName)]))
      .execute();
    const row = rows.find(({ policy_id: id }) => id === idOrName) ?? rows[0];
    return row && toPolicy(row);
  }

  /** In the order of their names. */
  async list({ enabled }: { readonly enabled?: boolean } = {}): Promise<readonly KeptPolicy[]> {
    let select = this.#select().orderBy("name");
    if (enabled !== undefined) select = select.where("enabled", "=", enabled);
    return (await select.execute()).map(toPolicy);
  }

  #select() {
    const count = (state: string) =>
      sql<number>`(select count(*) from policy_findings as f where f.policy_id = policies.policy_id and f.state = ${state})`;
    return this.#db
      .selectFrom("policies")
      .selectAll()
      .select([count("open").as("open"), count("exempt").as("exempt")]);
  }

  /** A text that is another one whenever what plans are judged by has changed. */
  async edition(): Promise<string> {
    const { rows } = await sql<{ edition: string }>`select concat_ws(' ',
      (select concat(count(*), ' ', coalesce(sum(version), 0), ' ', max(updated_at)) from policies),
      (select concat(count(*), ' ', count(revoked_at)) from policy_exemptions)) as edition`.execute(this.#db);
    return rows[0]?.edition ?? "";
  }

  async exempt(exemption: Omit<Exemption, "createdAt" | "revokedAt">): Promise<void> {
    await this.#db
      .insertInto("policy_exemptions")
      .values({
        exemption_id: exemption.exemptionId,
        policy_id: exemption.policyId,
        scope: exemption.scope,
        owner: exemption.owner,
        reason: exemption.reason,
        expires_at: exemption.expiresAt,
        created_by: exemption.createdBy,
      })
      .onConflict((conflict) => conflict.column("exemption_id").doNothing())
      .execute();
  }

  async revokeExemption(exemptionId: string): Promise<void> {
    await this.#db
      .updateTable("policy_exemptions")
      .set({ revoked_at: sql<string>`coalesce(revoked_at, now())` })
      .where("exemption_id", "=", exemptionId)
      .execute();
  }

  /** All of them, or those that hold at the moment; the newest first. */
  async exemptions(
    query: { readonly policyId?: string; readonly exemptionId?: string; readonly at?: string } = {},
  ): Promise<readonly Exemption[]> {
    let select = this.#db.selectFrom("policy_exemptions").selectAll().orderBy("created_at", "desc");
    if (query.policyId !== undefined) select = select.where("policy_id", "=", query.policyId);
    if (query.exemptionId !== undefined) select = select.where("exemption_id", "=", query.exemptionId);
    if (query.at !== undefined) select = select.where("revoked_at", "is", null).where("expires_at", ">", query.at);
    return (await select.execute()).map(toExemption);
  }

  async approve(approval: Omit<StandingApproval, "createdAt" | "revokedAt">): Promise<void> {
    await this.#db
      .insertInto("policy_approvals")
      .values({
        approval_id: approval.approvalId,
        policy_id: approval.policyId,
        most: approval.most,
        reason: approval.reason,
        expires_at: approval.expiresAt,
        approved_by: approval.approvedBy,
      })
      .onConflict((conflict) => conflict.column("approval_id").doNothing())
      .execute();
  }

  async revokeApproval(approvalId: string): Promise<void> {
    await this.#db
      .updateTable("policy_approvals")
      .set({ revoked_at: sql<string>`coalesce(revoked_at, now())` })
      .where("approval_id", "=", approvalId)
      .execute();
  }

  /** All of them, or those that hold at the moment; the newest first. */
  async approvals(
    query: { readonly policyId?: string; readonly approvalId?: string; readonly at?: string } = {},
  ): Promise<readonly StandingApproval[]> {
    let select = this.#db.selectFrom("policy_approvals").selectAll().orderBy("created_at", "desc");
    if (query.policyId !== undefined) select = select.where("policy_id", "=", query.policyId);
    if (query.approvalId !== undefined) select = select.where("approval_id", "=", query.approvalId);
    if (query.at !== undefined) select = select.where("revoked_at", "is", null).where("expires_at", ">", query.at);
    return (await select.execute()).map(toApproval);
  }
}

function rowOf(draft: PolicyDraft) {
  return {
    name: draft.name,
    type: draft.type,
    severity: draft.severity,
    description: draft.description,
    scope: draft.scope,
    requirement: toJson(draft.requirement),
    actions: [...draft.actions],
    remedy: draft.remedy,
    remediation: draft.remediation === undefined ? null : toJson(draft.remediation),
    source: draft.source ?? null,
  };
}

function toPolicy(row: Selectable<PolicyTable> & { open: number; exempt: number }): KeptPolicy {
  return {
    policyId: row.policy_id,
    name: row.name,
    type: row.type as PolicyType,
    severity: row.severity as Severity,
    description: row.description,
    scope: row.scope,
    requirement: row.requirement,
    actions: row.actions as PolicyAction[],
    remedy: row.remedy,
    enabled: row.enabled,
    version: row.version,
    createdBy: row.created_by,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    open: row.open,
    exempt: row.exempt,
    ...present({
      remediation: row.remediation,
      source: row.source,
      pack: row.pack,
      judgedAt: row.judged_at,
      judged: row.judged,
      unknown: row.unknown,
    }),
  };
}

function toExemption(row: Selectable<PolicyExemptionTable>): Exemption {
  return {
    exemptionId: row.exemption_id,
    policyId: row.policy_id,
    scope: row.scope,
    owner: row.owner,
    reason: row.reason,
    expiresAt: row.expires_at,
    createdBy: row.created_by,
    createdAt: row.created_at,
    ...present({ revokedAt: row.revoked_at }),
  };
}

function toApproval(row: Selectable<PolicyApprovalTable>): StandingApproval {
  return {
    approvalId: row.approval_id,
    policyId: row.policy_id,
    most: row.most,
    reason: row.reason,
    expiresAt: row.expires_at,
    approvedBy: row.approved_by,
    createdAt: row.created_at,
    ...present({ revokedAt: row.revoked_at }),
  };
}
