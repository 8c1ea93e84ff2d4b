/** What the benches of whole moves have in common: a guest that is moved and timed, and what anybody would need for it. */
import type { MigrationRequest } from "../../src/domain/migration.ts";
import { median, seconds } from "./measure.ts";
import type { NbdLab } from "./nbd-lab.ts";
import { type Figure, figure } from "./report.ts";
import type { StackLab } from "./stack-lab.ts";

const exportName = "disk";

/** Seconds that each step took, move by move. */
export type StepTimes = Record<string, number[]>;

export interface MovesMeasured {
  readonly migration: readonly number[];
  readonly copy: readonly number[];
  readonly boot: readonly number[];
  readonly steps: StepTimes;
  readonly copyIs: string;
  readonly bootIs: string;
  /** Of what a move takes beside the copy and the boot. */
  readonly goal: number;
}

export function overheadFigures(way: string, measured: MovesMeasured): Figure[] {
  const { steps, copyIs, bootIs, goal } = measured;
  const [migration, copy, boot] = [measured.migration, measured.copy, measured.boot].map(median) as [
    number,
    number,
    number,
  ];
  const seen = (name: string, value: number, aim?: number): Figure =>
    figure({ name: `${way}: ${name}`, value, unit: "s", better: "lower", ...(aim === undefined ? {} : { goal: aim }) });
  return [
    seen("overhead", migration - copy - boot, goal),
    seen("migration, end to end", migration),
    seen(`bare copy, ${copyIs}`, copy),
    seen(`bare boot, ${bootIs}`, boot),
    ...Object.entries(steps).map(([step, times]) => seen(`step ${step}`, median(times))),
  ];
}

/** Moves all of a VM's bytes, from the order to the proven, booted guest at the target. */
export async function timedMove(
  lab: StackLab,
  request: MigrationRequest,
  steps: StepTimes,
): Promise<{ id: string; vmId: string; time: number }> {
  const started = performance.now();
  const id = await lab.migrate({ ...request, incremental: false });
  const view = await lab.untilView(id, ({ state }) => state === "awaiting-finalize", 20);
  const time = (performance.now() - started) / 1000;
  if (view.bootProof !== "proven") throw new Error(`The boot is ${view.bootProof}, not proven.`);
  for (const { step, startedAt, endedAt } of view.steps) {
    if (endedAt) (steps[step] ??= []).push((Date.parse(endedAt) - Date.parse(startedAt)) / 1000);
  }
  return { id, vmId: view.vm.targetVmId ?? "", time };
}

/** What any copier needs: the disk served, an empty image served, all bytes moved and flushed. */
export async function nbdCopy(nbd: NbdLab, disk: string): Promise<number> {
  const sizeBytes = await nbd.sizeBytes(disk);
  return seconds(async () => {
    const image = await nbd.qcow2("copy.qcow2", sizeBytes);
    const reading = await nbd.serve(disk, ["--read-only", "-f", "qcow2"]);
    const writing = await nbd.serve(image, ["-f", "qcow2"]);
    const uris = [reading, writing].map(({ path }) => `nbd+unix:///${exportName}?socket=${path}`);
    const { exitCode, stderr } = await nbd.tools.run("nbdcopy", ["--flush", ...uris]);
    if (exitCode !== 0) throw new Error(`nbdcopy: ${stderr}`);
    await Promise.all([reading.stop("SIGTERM"), writing.stop("SIGTERM")]);
  });
}
