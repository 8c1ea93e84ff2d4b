import type { SecurityRule } from "../security-rule.ts";
import type { Vm } from "../vm.ts";

export const remediationPlanKind = "remediate-findings";
/** Resources that one run may touch, unless somebody says less (or, up to {@link mostRemediated}, more). */
export const defaultRemediated = 20;
export const mostRemediated = 100;

/** What is to be mended: findings of one policy, or what an earlier run did, taken back. */
export interface RemediationRequest {
  /** By name or id. */
  readonly policy?: string;
  /** Only these of its open findings. */
  readonly findings?: readonly string[];
  /** Resources that it may touch at most. */
  readonly most?: number;
  /** The operation that is to be taken back. */
  readonly undo?: string;
  /** Only findings that who asked reaches; the API fills it in. */
  readonly scopes?: readonly { readonly site?: string; readonly tags?: Readonly<Record<string, string>> }[];
}

/** A security group as its site shows it now. */
export interface SeenGroup {
  readonly securityGroupId: string;
  readonly name: string;
  readonly rules: readonly SecurityRule[];
  readonly tags: Readonly<Record<string, string>>;
}

/** A finding with what is there now. */
export interface SeenFinding {
  readonly findingId: string;
  readonly site: string;
  readonly kind: string;
  readonly resourceId: string;
  readonly name: string;
  readonly capabilityGaps: Readonly<Record<string, string>>;
  readonly vm?: Vm;
  readonly group?: SeenGroup;
}
