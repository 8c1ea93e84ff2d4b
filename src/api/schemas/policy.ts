// Long because it is every shape that policies have on the wire.
import * as z from "zod";
import {
  type Finding,
  findingStates,
  type ScanView,
  type StandingApproval,
  scanStates,
} from "../../domain/policy/finding.ts";
import {
  type Exemption,
  type PolicyDraft,
  policyActions,
  policyTypes,
  severities,
} from "../../domain/policy/policy.ts";
import { mostRemediated } from "../../domain/policy/remediation-request.ts";
import { type Condition, negatedOperators, operators, type Requirement, type Rule } from "../../domain/policy/rule.ts";
import { resourceKinds } from "../../domain/resource.ts";
import type { Wire } from "../../domain/wire.ts";
import type { KeptPolicy } from "../../store/index.ts";
import { cursorQuery, entityId, nextCursor, siteId, tags, timestamp } from "./common.ts";
import { searchText } from "./resource.ts";

const scalar = z.union([z.string().max(500), z.number(), z.boolean()]);
const conditionSchema = z
  .strictObject({
    field: z.string().min(1).max(200).meta({ description: "docs/policies.md lists them", example: "tags.owner" }),
    operator: z.enum([...operators, ...negatedOperators]),
    value: z
      .union([scalar, z.array(scalar).min(1).max(1_000)])
      .optional()
      .meta({ description: "None for `exists`, two for `between`, a list for `in`" }),
  })
  .meta({ id: "PolicyCondition" }) satisfies z.ZodType<Condition>;

export const ruleSchema: z.ZodType<Rule> = z
  .lazy(() =>
    z.union([
      conditionSchema,
      z.strictObject({ all: z.array(ruleSchema).min(1).max(50) }),
      z.strictObject({ any: z.array(ruleSchema).min(1).max(50) }),
      z.strictObject({ not: ruleSchema }),
    ]),
  )
  .meta({
    id: "PolicyRule",
    description:
      "Conditions on one list that stand together in an `all` hold of one and the same element: port 22 from 0.0.0.0/0 is one rule of a group, not two",
  });

const requirementSchema = z
  .union([z.strictObject({ require: ruleSchema }), z.strictObject({ forbid: ruleSchema })])
  .meta({
    id: "PolicyRequirement",
    description: "What has to hold of each resource, or what must not",
  }) satisfies z.ZodType<Requirement>;

const remediationSchema = z
  .union([
    z.strictObject({ kind: z.literal("add_tags"), tags }),
    z.strictObject({ kind: z.enum(["close_rules", "stop", "snapshot", "quarantine"]) }),
  ])
  .meta({ id: "PolicyRemediation" });

const policyName = z
  .string()
  .min(1)
  .max(80)
  .regex(/^[a-z0-9][a-z0-9-]*$/)
  .meta({ description: "Unique; lower case with dashes", example: "network-no-public-ssh" });
const sentence = z.string().trim().min(1).max(1_000);
const scopeText = z.union([searchText, z.literal("")]).meta({
  description: "In the search language: what it is about. Empty: everything that has what the rule asks of",
});

const draftMembers = {
  name: policyName,
  type: z.enum(policyTypes),
  severity: z.enum(severities),
  description: sentence,
  scope: scopeText,
  requirement: requirementSchema,
  actions: z.array(z.enum(policyActions)).max(3).meta({
    description: "`block`: plans that would break it can't be executed. Findings are kept whatever the actions",
  }),
  remedy: sentence.meta({ description: "What to do about a resource that breaks it" }),
  remediation: remediationSchema.optional().meta({ description: "How `remediate` mends it" }),
  source: z.string().max(500).optional().meta({ description: "Where the rule comes from" }),
};

export const policyBody = z
  .strictObject({ ...draftMembers, scope: scopeText.default(""), actions: draftMembers.actions.default(["notify"]) })
  .meta({ id: "NewPolicy" });
export const policyPatch = z
  .strictObject({ ...z.strictObject(draftMembers).partial().shape, enabled: z.boolean().optional() })
  .meta({ id: "ChangedPolicy", description: "What is left out stays as it is" });

const count = z.int().min(0);
export const policySchema = z
  .strictObject({
    policy_id: entityId,
    ...draftMembers,
    enabled: z.boolean(),
    pack: z.string().optional().meta({ description: "The starter pack that it came with" }),
    version: count.meta({ description: "Raised with every change" }),
    created_by: z.string(),
    created_at: timestamp,
    updated_at: timestamp,
    judged_at: timestamp
      .optional()
      .meta({ description: "Of its newest scan. Absent with the counts where there was none" }),
    judged: count.optional().meta({ description: "Resources that it is about" }),
    unknown: count.optional().meta({ description: "Of which something that the rule asks of isn't known" }),
    open: count.optional().meta({ description: "Findings. The counts are for who sees the whole installation" }),
    exempt: count.optional(),
  })
  .meta({ id: "Policy" }) satisfies z.ZodType<Wire<Omit<KeptPolicy, "open" | "exempt">>>;
export const policyListSchema = z.strictObject({ items: z.array(policySchema) }).meta({ id: "PolicyList" });

export const packListSchema = z
  .strictObject({
    items: z.array(
      z
        .strictObject({
          pack_id: entityId,
          title: z.string(),
          summary: z.string(),
          policies: z.array(z.strictObject({ ...draftMembers })),
        })
        .meta({ id: "PolicyPack" }),
    ),
  })
  .meta({ id: "PolicyPackList" });

export const exemptionBody = z
  .strictObject({
    policy: z.string().min(1).max(100).meta({ description: "Its name or id" }),
    scope: searchText.meta({
      description: "In the search language: which resources",
      example: "site:onprem-a name:legacy-*",
    }),
    owner: z.string().trim().min(1).max(200).meta({ description: "Who answers for it" }),
    reason: sentence,
    expires_at: timestamp.meta({ description: "In two years at the latest" }),
  })
  .meta({ id: "NewExemption" });
export const exemptionSchema = z
  .strictObject({
    exemption_id: entityId,
    policy_id: entityId,
    scope: z.string(),
    owner: z.string(),
    reason: z.string(),
    expires_at: timestamp,
    created_by: z.string(),
    created_at: timestamp,
    revoked_at: timestamp.optional(),
  })
  .meta({ id: "Exemption" }) satisfies z.ZodType<Wire<Exemption>>;
export const exemptionListSchema = z.strictObject({ items: z.array(exemptionSchema) }).meta({ id: "ExemptionList" });
export const ofPolicyQuery = z.strictObject({
  policy: z.string().min(1).max(100).optional().meta({ description: "Its name or id" }),
});

export const approvalBody = z
  .strictObject({
    policy: z.string().min(1).max(100).meta({ description: "Its name or id" }),
    most: z.int().min(1).max(100).meta({ description: "Resources that one run may touch" }),
    reason: sentence,
    expires_at: timestamp.meta({ description: "In two years at the latest" }),
  })
  .meta({ id: "NewStandingApproval" });
export const approvalSchema = z
  .strictObject({
    approval_id: entityId,
    policy_id: entityId,
    most: count,
    reason: z.string(),
    expires_at: timestamp,
    approved_by: z.string(),
    created_at: timestamp,
    revoked_at: timestamp.optional(),
  })
  .meta({ id: "StandingApproval" }) satisfies z.ZodType<Wire<StandingApproval>>;
export const approvalListSchema = z
  .strictObject({ items: z.array(approvalSchema) })
  .meta({ id: "StandingApprovalList" });

const findingMembers = {
  finding_id: z.string(),
  policy_id: entityId,
  policy: z.string(),
  type: z.enum(policyTypes),
  severity: z.enum(severities),
  site: siteId,
  kind: z.enum(resourceKinds),
  resource_id: z.string(),
  name: z.string(),
  state: z.enum(findingStates),
  exemption_id: entityId.optional(),
  first_seen_at: timestamp,
  last_seen_at: timestamp,
  resolved_at: timestamp.optional(),
};
export const findingSchema = z
  .strictObject({
    ...findingMembers,
    why: z.string().optional().meta({ description: "What of the resource breaks the policy, as it is now" }),
    remedy: z.string().optional(),
  })
  .meta({ id: "Finding" }) satisfies z.ZodType<Wire<Finding>>;
export const findingListQuery = z.strictObject({
  policy: ofPolicyQuery.shape.policy,
  state: z.enum(findingStates).optional(),
  severity: z.enum(severities).optional(),
  site: siteId.optional(),
  ...cursorQuery,
});
export const findingListSchema = z
  .strictObject({ items: z.array(findingSchema), next_cursor: nextCursor })
  .meta({ id: "FindingList" });

const counts = {
  judged: count.meta({ description: "Resources that the policy is about" }),
  violations: count,
  exempt: count,
  unknown: count.meta({ description: "Of which something that the rule asks of isn't known" }),
};
export const scanSchema = z
  .strictObject({
    scan_id: entityId,
    workflow_id: z.string(),
    state: z.enum(scanStates),
    reason: z.string().optional(),
    asked_by: z.string(),
    started_at: timestamp,
    ended_at: timestamp.optional(),
    results: z.array(
      z.strictObject({
        policy_id: entityId,
        policy: z.string(),
        severity: z.enum(severities),
        ...counts,
        opened: count,
        resolved: count,
      }),
    ),
  })
  .meta({ id: "PolicyScan" }) satisfies z.ZodType<Wire<ScanView>>;
export const scanListQuery = z.strictObject(cursorQuery);
export const scanListSchema = z
  .strictObject({ items: z.array(scanSchema), next_cursor: nextCursor })
  .meta({ id: "PolicyScanList" });
export const scanStartedSchema = z
  .strictObject({ scan_id: entityId, workflow_id: z.string() })
  .meta({ id: "StartedPolicyScan" });

export const dryRunBody = z
  .strictObject({
    policy: z.string().min(1).max(100).optional().meta({ description: "The name or id of one that is there" }),
    draft: policyBody.optional().meta({ description: "One that isn't" }),
    from: z.string().max(50).optional().meta({
      description:
        "Replays what the inventory was from then on: a day, a moment, or an age such as 30d. Absent: now only",
    }),
    every_hours: z
      .int()
      .min(1)
      .max(24 * 31)
      .optional()
      .meta({ description: "Between two moments. Default 24" }),
  })
  .meta({ id: "PolicyDryRun" });
export const dryRunSchema = z
  .strictObject({
    moments: z.array(
      z.strictObject({
        at: timestamp,
        ...counts,
        examples: z
          .array(
            z.strictObject({
              site: siteId,
              kind: z.enum(resourceKinds),
              resource_id: z.string(),
              name: z.string(),
              exempt: z.boolean(),
            }),
          )
          .meta({ description: "The first 50 by name" }),
      }),
    ),
  })
  .meta({ id: "PolicyDryRunResult" });

export const remediationRequestSchema = z
  .strictObject({
    policy: z.string().min(1).max(100).optional().meta({ description: "What it breaks: name or id" }),
    findings: z
      .array(z.string().regex(/^\d{1,15}$/))
      .min(1)
      .max(mostRemediated)
      .optional()
      .meta({ description: "Only these of its open findings" }),
    most: z
      .int()
      .min(1)
      .max(mostRemediated)
      .optional()
      .meta({ description: "Resources that the run may touch. Default 20; the oldest findings first" }),
    undo: entityId.optional().meta({ description: "Instead: the operation that is to be taken back" }),
  })
  .meta({ id: "RemediationRequest" });

export const complianceReportSchema = z
  .strictObject({
    framework: entityId,
    title: z.string(),
    source: z.string(),
    generated_at: timestamp,
    controls: z.array(
      z.strictObject({
        control_id: z.string(),
        title: z.string(),
        standing: z.enum(["violated", "no-violation", "incomplete", "not-checked"]),
        policies: z.array(
          z.strictObject({
            name: z.string(),
            installed: z.boolean(),
            enabled: z.boolean(),
            judged_at: timestamp.optional(),
            judged: count.optional(),
            unknown: count.optional(),
            open: count,
            exempt: count,
          }),
        ),
        evidence: z.array(z.string()),
        missing: z.array(z.string()).meta({ description: "Why more can't be said" }),
        not_checked: z.string().meta({ description: "What of it nobody looks at here" }),
      }),
    ),
    outside: z.array(z.string()).meta({ description: "Parts of the framework of which nothing is looked at" }),
    summary: z.strictObject({ violated: count, no_violation: count, incomplete: count, not_checked: count }),
  })
  .meta({ id: "ComplianceReport" });

export type PolicyInput = Wire<PolicyDraft>;
