import { randomUUID } from "node:crypto";
import { answerOf, connectApi } from "../client.ts";
import { show, table } from "../output.ts";
import { momentOf, readCount } from "../units.ts";
import type { CommonOptions } from "./options.ts";

export interface ExemptOptions extends CommonOptions {
  readonly scope: string;
  readonly owner: string;
  readonly reason: string;
  readonly until: string;
}

export async function exempt(policy: string, options: ExemptOptions): Promise<void> {
  const { api } = connectApi(options);
  const { scope, owner, reason, until } = options;
  const header = { "Idempotency-Key": randomUUID() };
  const body = { policy, scope, owner, reason, expires_at: momentOf(until, "ahead") };
  const made = await answerOf(api.POST("/v1/policy-exemptions", { body, params: { header } }));
  await show(
    made,
    options.output,
    async (row) => `${row.scope} may break ${policy} until ${row.expires_at} (${row.exemption_id}).`,
  );
}

export async function listExemptions(options: CommonOptions & { policy?: string }): Promise<void> {
  const { api } = connectApi(options);
  const query = options.policy === undefined ? {} : { policy: options.policy };
  const { items } = await answerOf(api.GET("/v1/policy-exemptions", { params: { query } }));
  await show(items, options.output, (rows) =>
    table(
      rows,
      [
        { head: "EXEMPTION", value: (row) => row.exemption_id },
        { head: "SCOPE", value: (row) => row.scope },
        { head: "OWNER", value: (row) => row.owner },
        { head: "REASON", value: (row) => row.reason },
        { head: "UNTIL", value: (row) => row.revoked_at ?? row.expires_at },
        { head: "HOLDS", value: (row) => holds(row) },
      ],
      "No exemptions.",
    ),
  );
}

export async function revokeExemption(id: string, options: CommonOptions): Promise<void> {
  const { api } = connectApi(options);
  const gone = await answerOf(api.DELETE("/v1/policy-exemptions/{id}", { params: { path: { id } } }));
  await show(gone, options.output, async (row) => `${row.exemption_id} is over.`);
}

export interface ApproveOptions extends CommonOptions {
  readonly most: string;
  readonly reason: string;
  readonly until: string;
}

export async function approveRemediations(policy: string, options: ApproveOptions): Promise<void> {
  const { api } = connectApi(options);
  const header = { "Idempotency-Key": randomUUID() };
  const { most, reason, until } = options;
  const body = { policy, most: readCount(most), reason, expires_at: momentOf(until, "ahead") };
  const made = await answerOf(api.POST("/v1/policy-approvals", { body, params: { header } }));
  await show(
    made,
    options.output,
    async (row) =>
      `Scans mend ${row.most} resource(s) a run by ${policy} until ${row.expires_at} (${row.approval_id}).`,
  );
}

export async function listStandingApprovals(options: CommonOptions & { policy?: string }): Promise<void> {
  const { api } = connectApi(options);
  const query = options.policy === undefined ? {} : { policy: options.policy };
  const { items } = await answerOf(api.GET("/v1/policy-approvals", { params: { query } }));
  await show(items, options.output, (rows) =>
    table(
      rows,
      [
        { head: "APPROVAL", value: (row) => row.approval_id },
        { head: "MOST", align: "right", value: (row) => `${row.most}` },
        { head: "BY", value: (row) => row.approved_by },
        { head: "REASON", value: (row) => row.reason },
        { head: "UNTIL", value: (row) => row.revoked_at ?? row.expires_at },
        { head: "HOLDS", value: (row) => holds(row) },
      ],
      "No standing approvals.",
    ),
  );
}

export async function revokeStandingApproval(id: string, options: CommonOptions): Promise<void> {
  const { api } = connectApi(options);
  const gone = await answerOf(api.DELETE("/v1/policy-approvals/{id}", { params: { path: { id } } }));
  await show(gone, options.output, async (row) => `${row.approval_id} is over.`);
}

function holds(row: { readonly revoked_at?: string | undefined; readonly expires_at: string }): string {
  return row.revoked_at === undefined && Date.parse(row.expires_at) > Date.now() ? "yes" : "no";
}
