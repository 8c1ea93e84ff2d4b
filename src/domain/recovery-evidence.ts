import type { Money } from "./money.ts";
import type { RecoveryRun, RecoveryStepRecord } from "./recovery-run.ts";

/** Who decided on the plan that was carried out. */
export interface EvidenceApproval {
  readonly by: string;
  readonly decision: string;
  readonly at: string;
}

/** What a disk was brought up from. */
export interface EvidenceDisk {
  readonly vm: string;
  readonly diskId: string;
  /** Of its manifest in the recovery point. */
  readonly rootHash: string;
}

export interface Evidence {
  readonly run: RecoveryRun;
  readonly steps: readonly RecoveryStepRecord[];
  /** Of the plan that was carried out; absent where the run never came to one. */
  readonly planHash?: string;
  readonly approvals: readonly EvidenceApproval[];
  /** Of the point that was taken. */
  readonly disks: readonly EvidenceDisk[];
}

/** The report of a run as one page that needs nothing beside itself: for whoever asks for it in years. */
export function evidencePage({ run, steps, planHash, approvals, disks }: Evidence): string {
  const { report, problem } = run;
  const facts: readonly (readonly [string, string | undefined])[] = [
    ["Run", run.runId],
    ["What", `${run.mode} of ${run.groupId}: ${run.from} → ${run.to}`],
    ["Reason", run.reason],
    ["Asked for by", run.createdBy],
    ["State", run.state],
    ["Began", run.createdAt],
    ["Ended", run.endedAt],
    ["Plan", `${run.planId}${planHash === undefined ? "" : `, SHA-256 ${planHash}`}`],
    ["Recovery point", report && `${report.pointId}, which shows ${report.pointTakenAt}`],
    ["RTO", report && against(report.rtoSeconds, report.rtoObjectiveSeconds)],
    ["RPO", report && against(report.rpoSeconds, report.rpoObjectiveSeconds)],
    ["Cost", report?.cost?.total && costOf(report.cost.total, report.cost.complete)],
    ["Left over", report?.leftOver === undefined ? undefined : String(report.leftOver)],
    ["Problem", problem && `${problem.code}: ${problem.message}`],
  ];
  const told = facts.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
  const title = `Recovery run ${run.runId}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>${text(title)}</title>
<style>
body { font: 14px/1.5 system-ui, sans-serif; margin: 2rem; color: #1a1a1a; }
table { border-collapse: collapse; margin: 1rem 0; }
th, td { border: 1px solid #ccc; padding: .3rem .6rem; text-align: left; vertical-align: top; }
th { background: #f4f4f4; }
</style>
</head>
<body>
<h1>${text(title)}</h1>
${table(undefined, told)}
<h2>Approvals</h2>
${
  approvals.length === 0
    ? "<p>None was asked for.</p>"
    : table(
        ["Who", "Decision", "When"],
        approvals.map(({ by, decision, at }) => [by, decision, at]),
      )
}
<h2>VMs</h2>
${table(
  ["VM", "Boot group", "Id", "Proven after", "Boot"],
  (report?.vms ?? []).map(({ vm, bootGroup, vmId, provenAfterSeconds, bootProven }) => {
    return [vm, bootGroup, vmId, seconds(provenAfterSeconds), bootProven ? "proven" : "not proven"];
  }),
)}
<h2>Disks</h2>
${table(
  ["VM", "Disk", "SHA-256 of its manifest"],
  disks.map(({ vm, diskId, rootHash }) => [vm, diskId, rootHash]),
)}
<h2>Steps</h2>
${table(
  ["#", "Step", "Of", "State", "Began", "Took", "What", "Came of it"],
  steps.map(({ position, step, bootGroup, vm, state, startedAt, endedAt, detail, outcome, problem: failed }) => {
    const took = endedAt === undefined ? "" : seconds((Date.parse(endedAt) - Date.parse(startedAt)) / 1000);
    const cameOfIt = failed ? `${failed.code}: ${failed.message}` : (outcome ?? "");
    return [String(position), step, vm ?? bootGroup ?? "", state, startedAt, took, detail, cameOfIt];
  }),
)}
</body>
</html>
`;
}

function costOf({ micros, currency }: Money, complete: boolean): string {
  return `${complete ? "" : "at least "}${(micros / 1e6).toFixed(4)} ${currency}, by the prices of the sizes`;
}

function against(measured: number, objective: number): string {
  return `${seconds(measured)} (objective ${seconds(objective)}: ${measured <= objective ? "kept" : "missed"})`;
}

function seconds(value: number): string {
  return `${value.toFixed(1)} s`;
}

function table(heads: readonly string[] | undefined, rows: readonly (readonly string[])[]): string {
  const head = heads ? `<tr>${heads.map((each) => `<th>${text(each)}</th>`).join("")}</tr>\n` : "";
  const body = rows.map((row) => `<tr>${row.map((cell) => `<td>${text(cell)}</td>`).join("")}</tr>`).join("\n");
  return `<table>\n${head}${body}\n</table>`;
}

function text(value: string): string {
  const entities: Readonly<Record<string, string>> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#39;",
  };
  return value.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}
