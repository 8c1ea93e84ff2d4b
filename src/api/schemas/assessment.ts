import * as z from "zod";
import {
  type AssessmentReport,
  type AssessmentRequest,
  type AssessmentView,
  assessmentStates,
  type Conversation,
  type ProposedWave,
  readinessLevels,
  type VmAssessment,
} from "../../domain/assessment.ts";
import { moveModes } from "../../domain/migration.ts";
import type { Wire } from "../../domain/wire.ts";
import { bytes, cursorQuery, entityId, nextCursor, siteId, timestamp } from "./common.ts";
import { planSchema } from "./plan.ts";
import { costSchema } from "./price.ts";

export const assessmentBody = z
  .strictObject({
    from: siteId,
    to: siteId,
    query: z
      .string()
      .min(1)
      .max(4_000)
      .optional()
      .meta({ description: "A search of the inventory; default every VM of the site", example: "tag.env=prod" }),
    mode: z.enum(moveModes).optional().meta({ description: "How they would move. Default as the configuration says" }),
    flows: z.string().min(1).max(2_000_000).optional().meta({
      description:
        "Who talks to whom, as CSV: a head line, then a record a line; columns from, to, port, bytes. Ends are names, ids or addresses",
    }),
    wave_size: z
      .int()
      .min(1)
      .max(500)
      .optional()
      .meta({ description: "At most so many VMs in a wave, unless more of them talk to each other. Default 10" }),
  })
  .meta({ id: "AssessmentRequest" }) satisfies z.ZodType<Wire<AssessmentRequest>>;

const seconds = z.number().min(0);
const count = z.int().min(0);
const finding = planSchema.shape.checks.element;

const vmSchema = z
  .strictObject({
    vm_id: z.string(),
    name: z.string(),
    readiness: z.enum(readinessLevels),
    findings: z.array(finding),
    plan_id: entityId.optional().meta({ description: "Of the plan that its move would be carried out by" }),
    bytes_to_move: bytes.optional(),
    seconds: seconds.optional(),
    downtime_seconds: seconds.optional(),
    monthly: costSchema.optional(),
    egress: costSchema.optional(),
  })
  .meta({ id: "AssessedVm" }) satisfies z.ZodType<Wire<VmAssessment>>;

const conversationSchema = z
  .strictObject({
    vm_id: z.string(),
    vm: z.string(),
    peer_id: z.string().optional().meta({ description: "Of another VM" }),
    peer: z.string().meta({ description: "Another VM's name, or what is none as the record has it" }),
    ports: z.array(z.int()),
    bytes: bytes.optional(),
  })
  .meta({ id: "Conversation", description: "Traffic between two, in either direction" }) satisfies z.ZodType<
  Wire<Conversation>
>;

const waveSchema = z
  .strictObject({
    wave: z.int().min(1),
    vms: z.array(z.string()),
    vm_ids: z.array(z.string()),
    why: z.string(),
    bytes_to_move: bytes,
    seconds,
    findings: z.array(finding),
  })
  .meta({ id: "ProposedWave" }) satisfies z.ZodType<Wire<ProposedWave>>;

const reportSchema = z
  .strictObject({
    totals: z.strictObject({
      vms: count,
      ready: count,
      warning: count,
      blocking: count,
      bytes_to_move: bytes,
      seconds,
      longest_downtime_seconds: seconds,
      monthly: costSchema.optional(),
      egress: costSchema.optional(),
      without_price: count,
    }),
    waves: z.array(waveSchema),
    conversations: z.array(conversationSchema),
    outside: z.array(conversationSchema),
    flow_records: z.strictObject({ read: count, of_vms: count }).optional(),
  })
  .meta({ id: "AssessmentReport" }) satisfies z.ZodType<Wire<AssessmentReport>>;

export const assessmentSchema = z
  .strictObject({
    assessment_id: entityId,
    from: siteId,
    to: siteId,
    query: z.string().optional(),
    workflow_id: z.string(),
    state: z.enum(assessmentStates),
    reason: z.string().optional().meta({ description: "Why it failed" }),
    vms: count,
    assessed: count,
    created_at: timestamp,
    ended_at: timestamp.optional(),
    report: reportSchema.optional().meta({ description: "Once it is completed" }),
  })
  .meta({ id: "Assessment" }) satisfies z.ZodType<Wire<AssessmentView>>;

export const assessmentVmsSchema = z.strictObject({ items: z.array(vmSchema) }).meta({ id: "AssessedVmList" });
export const assessmentListQuery = z.strictObject(cursorQuery);
export const assessmentListSchema = z
  .strictObject({ items: z.array(assessmentSchema), next_cursor: nextCursor })
  .meta({ id: "AssessmentList" });
