import { setTimeout as sleep } from "node:timers/promises";
import { DefaultLogger, Runtime } from "@temporalio/worker";
import type { Plan } from "../src/domain/plan.ts";
import type { ProtectionGroup } from "../src/domain/protection.ts";
import type { ProtectVmParameters } from "../src/domain/protection-plan.ts";
import { resolvePolicy } from "../src/domain/protection-policy.ts";
import type { RecoveryRun, RecoveryStepRecord } from "../src/domain/recovery-run.ts";
import { cacheDir } from "../src/host/paths.ts";
import { taskQueue } from "../src/temporal/connection.ts";
import { startFailover } from "../src/temporal/start-failover.ts";
import { createWorker } from "../src/worker/worker.ts";
import { Journal, journalAt } from "./lib/journal.ts";
import type { Bench, BenchContext, Figure } from "./lib/report.ts";
import { figure } from "./lib/report.ts";
import { StackLab, startParts } from "./lib/stack-lab.ts";

const mib = 2 ** 20;
const [from, to] = ["onprem-a", "onprem-b"] as const;
/** VMs of each boot group, one group after the other. */
const bootGroups = { data: 4, application: 8, web: 8 } as const;
const vms = Object.values(bootGroups).reduce((sum, count) => sum + count, 0);
const bootMs = 8_000;
const intervalSeconds = 10;
const stuckMs = 600_000;

export const failoverBench: Bench = {
  name: "failover",
  summary: `${vms} VMs in ${Object.keys(bootGroups).length} boot groups fail over between two hosts: time from the decision (detection comes before it) until all are proven, with a boot of ${bootMs / 1000} s each, by step, and what the journal lost`,
  run,
};

async function run({ note }: BenchContext): Promise<Figure[]> {
  // The report is all that is wanted of it.
  Runtime.install({ logger: new DefaultLogger("ERROR"), shutdownSignals: [] });
  await using lab = new StackLab(await startParts());
  const { worker, close } = await createWorker({
    temporal: { address: lab.temporal.address, namespace: "default" },
    bundleCacheDir: cacheDir(),
    deps: lab.deps,
    // There is no system on the disks: what stands for its boot takes as long on every machine.
    decorate: (activities) => ({
      ...activities,
      async verifyVm(input: Parameters<typeof activities.verifyVm>[0]) {
        const [verified] = await Promise.all([activities.verifyVm(input), sleep(bootMs)]);
        return verified;
      },
    }),
  });
  const running = worker.run();
  try {
    return await measure(lab, note);
  } finally {
    worker.shutdown();
    await running;
    await close();
  }
}

async function measure(lab: StackLab, note: (line: string) => void): Promise<Figure[]> {
  const { compute } = await lab.deps.registry.provider(from);
  const members: { group: string; name: string; vmId: string }[] = [];
  for (const [group, count] of Object.entries(bootGroups)) {
    for (let index = 1; index <= count; index++) {
      const name = `${group}-${index}`;
      const disks = [{ sizeBytes: 16 * mib, dataBytes: 4 * mib }];
      const { vmId } = await lab.sandbox<{ vmId: string }>("POST", "/data-vms", { site: from, name, disks });
      await compute.startVm(vmId, AbortSignal.timeout(stuckMs));
      members.push({ group, name, vmId });
    }
  }
  note(`${vms} VMs run at ${from}; a boot is simulated, and takes ${bootMs / 1000} s`);
  const groupId = await protect(
    lab,
    members.map(({ vmId }) => vmId),
  );
  const groups = Object.keys(bootGroups).map((name) => ({
    name,
    vms: members.filter(({ group }) => group === name).map((vm) => ({ vm: vm.name, verify: { bootProof: false } })),
  }));
  await lab.store.recoveryPlans.set(groupId, { bootGroups: groups }, "user/bench");
  const written = members[0]?.vmId ?? "";
  const journal = new Journal((command) => lab.virsh(from, "qemu-monitor-command", "--hmp", written, command));
  const before = (await points(lab, groupId, 1))[0]?.sequence ?? 0;
  await until("two rounds beside the journal", async () => {
    const [newest] = await points(lab, groupId, 1);
    return (newest?.sequence ?? 0) >= before + 2;
  });
  note("the journal is written, and replicated; the site is given up");
  const decidedMs = Date.now();
  const decided = { groupId, epoch: 0, decisionId: "bench", reason: "a bench", requestedBy: "user/bench" };
  const outageAt = new Date(decidedMs).toISOString();
  const { runId } = await startFailover(lab.client, { ...decided, outageAt });
  const ended = await end(lab, runId);
  await journal.close();
  const { report } = ended;
  if (!report) throw new Error(`The failover is ${ended.state}: ${JSON.stringify(ended.problem)}`);
  const point = await lab.store.groupPoints.get(report.pointId);
  const { disks } = await lab.deps.registry.provider(to);
  const source = await disks.openPoint(point?.vms[0]?.disks[0]?.generationId ?? "", AbortSignal.timeout(stuckMs));
  const last = await journalAt(source);
  await source.close();
  const lostSeconds = Math.max(0, (decidedMs - (journal.acknowledgedMs(last) ?? 0)) / 1000);
  const steps = await lab.store.recoveryRuns.steps(runId);
  const shown = ["verify-site", "claim", "fence", "freeze-point", "clone", "create", "verify", "hand-over"];
  return [
    figure({ name: "RTO: decision to all proven", value: report.rtoSeconds, unit: "s", goal: 90, better: "lower" }),
    ...shown.map((step) => figure({ name: longest(step), value: tookMost(steps, step), unit: "s", better: "lower" })),
    figure({
      name: "RPO: since the last record in the point was acknowledged",
      value: lostSeconds,
      unit: "s",
      goal: intervalSeconds + 10,
      better: "lower",
    }),
    figure({ name: "RPO as the report says", value: report.rpoSeconds, unit: "s", better: "lower" }),
  ];
}

function longest(step: string): string {
  return ["clone", "create", "verify"].includes(step) ? `the longest ${step} of a VM` : step;
}

function tookMost(steps: readonly RecoveryStepRecord[], wanted: string): number {
  const own = steps.filter(({ step, endedAt }) => step === wanted && endedAt !== undefined);
  return (
    Math.max(0, ...own.map(({ startedAt, endedAt = startedAt }) => Date.parse(endedAt) - Date.parse(startedAt))) / 1000
  );
}

async function protect(lab: StackLab, ids: readonly string[]): Promise<string> {
  const asked = { rpoSeconds: 60, replicationIntervalSeconds: intervalSeconds };
  const policy = resolvePolicy({ primarySite: from, recoverySite: to, ...asked }, {});
  const planId = "bench-group";
  const args = [{ planId, outline: { name: planId, policy, vms: ids } }];
  const plan: Plan = await lab.client.workflow.execute("planProtection", {
    ...{ taskQueue, workflowId: `plan/${planId}`, args },
  });
  if (!plan.executable) throw new Error(`The group can't be protected: ${JSON.stringify(plan.checks)}`);
  const { name, policy: kept } = plan.inputs as unknown as Pick<ProtectionGroup, "name" | "policy">;
  const members = plan.actions.map(({ resource, parameters }) => {
    const { position, name: vm, planId: of, planVersion } = parameters as unknown as ProtectVmParameters;
    return { position, name: vm, vmId: resource.id, tags: {}, planId: of, planVersion };
  });
  const workflowId = `protection/${planId}`;
  const group = { groupId: planId, workflowId, createdBy: "user/bench" };
  await lab.store.protection.create({ ...group, name, policy: kept, members });
  await lab.client.workflow.start("protectGroup", { taskQueue, workflowId, args: [{ groupId: planId }] });
  await until("the first point", async () => (await points(lab, planId, 1)).length > 0);
  return planId;
}

async function points(lab: StackLab, groupId: string, limit: number) {
  return (await lab.store.groupPoints.list(groupId, { limit, state: "complete" })).items;
}

async function end(lab: StackLab, runId: string): Promise<RecoveryRun> {
  let run: RecoveryRun | undefined;
  await until("its end", async () => {
    run = await lab.store.recoveryRuns.get(runId);
    return run !== undefined && !["running", "undoing"].includes(run.state);
  });
  return run as unknown as RecoveryRun;
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + stuckMs; !(await isSo()); await sleep(100)) {
    if (Date.now() > deadline) throw new Error(`${what} did not come`);
  }
}
