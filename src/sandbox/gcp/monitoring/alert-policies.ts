import * as z from "zod";
import type { Document, Documents, Table } from "../../cloud/documents.ts";
import type { GcpCloud } from "../cloud.ts";
import { newNumericId } from "../compute/ids.ts";
import { checkedLabels } from "../compute/labels.ts";
import { badRequest, GcpError } from "../errors.ts";
import { projectId } from "../places.ts";

/** https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.alertPolicies: as much as is kept here, policies of thresholds. */
const aggregation = z.strictObject({
  alignmentPeriod: z.string().regex(/^\d+s$/),
  perSeriesAligner: z.string().regex(/^ALIGN_[A-Z0-9_]+$/),
  crossSeriesReducer: z
    .string()
    .regex(/^REDUCE_[A-Z0-9_]+$/)
    .optional(),
  groupByFields: z.array(z.string()).optional(),
});
const policyBody = z.strictObject({
  displayName: z.string().min(1).max(512),
  documentation: z.strictObject({ content: z.string().optional(), mimeType: z.string().optional() }).optional(),
  combiner: z.enum(["AND", "OR", "AND_WITH_MATCHING_RESOURCE"]),
  enabled: z.boolean().default(true),
  conditions: z
    .array(
      z.strictObject({
        displayName: z.string(),
        conditionThreshold: z.strictObject({
          filter: z.string().regex(/metric\.type\s*=.*resource\.type\s*=/),
          aggregations: z.array(aggregation).optional(),
          comparison: z.enum(["COMPARISON_GT", "COMPARISON_LT"]),
          thresholdValue: z.number().default(0),
          duration: z.string().regex(/^\d+s$/),
          trigger: z.strictObject({ count: z.int().optional(), percent: z.number().optional() }).optional(),
        }),
      }),
    )
    .min(1)
    .max(6),
  notificationChannels: z
    .array(z.string().regex(/^projects\/[^/]+\/notificationChannels\/\w+$/))
    .max(16)
    .optional(),
  userLabels: z.record(z.string(), z.string()).optional(),
});

interface AlertPolicy extends Document {
  readonly createdAt: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly json: z.infer<typeof policyBody>;
}

export function alertPoliciesOf(documents: Documents): Table<AlertPolicy> {
  return documents.table<AlertPolicy>("alert-policy");
}

/** Alerting policies. They are kept as they were given; nothing is judged by them, which no call of theirs would tell. */
export class AlertPolicies {
  readonly #policies: Table<AlertPolicy>;
  readonly #cloud: GcpCloud;

  constructor(cloud: GcpCloud) {
    this.#cloud = cloud;
    this.#policies = alertPoliciesOf(cloud.documents);
  }

  create(body: unknown): object {
    const parsed = policyBody.safeParse(body);
    if (!parsed.success) throw badRequest(z.prettifyError(parsed.error));
    const { userLabels = {}, conditions } = parsed.data;
    for (const { conditionThreshold } of conditions) {
      if (Number.parseInt(conditionThreshold.duration, 10) % 60 !== 0)
        throw badRequest("The duration must be a multiple of 60 seconds.");
    }
    const labels = checkedLabels(userLabels);
    return this.#show(
      this.#policies.put({ id: newNumericId(), createdAt: Date.now(), labels, json: { ...parsed.data } }),
    );
  }

  get(id: string): object {
    return this.#show(this.#find(id));
  }

  list(query: URLSearchParams): object {
    const from = Number(query.get("pageToken") ?? 0);
    const size = Math.min(Number(query.get("pageSize") ?? 1_000), this.#cloud.settings.pageSize);
    const all = [...this.#policies.values()];
    const more = from + size < all.length ? { nextPageToken: String(from + size) } : {};
    return { alertPolicies: all.slice(from, from + size).map((policy) => this.#show(policy)), ...more };
  }

  delete(id: string): object {
    this.#policies.delete(this.#find(id).id);
    return {};
  }

  #find(id: string): AlertPolicy {
    const found = this.#policies.get(id);
    if (found) return found;
    const message = `Requested entity was not found: projects/${projectId}/alertPolicies/${id}`;
    throw new GcpError(404, "notFound", message, { statusName: "NOT_FOUND" });
  }

  #show({ id, createdAt, json }: AlertPolicy): object {
    const name = `projects/${projectId}/alertPolicies/${id}`;
    const record = { mutateTime: new Date(createdAt).toISOString(), mutatedBy: this.#cloud.identity.email };
    const conditions = json.conditions.map((each, index) => ({ ...each, name: `${name}/conditions/${index + 1}` }));
    return { ...json, name, conditions, creationRecord: record, mutationRecord: record };
  }
}
