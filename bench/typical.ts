import { setTimeout as sleep } from "node:timers/promises";
import type { MigrationView } from "../src/domain/migration.ts";
import type { PlanEstimates } from "../src/domain/plan.ts";
import { rollbackUpdate } from "../src/workflows/migrate-vm/messages.ts";
import type { Bench, BenchContext, Figure } from "./lib/report.ts";
import { figure } from "./lib/report.ts";
import { type Site, StackLab, startParts } from "./lib/stack-lab.ts";

const gib = 2 ** 30;
const from: Site = "onprem-a";
const to: Site = "onprem-b";
const defaultGib = 40;
/** 500 Mbps. */
const bandwidthBytesPerSecond = 62_500_000;
/** Moved before, so that there is something to predict from; parts of the one that is measured. */
const earlier = [1 / 64, 1 / 32, 1 / 16];
/** What users were promised, and what is aimed at. */
const promisedSeconds = 600;
const aimSeconds = 300;
const mostOff = 0.2;
const withinMs = 3_600_000;
const pollMs = 200;

export const typicalBench: Bench = {
  name: "typical",
  summary: `A disk of ${defaultGib} GiB, half allocated, over 500 Mbps, its source stopped: time, bulk copy and downtime, and how its plan's prediction held`,
  takes: ["size"],
  run,
};

async function run({ note, sizeGib = defaultGib }: BenchContext): Promise<Figure[]> {
  await using lab = new StackLab(await startParts());
  await lab.startWorkerProcess();
  for (const part of earlier) {
    const { view } = await moved(lab, part * sizeGib);
    note(`${part * sizeGib} GiB: ${view.times?.seconds} s`);
  }
  const { estimates, view } = await moved(lab, sizeGib);
  const { seconds = Number.NaN, bulkCopySeconds = Number.NaN } = view.times ?? {};
  const { seconds: predicted = Number.NaN, downtimeSeconds: predictedDown = Number.NaN } = estimates;
  const taken = { unit: "s", better: "lower" } as const;
  // The promise is of one size.
  const promised = sizeGib === defaultGib ? { goal: promisedSeconds } : {};
  const off = (value: number, prediction: number) => Math.abs(value / prediction - 1);
  const kept = { unit: "of what was predicted", goal: mostOff, better: "lower" } as const;
  return [
    figure({ ...taken, name: "first step to certificate", value: seconds, ...promised }),
    ...(sizeGib === defaultGib
      ? [figure({ ...taken, name: "the same, beside the aim", value: seconds, peer: "aim", peer_value: aimSeconds })]
      : []),
    figure({
      ...taken,
      name: "bulk copy",
      value: bulkCopySeconds,
      peer: "bytes ÷ limit",
      peer_value: view.bytesCopied / bandwidthBytesPerSecond,
    }),
    figure({ ...taken, name: "downtime", value: view.downtimeSeconds ?? Number.NaN }),
    figure({ ...taken, name: "predicted time", value: predicted }),
    figure({ ...kept, name: "time beside its prediction, off by", value: off(seconds, predicted) }),
    figure({
      ...kept,
      name: "downtime beside its prediction, off by",
      value: off(view.downtimeSeconds ?? Number.NaN, predictedDown),
    }),
  ];
}

/** A running machine's move, from plan to certificate; then nothing of it is left at the target. */
async function moved(lab: StackLab, size: number): Promise<{ estimates: PlanEstimates; view: MigrationView }> {
  const sizeBytes = size * gib;
  const disks = [{ sizeBytes, dataBytes: sizeBytes / 2 }];
  const made = { site: from, name: `gib-${size}`.replace(".", "-"), disks };
  const { vmId } = await lab.sandbox<{ vmId: string }>("POST", "/data-vms", made);
  const signal = AbortSignal.timeout(60_000);
  const { compute } = await lab.deps.registry.provider(from);
  await compute.startVm(vmId, signal);
  const rest = { bandwidthBytesPerSecond, stopGraceMs: 100, verify: { bootProof: false } };
  const plan = await lab.plan({ vm: vmId, from, to, ...rest });
  const id = await lab.execute(plan);
  const view = await untilMoved(lab, id);
  await lab.client.workflow.getHandle(`migration/${id}`).executeUpdate(rollbackUpdate);
  await lab.sandbox("DELETE", `/guests/${from}/${vmId}`);
  return { estimates: plan.estimates, view };
}

async function untilMoved(lab: StackLab, id: string): Promise<MigrationView> {
  for (const deadline = Date.now() + withinMs; ; await sleep(pollMs)) {
    const view = await lab.store.migrations.get(id);
    if (view?.state === "awaiting-finalize") return view;
    if (view?.endedAt) throw new Error(`${id} ended as ${view.state}: ${JSON.stringify(view.problem)}`);
    if (Date.now() > deadline) throw new Error(`${id} is stuck: ${JSON.stringify(view)}`);
  }
}
