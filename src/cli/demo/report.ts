import type { Migration } from "./steps.ts";

/** One move as `demo --json` tells it. Seconds, bytes. */
export interface MoveReport {
  readonly from: string;
  readonly to: string;
  readonly vm: string;
  readonly bytes_allocated: number;
  readonly bytes_copied: number;
  readonly bytes_resent: number;
  readonly seconds: Readonly<Record<string, number>>;
  readonly downtime_seconds: number;
  readonly identical: boolean;
  readonly booted: boolean;
  readonly application_intact: boolean;
  readonly certificate: string;
}

/** What `demo --json` prints. */
export interface DemoReport {
  readonly ok: boolean;
  readonly set_up_seconds: number;
  readonly total_seconds: number;
  readonly moves: readonly MoveReport[];
  readonly orphans: number;
  readonly temporal_ui: string;
  readonly simulated: readonly string[];
  /** Present where no guest could run: why. The moves were of disks alone, and `booted` is false. */
  readonly without_boot_proof?: string;
}

/** The one line that says what was left out. */
export function withoutBootLine(reason: string): string {
  return `No guest can run here, so disks are moved and no boot is proven: ${reason}`;
}

export function reportMove(
  migration: Migration,
  proof: { identical: boolean; applicationIntact: boolean; certificateFile: string },
): MoveReport {
  const seconds = migration.steps.map(({ step, started_at, ended_at }) => [
    step,
    (Date.parse(ended_at ?? started_at) - Date.parse(started_at)) / 1000,
  ]);
  return {
    from: migration.from,
    to: migration.to,
    vm: migration.vm.name,
    bytes_allocated: migration.disks.reduce((sum, disk) => sum + disk.allocated_bytes, 0),
    bytes_copied: migration.bytes_copied,
    bytes_resent: migration.bytes_resent,
    seconds: Object.fromEntries(seconds),
    downtime_seconds: migration.downtime_seconds ?? 0,
    identical: proof.identical,
    booted: migration.boot_proof === "proven",
    application_intact: proof.applicationIntact,
    certificate: proof.certificateFile,
  };
}

/** The summary for people. */
export function describe(report: DemoReport, links: { reference: string; kept: boolean }): string {
  const lines = report.moves.flatMap((move) => [
    `${move.vm}: ${move.from} → ${move.to}`,
    `  moved      ${mib(move.bytes_copied)}, ${mib(move.bytes_allocated)} allocated${move.bytes_resent > 0 ? `, ${mib(move.bytes_resent)} sent again after a kill` : ""}`,
    `  seconds    ${Object.entries(move.seconds)
      .map(([step, seconds]) => `${step} ${seconds.toFixed(1)}`)
      .join(" · ")}`,
    ...(report.without_boot_proof === undefined
      ? [`  downtime   ${move.downtime_seconds.toFixed(1)} s, boot included`]
      : []),
    `  proof      ${proofOf(move, report.without_boot_proof !== undefined)}`,
    `  certificate ${move.certificate}`,
  ]);
  const tail = links.kept
    ? [`Temporal UI    ${report.temporal_ui}`, `API reference  ${links.reference}`]
    : ["Run it with --keep to look at the runs in Temporal's UI and the API reference afterwards."];
  return [
    ...lines,
    ...(report.without_boot_proof === undefined ? [] : [withoutBootLine(report.without_boot_proof)]),
    ...report.simulated.map((kind) => `${kind} is simulated on this machine: nothing of it was seen at the real cloud`),
    `orphans ${report.orphans} · set-up ${report.set_up_seconds.toFixed(1)} s · total ${report.total_seconds.toFixed(1)} s`,
    ...tail,
  ].join("\n");
}

function proofOf(move: MoveReport, disksOnly: boolean): string {
  const disk = `disk ${move.identical ? "identical" : "NOT identical"}`;
  const intact = move.application_intact ? "intact" : "NOT intact";
  if (disksOnly) return `${disk} · data ${intact}`;
  return `${disk} · ${move.booted ? "booted" : "boot not proven"} · application ${intact}`;
}

function mib(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
