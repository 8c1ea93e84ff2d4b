import { setTimeout as sleep } from "node:timers/promises";
import type { Money } from "../../domain/money.ts";
import type { CostsFacet } from "../cost-facet.ts";
import { invalid } from "../failures.ts";
import type { Gcp } from "./client.ts";

/** As "jobs.query" and "jobs.getQueryResults" answer. */
interface Answer {
  readonly jobComplete?: boolean;
  readonly jobReference?: { readonly jobId: string; readonly location?: string };
  readonly rows?: readonly { readonly f: readonly { readonly v: string | null }[] }[];
  readonly pageToken?: string;
}

/** A page of BigQuery's has 10 MB at most anyway. */
const pageRows = 5_000;

/**
 * What the export of Cloud Billing to BigQuery has of the site's zone, and of its region where a line names no zone: Google has
 * no other call that tells costs, and none that forecasts them. The lines are those of the export, as they are.
 */
export class GcpCosts implements CostsFacet {
  readonly format = "gcp-billing";
  readonly #gcp: Gcp;
  readonly #table: string;

  constructor(gcp: Gcp, billingTable: string) {
    this.#gcp = gcp;
    this.#table = billingTable;
  }

  async *readCosts(month: string, signal: AbortSignal): AsyncGenerator<object> {
    for await (const [line = "{}"] of this.#query("SELECT TO_JSON_STRING(t)", month, signal)) {
      yield JSON.parse(line) as object;
    }
  }

  async statement(month: string, signal: AbortSignal): Promise<{ amount: Money; saidBy: string } | undefined> {
    const sum = "SUM(t.cost) + SUM(IFNULL((SELECT SUM(c.amount) FROM UNNEST(t.credits) AS c), 0))";
    const select = `SELECT ANY_VALUE(t.currency), CAST(${sum} AS STRING)`;
    const [row] = await Array.fromAsync(this.#query(select, month, signal));
    const [currency, total] = row ?? [];
    if (!currency || !total) return undefined;
    return {
      amount: { micros: Math.round(Number(total) * 1e6), currency },
      saidBy: "the billing export, summed by BigQuery",
    };
  }

  async *#query(select: string, month: string, signal: AbortSignal): AsyncGenerator<(string | undefined)[]> {
    const project = await this.#gcp.project();
    const subject = { operation: "read costs", resource: this.#gcp.resource("billing-table", this.#table) };
    const path = /^[\w-]+(?:\.[\w$-]+){2}$/.exec(this.#table)?.[0];
    if (path === undefined) {
      throw invalid(subject, "it is no table of BigQuery's", "Write billing_table as project.dataset.table.");
    }
    // Lines of a month are exported from its first day on: older partitions are not read.
    const query = `${select} FROM \`${path}\` AS t
      WHERE t._PARTITIONTIME >= @from AND t.invoice.month = @month AND t.project.id = @project
        AND (t.location.zone = @zone OR (t.location.zone IS NULL AND t.location.region = @region))`;
    const parameter = (name: string, value: string, type = "STRING") => ({
      ...{ name, parameterType: { type }, parameterValue: { value } },
    });
    const queryParameters = [
      parameter("from", `${month}-01 00:00:00 UTC`, "TIMESTAMP"),
      parameter("month", month.replace("-", "")),
      parameter("project", project),
      parameter("zone", this.#gcp.entry.zone),
      parameter("region", this.#gcp.region),
    ];
    const base = `bigquery/v2/projects/${project}/queries`;
    const host = "https://bigquery.googleapis.com";
    const ask = { query, queryParameters, parameterMode: "NAMED", useLegacySql: false, maxResults: pageRows };
    let answer = await this.#gcp.rest<Answer>(
      { service: "bigquery", method: "jobs.query", host, path: base, body: ask },
      subject,
      signal,
    );
    for (;;) {
      if (answer.jobComplete !== false) yield* (answer.rows ?? []).map(({ f }) => f.map(({ v }) => v ?? undefined));
      const { jobId, location } = answer.jobReference ?? {};
      if (jobId === undefined || (answer.jobComplete !== false && !answer.pageToken)) return;
      // It answers when the job is done, or after ten seconds.
      if (answer.jobComplete === false) await sleep(this.#gcp.patience.pollMs.first, undefined, { signal });
      const next: Answer = await this.#gcp.rest(
        {
          ...{ service: "bigquery", method: "jobs.getQueryResults", host, path: `${base}/${jobId}` },
          query: {
            maxResults: String(pageRows),
            ...(location ? { location } : {}),
            ...(answer.pageToken ? { pageToken: answer.pageToken } : {}),
          },
        },
        subject,
        signal,
      );
      answer = { jobReference: { jobId, ...(location ? { location } : {}) }, ...next };
    }
  }
}
