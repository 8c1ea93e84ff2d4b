import type { Generated } from "kysely";
import type { DefaultTime, Json, OptionalJson, OptionalTime, Tags, Time } from "./schema.ts";
import type { CliSignIn, SignedIn } from "./session-repository.ts";

export interface UserTable {
  user_id: string;
  name: string;
  email: string | null;
  issuer: string | null;
  subject: string | null;
  created_at: DefaultTime;
  last_seen_at: OptionalTime;
  disabled_at: OptionalTime;
}

export interface RoleBindingTable {
  binding_id: string;
  holder: string;
  role: string;
  site: string | null;
  tags: Tags;
  created_by: string;
  created_at: DefaultTime;
}

export interface SessionTable {
  session_hash: string;
  user_id: string | null;
  kind: string;
  groups: string[];
  mfa_at: OptionalTime;
  created_at: DefaultTime;
  last_seen_at: DefaultTime;
  idle_seconds: number;
  ends_at: Time;
  ended_at: OptionalTime;
}

export interface SignInTable {
  state_hash: string;
  return_to: string;
  step_up: boolean;
  cli: OptionalJson<CliSignIn>;
  ends_at: Time;
}

export interface SignInCodeTable {
  code_hash: string;
  challenge: string;
  session: Json<SignedIn>;
  ends_at: Time;
}

export interface FreezeTable {
  since: DefaultTime;
  by: string;
  reason: string;
}

export interface PlanRequesterTable {
  plan_id: string;
  requester: string;
}

export interface ApprovalTable {
  plan_id: string;
  plan_hash: string;
  decided_by: string;
  decided_by_name: string;
  decision: "approve" | "reject";
  note: string | null;
  decided_at: DefaultTime;
}

export interface BreakGlassTable {
  seal_id: Generated<number>;
  hash: string;
  sealed_by: string;
  sealed_at: DefaultTime;
  opened_at: OptionalTime;
}

export interface TokenTable {
  token_id: string;
  name: string;
  hash: string;
  previous_hash: string | null;
  previous_until: OptionalTime;
  user_id: string | null;
  permissions: string[] | null;
  created_by: string;
  created_at: DefaultTime;
  expires_at: OptionalTime;
  last_used_at: OptionalTime;
  revoked_at: OptionalTime;
}

/** Members beside the first three are derived from the entry by the database. */
export interface AuditTable {
  sequence: number;
  entry: string;
  hash: string;
  at: Generated<string>;
  actor: Generated<string>;
  action: Generated<string>;
  resource: Generated<string>;
  request_id: Generated<string>;
  workflow_id: Generated<string | null>;
  outcome: Generated<string>;
}

export interface AuditHeadTable {
  sequence: number;
  hash: string;
}

export interface AuditCheckpointTable {
  sequence: number;
  hash: string;
  at: Time;
  key_id: string;
  public_key: string;
  signature: string;
}
