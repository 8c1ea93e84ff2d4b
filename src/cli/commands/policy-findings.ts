import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { allPages, answerOf, connectApi, type Schemas } from "../client.ts";
import { CliError, usageError } from "../failure.ts";
import { fields, show, table } from "../output.ts";
import { readCount } from "../units.ts";
import type { CommonOptions } from "./options.ts";
import { readDraft } from "./policies.ts";

const lookEveryMs = 500;
const states = ["open", "exempt", "resolved"] as const;

export async function listFindings(
  options: CommonOptions & { policy?: string; state?: string; site?: string },
): Promise<void> {
  const { api } = connectApi(options);
  const { policy, site } = options;
  const state = states.find((known) => known === (options.state ?? "open"));
  if (!state) throw usageError(`no state ${options.state}`, `Use ${states.join(", ")}.`);
  const wanted = { state, ...(policy === undefined ? {} : { policy }), ...(site === undefined ? {} : { site }) };
  const all = await allPages((cursor) =>
    answerOf(
      api.GET("/v1/policy-findings", { params: { query: { ...wanted, limit: 200, ...(cursor ? { cursor } : {}) } } }),
    ),
  );
  await show(all, options.output, (rows) =>
    table(
      rows,
      [
        { head: "FINDING", value: (row) => row.finding_id },
        { head: "POLICY", value: (row) => row.policy },
        { head: "SEVERITY", value: (row) => row.severity },
        { head: "RESOURCE", value: (row) => `${row.site}/${row.kind}/${row.resource_id}` },
        { head: "NAME", value: (row) => row.name },
        { head: "STATE", value: (row) => row.state },
        { head: "FIRST SEEN", value: (row) => row.first_seen_at },
        { head: "LAST SEEN", value: (row) => row.last_seen_at },
      ],
      "No findings.",
    ),
  );
}

export async function showFinding(id: string, options: CommonOptions): Promise<void> {
  const { api } = connectApi(options);
  const finding = await answerOf(api.GET("/v1/policy-findings/{id}", { params: { path: { id } } }));
  await show(finding, options.output, async (row) =>
    fields([
      ["Finding", row.finding_id],
      ["Policy", `${row.policy} (${row.severity})`],
      ["Resource", `${row.site}/${row.kind}/${row.resource_id}`],
      ["Name", row.name],
      ["State", row.exemption_id === undefined ? row.state : `${row.state} (${row.exemption_id})`],
      ["Why", row.why ?? "it doesn't break the policy any more, or is gone"],
      ["Remedy", row.remedy],
      ["First seen", row.first_seen_at],
      ["Last seen", row.last_seen_at],
      ["Resolved", row.resolved_at],
    ]),
  );
}

export async function scanPolicies(options: CommonOptions & { wait: boolean }): Promise<void> {
  const { api } = connectApi(options);
  const header = { "Idempotency-Key": randomUUID() };
  const { scan_id: id } = await answerOf(api.POST("/v1/policy-scans", { params: { header } }));
  if (!options.wait) {
    await show({ scan_id: id }, options.output, async () => `Started ${id}\nLook at it: novacron policies scans ${id}`);
    return;
  }
  let scan = await found(api.GET("/v1/policy-scans/{id}", { params: { path: { id } } }));
  while (!scan || scan.state === "running") {
    await sleep(lookEveryMs);
    scan = await found(api.GET("/v1/policy-scans/{id}", { params: { path: { id } } }));
  }
  await show(scan, options.output, describeScan);
  if (scan.state === "failed") throw new CliError(`The scan failed: ${scan.reason ?? ""}`, "Start another one.");
}

/** Its run has to begin before there is a row of it. */
async function found(asked: Promise<{ data?: Schemas["PolicyScan"]; response: Response }>) {
  const answer = await asked;
  return answer.response.status === 404 ? undefined : answerOf(Promise.resolve(answer));
}

export async function showScans(id: string | undefined, options: CommonOptions): Promise<void> {
  const { api } = connectApi(options);
  if (id !== undefined) {
    const scan = await answerOf(api.GET("/v1/policy-scans/{id}", { params: { path: { id } } }));
    await show(scan, options.output, describeScan);
    return;
  }
  const { items } = await answerOf(api.GET("/v1/policy-scans", { params: { query: { limit: 50 } } }));
  await show(items, options.output, (rows) =>
    table(
      rows,
      [
        { head: "SCAN", value: (row) => row.scan_id },
        { head: "STATE", value: (row) => row.state },
        { head: "STARTED", value: (row) => row.started_at },
        { head: "ENDED", value: (row) => row.ended_at ?? "" },
        { head: "ASKED BY", value: (row) => row.asked_by },
      ],
      "No scans yet.",
    ),
  );
}

async function describeScan(scan: Schemas["PolicyScan"]): Promise<string> {
  const rows = await table(
    scan.results,
    [
      { head: "POLICY", value: (row) => row.policy },
      { head: "SEVERITY", value: (row) => row.severity },
      { head: "JUDGED", align: "right", value: (row) => `${row.judged}` },
      { head: "VIOLATIONS", align: "right", value: (row) => `${row.violations}` },
      { head: "EXEMPT", align: "right", value: (row) => `${row.exempt}` },
      { head: "UNKNOWN", align: "right", value: (row) => `${row.unknown}` },
      { head: "NEW", align: "right", value: (row) => `${row.opened}` },
      { head: "RESOLVED", align: "right", value: (row) => `${row.resolved}` },
    ],
    "No policies are switched on.",
  );
  const head = fields([
    ["Scan", scan.scan_id],
    ["State", scan.reason === undefined ? scan.state : `${scan.state}: ${scan.reason}`],
    ["Started", scan.started_at],
    ["Ended", scan.ended_at],
  ]);
  return `${head}\n\n${rows}`;
}

/** Now, or over what the inventory was. */
export async function tryPolicy(
  nameOrNothing: string | undefined,
  options: CommonOptions & { file?: string; from?: string; everyHours?: string },
): Promise<void> {
  const { api } = connectApi(options);
  const { file, from, everyHours } = options;
  if ((nameOrNothing === undefined) === (file === undefined)) {
    throw usageError("either a policy's name or a file says what is tried", "Give one of the two.");
  }
  const body = {
    ...(nameOrNothing === undefined ? {} : { policy: nameOrNothing }),
    ...(file === undefined ? {} : { draft: await readDraft(file) }),
    ...(from === undefined ? {} : { from }),
    ...(everyHours === undefined ? {} : { every_hours: readCount(everyHours) }),
  };
  const { moments } = await answerOf(api.POST("/v1/policy-dry-runs", { body }));
  await show({ moments }, options.output, async (result) => {
    const counts = await table(
      result.moments,
      [
        { head: "AT", value: (row) => row.at },
        { head: "JUDGED", align: "right", value: (row) => `${row.judged}` },
        { head: "VIOLATIONS", align: "right", value: (row) => `${row.violations}` },
        { head: "UNKNOWN", align: "right", value: (row) => `${row.unknown}` },
      ],
      "Nothing was tried.",
    );
    const last = result.moments.at(-1)?.examples ?? [];
    const lines = last.map((each) => `  ${each.site}/${each.kind}/${each.resource_id} (${each.name})`);
    return lines.length === 0 ? counts : `${counts}\n\nAt the last of them:\n${lines.join("\n")}`;
  });
}
