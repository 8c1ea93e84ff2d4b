import type { RotatedSecret } from "../../domain/rotation.ts";

export interface RotateSecretInput {
  /** For the audit trail: the schedule that asks for it. */
  readonly scheduleId: string;
  readonly secret: RotatedSecret;
  /** How long the one before goes on being accepted. */
  readonly graceMs: number;
}

/** Names of secrets, which give nothing of them away. */
export interface RotateSecretResult {
  readonly before: string;
  readonly after: string;
}
