import type { IncomingMessage } from "node:http";
import * as z from "zod";
import { Bill } from "../../cloud/billing/bill.ts";
import { Meter } from "../../cloud/billing/meter.ts";
import { RateCard } from "../../cloud/billing/rate-card.ts";
import { type Answer, readBody } from "../../cloud/http-front.ts";
import type { GcpCloud } from "../cloud.ts";
import { nameOf, scopeOf } from "../compute/links.ts";
import { badRequest, GcpError } from "../errors.ts";
import { perform } from "../perform.ts";
import { projectId, regionOf } from "../places.ts";
import { type ExportLine, exportLines } from "./export-lines.ts";

export const bigQueryPath = /^\/bigquery\/v2\/projects\/([^/]+)\/queries(?:\/([\w-]+))?$/;
/** https://cloud.google.com/billing/docs/how-to/export-data-bigquery-tables/detailed-usage */
export const billingTable = `${projectId}.billing.gcp_billing_export_resource_v1_SIMULATED`;
const bodyLimit = 2 ** 20;

/** https://cloud.google.com/bigquery/docs/reference/rest/v2/jobs/query */
const queryBody = z.strictObject({
  query: z.string(),
  queryParameters: z.array(
    z.strictObject({
      name: z.string(),
      parameterType: z.strictObject({ type: z.enum(["STRING", "TIMESTAMP"]) }),
      parameterValue: z.strictObject({ value: z.string() }),
    }),
  ),
  parameterMode: z.literal("NAMED"),
  useLegacySql: z.literal(false),
  maxResults: z.int().min(1),
});

const select = /^SELECT (.+?) FROM `([^`]+)` AS t WHERE (.+)$/s;
const lines = "TO_JSON_STRING(t)";
const total =
  "ANY_VALUE(t.currency), CAST(SUM(t.cost) + SUM(IFNULL((SELECT SUM(c.amount) FROM UNNEST(t.credits) AS c), 0)) AS STRING)";

interface Job {
  readonly rows: readonly (readonly string[])[];
}

/** The export of Cloud Billing, in the only table that BigQuery has here. Of SQL it understands what asks for the export's lines,
 *  or their sum, by conditions on their fields. */
export class BigQuery {
  readonly meter: Meter;
  readonly bill: Bill;
  readonly #cloud: GcpCloud;
  readonly #jobs = new Map<string, Job>();

  constructor(cloud: GcpCloud) {
    this.#cloud = cloud;
    const { instances, disks } = cloud.tables;
    this.meter = new Meter(cloud.documents);
    this.meter.watch(instances, ({ id, status, machineType: item, spot, labels: tags }) =>
      status === "RUNNING" || status === "STOPPING"
        ? { kind: "instance", item, quantity: 1, ...placeOf(id), name: nameOf(id), spot, tags }
        : undefined,
    );
    this.meter.watch(disks, ({ id, type: item, sizeGb: quantity, labels: tags }) => ({
      ...{ kind: "disk", item, quantity, ...placeOf(id), name: nameOf(id), tags },
    }));
    this.bill = new Bill(this.meter, new RateCard("gcp"));
  }

  async handle(request: IncomingMessage, path: RegExpExecArray, query: URLSearchParams): Promise<Answer> {
    const [, project = "", jobId] = path;
    const isQuery = request.method === "POST" && jobId === undefined;
    if (!isQuery && request.method !== "GET")
      throw new GcpError(501, "notImplemented", `The sandbox does not simulate ${request.method} of queries`);
    const body = isQuery ? (await readBody(request, bodyLimit)).toString("utf8") : "";
    const operation = isQuery ? "jobs.query" : "jobs.getQueryResults";
    const call = { service: "bigquery", operation, region: "global", scope: project } as const;
    const answer = await perform(this.#cloud, call, () => {
      if (project !== projectId) throw new GcpError(403, "accessDenied", `Access Denied: Project ${project}`);
      if (!isQuery) return this.#page(jobId ?? "", Number(query.get("pageToken") ?? 0), query.get("maxResults"));
      const parsed = queryBody.safeParse(JSON.parse(body || "{}"));
      if (!parsed.success) throw badRequest(z.prettifyError(parsed.error));
      const id = `job_${this.#jobs.size + 1}`;
      this.#jobs.set(id, { rows: this.#run(parsed.data) });
      return this.#page(id, 0, String(parsed.data.maxResults));
    });
    const headers = { "content-type": "application/json; charset=UTF-8" };
    return { status: 200, headers, body: JSON.stringify(answer) };
  }

  #run({ query, queryParameters }: z.output<typeof queryBody>): string[][] {
    const [, wanted = "", table, where = ""] = select.exec(query.replaceAll(/\s+/g, " ").trim()) ?? [];
    if (table !== billingTable) throw new GcpError(404, "notFound", `Not found: Table ${table ?? ""}`);
    const values = new Map(queryParameters.map(({ name, parameterValue }) => [name, parameterValue.value]));
    const from = values.get("from")?.slice(0, 10) ?? "";
    const now = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
    const found = exportLines(this.bill.lines(from, now)).filter((line) => holds(where, line, values));
    if (wanted === lines) return found.map((line) => [JSON.stringify(line)]);
    if (wanted !== total) throw badRequest(`The sandbox does not simulate SELECT ${wanted}`);
    const sum = found.reduce((all, { cost, credits }) => all + cost + credits.reduce((of, c) => of + c.amount, 0), 0);
    return [found.length === 0 ? [] : ["USD", String(sum)]];
  }

  #page(jobId: string, start: number, maxResults: string | null): object {
    const job = this.#jobs.get(jobId);
    if (!job) throw new GcpError(404, "notFound", `Not found: Job ${projectId}:${jobId}`);
    const end = start + Math.min(Number(maxResults ?? this.#cloud.settings.pageSize), this.#cloud.settings.pageSize);
    return {
      kind: "bigquery#queryResponse",
      jobReference: { projectId, jobId, location: "US" },
      jobComplete: true,
      totalRows: String(job.rows.length),
      rows: job.rows.slice(start, end).map((row) => ({ f: row.map((v) => ({ v })) })),
      ...(end < job.rows.length ? { pageToken: String(end) } : {}),
    };
  }
}

/** Conditions joined by AND: `t.a.b = @name`, `t.a.b IS NULL`, `>=` of a time, and two alternatives in brackets. */
function holds(where: string, line: ExportLine, values: ReadonlyMap<string, string>): boolean {
  return splitOutside(where, " AND ").every((condition) => {
    const inner = /^\((.+)\)$/.exec(condition)?.[1];
    if (inner !== undefined) {
      const alternatives = splitOutside(inner, " OR ");
      return alternatives.length > 1
        ? alternatives.some((alternative) => holds(alternative, line, values))
        : holds(inner, line, values);
    }
    const absent = /^t\.([\w.]+) IS NULL$/.exec(condition)?.[1];
    if (absent !== undefined) return fieldOf(line, absent) === undefined;
    const [, path = "", operator, name = ""] = /^t\.([\w.]+) (=|>=) @(\w+)$/.exec(condition) ?? [];
    const value = values.get(name);
    if (path === "" || value === undefined) throw badRequest(`The sandbox does not understand ${condition}`);
    if (path === "_PARTITIONTIME") return operator === ">=" && line.usage_start_time.slice(0, 10) >= value.slice(0, 10);
    return operator === "=" && fieldOf(line, path) === value;
  });
}

function splitOutside(text: string, by: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "(") depth += 1;
    else if (text[at] === ")") depth -= 1;
    else if (depth === 0 && text.startsWith(by, at)) {
      parts.push(text.slice(from, at).trim());
      from = at + by.length;
    }
  }
  return [...parts, text.slice(from).trim()];
}

function fieldOf(line: object, path: string): unknown {
  return (
    path.split(".").reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], line) ??
    undefined
  );
}

function placeOf(id: string): { region: string; zone: string } {
  const zone = scopeOf(id).replace(/^zones\//, "");
  return { region: regionOf(zone), zone };
}
