import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { allPages, answerOf, connectApi, type Schemas } from "../client.ts";
import { CliError, usageError } from "../failure.ts";
import { fields, show, table } from "../output.ts";
import { formatBytes, formatSeconds, readCount } from "../units.ts";
import type { CommonOptions } from "./options.ts";
import { describeCost } from "./plans.ts";

export interface AssessOptions extends CommonOptions {
  readonly from: string;
  readonly to: string;
  readonly query?: string;
  readonly flows?: string;
  readonly waveSize?: string;
  readonly mode?: string;
  /** False with --no-wait. */
  readonly wait: boolean;
}

type Assessment = Schemas["Assessment"];
type AssessedVm = Schemas["AssessedVm"];
const modes = ["cold", "warm", "live"] as const;
const lookEveryMs = 500;

export async function assess(options: AssessOptions): Promise<void> {
  const { api } = connectApi(options);
  const { from, to, query, flows, waveSize } = options;
  const mode = modes.find((known) => known === options.mode);
  if (options.mode !== undefined && !mode) throw usageError(`no mode ${options.mode}`, `Use ${modes.join(", ")}.`);
  const body = {
    from,
    to,
    ...(query === undefined ? {} : { query }),
    ...(mode === undefined ? {} : { mode }),
    ...(flows === undefined ? {} : { flows: await readText(flows) }),
    ...(waveSize === undefined ? {} : { wave_size: readCount(waveSize) }),
  };
  const header = { "Idempotency-Key": randomUUID() };
  let assessment = await answerOf(api.POST("/v1/assessments", { body, params: { header } }));
  const path = { id: assessment.assessment_id };
  for (let said = ""; options.wait && assessment.state === "running"; ) {
    const line = `${assessment.assessed} of ${assessment.vms} VMs looked at`;
    if (line !== said) process.stderr.write(`${line}\n`);
    said = line;
    await sleep(lookEveryMs);
    assessment = await answerOf(api.GET("/v1/assessments/{id}", { params: { path } }));
  }
  if (options.wait) await showAssessment(path.id, options);
  else {
    await show(
      assessment,
      options.output,
      () => `Started ${path.id}\nLook at it: novacron assessments show ${path.id}`,
    );
  }
  if (assessment.state === "failed") {
    throw new CliError(`The assessment failed: ${assessment.reason ?? ""}`, "Start another one.");
  }
}

export async function listAssessments(options: CommonOptions): Promise<void> {
  const { api } = connectApi(options);
  const all = await allPages((cursor) =>
    answerOf(api.GET("/v1/assessments", { params: { query: { limit: 200, ...(cursor ? { cursor } : {}) } } })),
  );
  await show(all, options.output, (rows) =>
    table(
      rows,
      [
        { head: "ASSESSMENT", value: (row) => row.assessment_id },
        { head: "FROM", value: (row) => row.from },
        { head: "TO", value: (row) => row.to },
        { head: "STATE", value: (row) => row.state },
        { head: "VMS", align: "right", value: (row) => `${row.assessed} of ${row.vms}` },
        { head: "CREATED", value: (row) => row.created_at },
      ],
      "No assessments.",
    ),
  );
}

export async function showAssessment(id: string, options: CommonOptions): Promise<void> {
  const { api } = connectApi(options);
  const params = { path: { id } };
  const assessment = await answerOf(api.GET("/v1/assessments/{id}", { params }));
  const { items } = await answerOf(api.GET("/v1/assessments/{id}/vms", { params }));
  await show({ ...assessment, items }, options.output, (row) => describe(row, row.items));
}

async function describe(assessment: Assessment, vms: readonly AssessedVm[]): Promise<string> {
  const { report } = assessment;
  const findings = vms.flatMap(({ name, findings: found }) =>
    found.map(({ detail, remedy }) => `  ${name}: ${detail}${remedy === undefined ? "" : `. ${remedy}`}`),
  );
  const rows = await table(
    vms,
    [
      { head: "VM", value: (row) => row.name },
      { head: "READINESS", value: (row) => row.readiness },
      { head: "TO MOVE", align: "right", value: (row) => sized(row.bytes_to_move) },
      { head: "TAKES", align: "right", value: (row) => timed(row.seconds) },
      { head: "DOWN", align: "right", value: (row) => timed(row.downtime_seconds) },
      { head: "A MONTH", value: (row) => (row.monthly ? describeCost(row.monthly).replace(/,$/, "") : "") },
      { head: "PLAN", value: (row) => row.plan_id ?? "" },
    ],
    "No VM was looked at yet.",
  );
  const head = fields([
    ["Assessment", assessment.assessment_id],
    ["Route", `${assessment.from} → ${assessment.to}`],
    ["State", assessment.reason === undefined ? assessment.state : `${assessment.state}: ${assessment.reason}`],
    ["Looked at", `${assessment.assessed} of ${assessment.vms} VMs`],
    ...(report ? totals(report) : []),
  ]);
  return [head, rows, findings.length > 0 ? `Findings:\n${findings.join("\n")}` : "", report ? waves(report) : ""]
    .filter(Boolean)
    .join("\n\n");
}

function totals({
  totals: all,
  flow_records: flows,
}: Schemas["AssessmentReport"]): (readonly [string, string | undefined])[] {
  const unpriced = all.without_price > 0 ? ` (${all.without_price} VMs have no price)` : "";
  return [
    ["Readiness", `${all.ready} ready, ${all.warning} with warnings, ${all.blocking} blocked`],
    ["To move", formatBytes(all.bytes_to_move)],
    [
      "Takes",
      `${formatSeconds(all.seconds)} for all waves; at most ${formatSeconds(all.longest_downtime_seconds)} down`,
    ],
    ["Price", all.monthly && `${describeCost(all.monthly)} a month${unpriced}`],
    ["Egress", all.egress && `${describeCost(all.egress)} for all moves`],
    [
      "Flows",
      flows
        ? `${flows.of_vms} of ${flows.read} records are of these VMs`
        : "none given: who talks to whom is not known",
    ],
  ];
}

function waves({ waves: proposed, outside }: Schemas["AssessmentReport"]): string {
  const lines = proposed.flatMap(({ wave, vms, why, seconds, bytes_to_move: bytes, findings }) => [
    `  ${wave}. ${vms.join(", ")} (${why}): ${formatBytes(bytes)}, ${formatSeconds(seconds)}`,
    ...findings.map(({ detail, remedy }) => `     ${detail}${remedy === undefined ? "" : `. ${remedy}`}`),
  ]);
  const peers = outside.map(({ vm, peer, ports, bytes }) => {
    const on = ports.length > 0 ? ` on ${ports.join(", ")}` : "";
    return `  ${vm} ↔ ${peer}${on}${bytes === undefined ? "" : `: ${formatBytes(bytes)}`}`;
  });
  return [
    lines.length > 0 ? `Proposed waves:\n${lines.join("\n")}` : "No VM can move as it is.",
    peers.length > 0 ? `Talks to others, which must be reached from the new site too:\n${peers.join("\n")}` : "",
  ]
    .filter(Boolean)
    .join("\n\n");
}

function sized(bytes: number | undefined): string {
  return bytes === undefined ? "" : formatBytes(bytes);
}

function timed(seconds: number | undefined): string {
  return seconds === undefined ? "" : formatSeconds(seconds);
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new CliError(`${file} cannot be read`, "Name a file that is there.", { cause });
  }
}
