import type { ProtectionOutline } from "../../domain/protection-plan.ts";

export interface PlanProtectionInput {
  readonly planId: string;
  readonly outline: ProtectionOutline;
}
