/** Stand-ins with the real names and messages, whose answers are known: what is tested here is the API, not the move. */
import {
  ApplicationFailure,
  allHandlersFinished,
  CancellationScope,
  condition,
  isCancellation,
  proxyActivities,
  setHandler,
  sleep,
} from "@temporalio/workflow";
import type { CensusRow } from "../../../src/domain/census.ts";
import type { CloudAlarm } from "../../../src/domain/cloud-alarm.ts";
import type { FinalizeApproval } from "../../../src/domain/finalize.ts";
import type { SiteSync } from "../../../src/domain/inventory.ts";
import { firstLease, type Lease } from "../../../src/domain/lease.ts";
import type { Plan } from "../../../src/domain/plan.ts";
import type { FilesToSend, SentFiles } from "../../../src/domain/restored-files.ts";
import type { SiteCheck } from "../../../src/providers/provider.ts";
import type { AssessEstateInput } from "../../../src/workflows/assess-estate/types.ts";
import type { CheckSiteInput } from "../../../src/workflows/check-site/types.ts";
import {
  finalizeUpdate,
  pauseSignal,
  resumeSignal,
  rollbackUpdate,
  undoUpdate,
} from "../../../src/workflows/migrate-vm/messages.ts";
import type { MigrateVmInput, MigrateVmResult } from "../../../src/workflows/migrate-vm/types.ts";
import type { OperateVmsInput } from "../../../src/workflows/operate-vms/types.ts";
import type { PlanMigrationInput } from "../../../src/workflows/plan-migration/types.ts";
import type { PlanOperationInput } from "../../../src/workflows/plan-operation/types.ts";

import type { PlanWaveInput } from "../../../src/workflows/plan-wave/types.ts";
import type { ReadLeaseInput } from "../../../src/workflows/read-lease/types.ts";
import type { ReleaseGroupInput, ReleaseGroupResult } from "../../../src/workflows/release-group/types.ts";
import { pauseWaveSignal, resumeWaveSignal } from "../../../src/workflows/run-wave/messages.ts";
import type { RunWaveInput, RunWaveResult } from "../../../src/workflows/run-wave/types.ts";
import { answerOutageUpdate } from "../../../src/workflows/site-health/messages.ts";
import type { RefreshResourcesInput, SyncInventoryInput } from "../../../src/workflows/sync-inventory/types.ts";
import type { CreateAlarmInput, DeleteAlarmInput } from "../../../src/workflows/tend-alarms/types.ts";
import { endTestUpdate } from "../../../src/workflows/test-migration/messages.ts";
import type { TestMigrationInput, TestMigrationResult } from "../../../src/workflows/test-migration/types.ts";
import type { TriedAt } from "../../../src/workflows/try-policy/types.ts";
import type {
  VerifyCertificateInput,
  VerifyCertificateResult,
} from "../../../src/workflows/verify-certificate/types.ts";
import type { RecordActivities } from "./activities.ts";

const {
  storePlan,
  storeOperationPlan,
  storeWavePlan,
  endAssessment,
  becomeTest,
  endOperation,
  becomeWave,
  readSite,
  become,
  step,
  certify,
  pipeFiles,
} = proxyActivities<RecordActivities>({
  startToCloseTimeout: "20 seconds",
  retry: { maximumAttempts: 2 },
});

export async function planMigration(input: PlanMigrationInput): Promise<Plan> {
  if (input.request.vm === "missing") {
    throw ApplicationFailure.create({
      type: "NotFound",
      nonRetryable: true,
      message: "Could not find VM (onprem-a/vm/missing): no such VM. List the VMs of the site.",
      details: [
        { resource: "onprem-a/vm/missing", action: "List the VMs of the site.", facts: { lookedFor: "missing" } },
      ],
    });
  }
  return storePlan(input);
}

export async function planOperation(input: PlanOperationInput): Promise<Plan> {
  return storeOperationPlan(input);
}

export async function operateVms({ operationId }: OperateVmsInput): Promise<void> {
  await endOperation(operationId);
}

export async function assessEstate({ assessmentId }: AssessEstateInput): Promise<void> {
  await endAssessment(assessmentId);
}

/** Nobody looks at its findings. */
export async function analyseSavings(): Promise<void> {}

export async function planWave(input: PlanWaveInput): Promise<Plan> {
  return storeWavePlan(input);
}

/** Goes on until it is resumed once. */
export async function runWave({ waveId }: RunWaveInput): Promise<RunWaveResult> {
  let asked: "pause" | "resume" | undefined;
  setHandler(pauseWaveSignal, () => {
    asked = "pause";
  });
  setHandler(resumeWaveSignal, () => {
    asked = "resume";
  });
  try {
    await becomeWave(waveId, "running");
    await condition(() => asked === "pause");
    await becomeWave(waveId, "paused");
    await condition(() => asked === "resume");
    await becomeWave(waveId, "completed");
    return { waveId, state: "completed" };
  } catch (error) {
    if (!isCancellation(error)) throw error;
    await CancellationScope.nonCancellable(() => becomeWave(waveId, "cancelled"));
    throw error;
  }
}

export async function readLease({ groupId }: ReadLeaseInput): Promise<{ lease?: Lease }> {
  const at = "2026-11-29T03:00:00.000Z";
  const terms = { durationMs: 60_000, marginMs: 15_000 };
  return { lease: firstLease({ groupId, holder: "onprem-a", at, ...terms }) };
}

export async function releaseGroup({ groupId }: ReleaseGroupInput): Promise<ReleaseGroupResult> {
  return { site: "onprem-a", vmIds: [`vm of ${groupId}`] };
}

/** Takes each answer, and does nothing about it. */
export async function siteHealth(): Promise<void> {
  setHandler(answerOutageUpdate, async () => undefined);
  await condition(() => false);
}

export async function sendFiles(input: FilesToSend): Promise<SentFiles> {
  return pipeFiles(input);
}

export async function checkSite({ site }: CheckSiteInput): Promise<SiteCheck[]> {
  return [
    { check: "reachable", result: "pass", detail: `${site} answers` },
    { check: "free-space", result: "warn", detail: "5 % are free", remedy: "Free some space." },
  ];
}

export async function takeCensus(): Promise<readonly CensusRow[]> {
  return [];
}

const walked: CloudAlarm = {
  ...{ alarmId: "busy-1", name: "busy", vmId: "id-db-1", metric: "cpu.utilisation", threshold: 0.9, comparison: "gt" },
  ...{
    durationSeconds: 600,
    actions: ["arn:aws:sns:us-east-1:123456789012:ops"],
    state: "ok",
    enabled: true,
    tags: {},
  },
};

export async function listAlarms(): Promise<readonly CloudAlarm[]> {
  return [walked];
}

export async function createAlarm({ alarm }: CreateAlarmInput): Promise<CloudAlarm> {
  return { ...walked, ...alarm };
}

export async function deleteAlarm({ alarmId }: DeleteAlarmInput): Promise<void> {
  if (alarmId !== "theirs") return;
  throw ApplicationFailure.create({
    type: "Conflict",
    nonRetryable: true,
    message: "Could not delete alarm (onprem-a/alarm/theirs): NovaCron did not make it. Remove it where it was made.",
    details: [{ resource: "onprem-a/alarm/theirs", action: "Remove it where it was made." }],
  });
}

export async function syncInventory({ site }: SyncInventoryInput): Promise<SiteSync> {
  const startedAt = new Date().toISOString();
  const seen = await readSite(site);
  return { site, startedAt, kinds: [{ kind: "vm", seen, changed: seen }] };
}

export async function refreshResources({ resources }: RefreshResourcesInput): Promise<void> {
  for (const { site } of resources) await readSite(site);
}

export async function verifyCertificate({ certificate }: VerifyCertificateInput): Promise<VerifyCertificateResult> {
  const disks = certificate.disks.map(({ diskId, rootHash }) => {
    const identical = !rootHash.startsWith("bad");
    return { diskId, identical, differing: identical ? [] : [{ offset: 1_048_576, length: 524_288 }], bytesReread: 7 };
  });
  return { identical: disks.every((disk) => disk.identical), disks };
}

/** Is held up until it is ended. */
export async function testMigration({ testId }: TestMigrationInput): Promise<TestMigrationResult> {
  let asked = false;
  setHandler(endTestUpdate, async () => {
    await becomeTest(testId, "passed");
    asked = true;
    return { testId, state: "passed" as const };
  });
  await becomeTest(testId, "holding");
  await condition(() => asked && allHandlersFinished());
  return { testId, state: "passed" };
}

/** Waits in the copy step until it is resumed once; then awaits its finalize. */
export async function migrateVm({ migrationId }: MigrateVmInput): Promise<MigrateVmResult> {
  let asked: "pause" | "resume" | undefined;
  let closing: "finalized" | "rolled-back" | "undone" | undefined;
  let open = false;
  setHandler(pauseSignal, () => {
    asked = "pause";
  });
  setHandler(resumeSignal, () => {
    asked = "resume";
  });
  const close = (state: "finalized" | "rolled-back" | "undone") => async (): Promise<MigrateVmResult> => {
    await become(migrationId, state);
    closing = state;
    return { migrationId, state };
  };
  const validator = () => {
    if (!open) throw ApplicationFailure.nonRetryable("It does not await its finalize yet", "Conflict", {});
  };
  setHandler(finalizeUpdate, (_named: FinalizeApproval) => close("finalized")(), {
    validator: (_named: FinalizeApproval) => validator(),
  });
  setHandler(rollbackUpdate, close("rolled-back"), { validator });
  setHandler(undoUpdate, close("undone"), { validator });
  try {
    await step(migrationId, "copy");
    await condition(() => asked === "pause");
    await become(migrationId, "paused");
    await condition(() => asked === "resume");
    await become(migrationId, "running");
    await sleep(50);
    await certify(migrationId);
    open = true;
    await become(migrationId, "awaiting-finalize");
    await condition(() => closing !== undefined);
    return { migrationId, state: closing ?? "failed" };
  } catch (error) {
    if (!isCancellation(error)) throw error;
    await CancellationScope.nonCancellable(() => become(migrationId, "cancelled"));
    throw error;
  }
}

export async function burstPool(): Promise<void> {}
/** What it takes is shown by tests of its own. */
export async function importCosts(): Promise<string> {
  return "imported";
}

export async function collectCosts(): Promise<{ months: readonly [] }> {
  return { months: [] };
}

export async function tryPolicy(): Promise<TriedAt[]> {
  return [];
}

export async function scanPolicies(): Promise<void> {}
