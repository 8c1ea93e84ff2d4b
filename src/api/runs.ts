// Long because everything that the API asks of Temporal is in this one place.
import { randomUUID } from "node:crypto";
import {
  type Client,
  WorkflowExecutionAlreadyStartedError,
  type WorkflowHandle,
  WorkflowIdConflictPolicy,
  WorkflowIdReusePolicy,
  type WorkflowStartOptions,
} from "@temporalio/client";
import { TypedSearchAttributes } from "@temporalio/common";
import type { CensusRow } from "../domain/census.ts";
import type { Certificate } from "../domain/certificate.ts";
import type { CloudAlarm } from "../domain/cloud-alarm.ts";
import { type ConnectionPlan, connectionWorkflowId } from "../domain/connection.ts";
import type { FinalizeApproval } from "../domain/finalize.ts";
import type { SiteSync } from "../domain/inventory.ts";
import type { Lease } from "../domain/lease.ts";
import type { MigrationRequest } from "../domain/migration.ts";
import type { TestState } from "../domain/migration-test.ts";
import type { Plan } from "../domain/plan.ts";
import { protectionWorkflowId } from "../domain/protection.ts";
import { restoreWorkflowId } from "../domain/restore.ts";
import { type FilesToSend, type SentFiles, sendFilesWorkflowId } from "../domain/restored-files.ts";
import type { SiteCheck } from "../providers/provider.ts";
import { ensureBurstPools } from "../temporal/burst-pools.ts";
import { taskQueue } from "../temporal/connection.ts";
import { controlPlaneBackupId, savingsAnalysisId } from "../temporal/schedules.ts";
import { searchAttributeKeys } from "../temporal/search-attributes.ts";
import { siteHealthId } from "../temporal/site-health.ts";
import { startRecovery } from "../temporal/start-failover.ts";
import type { AssessEstateInput } from "../workflows/assess-estate/types.ts";
import type { BackUpControlPlaneInput } from "../workflows/back-up-control-plane/types.ts";
import type { CheckSiteInput } from "../workflows/check-site/types.ts";
import type { ConnectSitesInput, PreviewConnectionInput } from "../workflows/connect-sites/types.ts";
import type { DisconnectSitesInput } from "../workflows/disconnect-sites/types.ts";
import type { DrillConnectionInput } from "../workflows/drill-connection/types.ts";
import { confirmFencedUpdate, giveUpUpdate, retryUpdate, stepDoneUpdate } from "../workflows/fail-over/messages.ts";
import type { FailOverInput, FencingConfirmed, StepDone } from "../workflows/fail-over/types.ts";
import type { ImportCostsInput } from "../workflows/import-costs/types.ts";
import {
  cutoverUpdate,
  finalizeUpdate,
  pauseSignal,
  resumeSignal,
  rollbackUpdate,
  undoUpdate,
} from "../workflows/migrate-vm/messages.ts";
import type { MigrateVmInput } from "../workflows/migrate-vm/types.ts";
import type { OperateVmsInput } from "../workflows/operate-vms/types.ts";
import type { PlanMigrationInput } from "../workflows/plan-migration/types.ts";
import type { PlanOperationInput } from "../workflows/plan-operation/types.ts";
import type { PlanProtectionInput } from "../workflows/plan-protection/types.ts";
import type { PlanWaveInput } from "../workflows/plan-wave/types.ts";
import {
  deleteProtectionSignal,
  makePointSignal,
  pauseProtectionSignal,
  reprotectSignal,
  resumeProtectionSignal,
} from "../workflows/protect-group/messages.ts";
import type { ProtectGroupInput } from "../workflows/protect-group/types.ts";
import type { ReadLeaseInput } from "../workflows/read-lease/types.ts";
import type { ReleaseGroupInput, ReleaseGroupResult } from "../workflows/release-group/types.ts";
import type { RestoreVmInput } from "../workflows/restore-vm/types.ts";
import type { RotateTunnelKeysInput } from "../workflows/rotate-tunnel-keys/types.ts";
import { pauseWaveSignal, resumeWaveSignal } from "../workflows/run-wave/messages.ts";
import type { RunWaveInput } from "../workflows/run-wave/types.ts";
import type { ScanPoliciesInput } from "../workflows/scan-policies/types.ts";
import { answerOutageUpdate } from "../workflows/site-health/messages.ts";
import type { OutageAnswer } from "../workflows/site-health/types.ts";
import type { RefreshResourcesInput, SyncInventoryInput } from "../workflows/sync-inventory/types.ts";
import type { TakeCensusInput } from "../workflows/take-census/types.ts";
import type { CreateAlarmInput, DeleteAlarmInput, ListAlarmsInput } from "../workflows/tend-alarms/types.ts";
import { endTestUpdate } from "../workflows/test-migration/messages.ts";
import type { TestMigrationInput } from "../workflows/test-migration/types.ts";
import type { PolicyToTry, TriedAt } from "../workflows/try-policy/types.ts";
import type { VerifyCertificateInput, VerifyCertificateResult } from "../workflows/verify-certificate/types.ts";
import { ProblemError } from "./problem.ts";
import { fromTemporal } from "./temporal-problem.ts";

export interface RunLimits {
  /** How long an answer may wait for a plan, a check or an inventory. */
  readonly askMs: number;
  /** How long an answer may wait for a finalize, a rollback or a certificate's re-reading. */
  readonly longAskMs: number;
}

const protectionOrders = {
  pause: pauseProtectionSignal,
  resume: resumeProtectionSignal,
  point: makePointSignal,
  delete: deleteProtectionSignal,
} as const;
export type ProtectionOrder = keyof typeof protectionOrders;

/** Files on their way through a pipe. */
export interface FilesRun {
  /** Fails as the run does. */
  readonly sent: Promise<SentFiles>;
  cancel(): Promise<void>;
}

type Outcome = "done" | "still-running";

/** What a person tells a recovery that goes on. */
export type RecoveryOrder =
  | { readonly kind: "step-done"; readonly done: StepDone }
  | { readonly kind: "confirm-fenced"; readonly confirmed: FencingConfirmed }
  | { readonly kind: "retry" | "give-up"; readonly by: string };

/** Everything the API asks of Temporal. All failures leave as problems. */
export class Runs {
  readonly #client: Client;
  readonly #limits: RunLimits;

  constructor(client: Client, limits: RunLimits) {
    this.#client = client;
    this.#limits = limits;
  }

  /** The same plan id gives the same plan: a repeat gets the first one's result. */
  plan(input: PlanMigrationInput): Promise<Plan> {
    const { vm, from, to } = input.request;
    return this.#ask<Plan>("planMigration", {
      workflowId: `plan/${input.planId}`,
      args: [input],
      staticSummary: `Plan ${vm}: ${from} → ${to}`,
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
    });
  }

  planOperation(input: PlanOperationInput): Promise<Plan> {
    return this.#ask<Plan>("planOperation", {
      workflowId: `plan/${input.planId}`,
      args: [input],
      staticSummary: planSummary(input),
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
    });
  }

  /** As for {@link plan}, for many VMs in one. */
  planWave(input: PlanWaveInput): Promise<Plan> {
    return this.#ask<Plan>(
      "planWave",
      {
        workflowId: `plan/${input.planId}`,
        args: [input],
        staticSummary: `Plan the wave ${input.outline.name}: ${input.outline.members.length} VMs`,
        workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
      },
      this.#limits.longAskMs,
    );
  }

  /** As for {@link plan}, for a group that is to be protected. */
  planProtection(input: PlanProtectionInput): Promise<Plan> {
    const { name, vms } = input.outline;
    return this.#ask<Plan>(
      "planProtection",
      {
        workflowId: `plan/${input.planId}`,
        args: [input],
        staticSummary: `Plan the protection of ${name}: ${vms.length} VMs`,
        workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
      },
      this.#limits.longAskMs,
    );
  }

  previewConnection(input: PreviewConnectionInput): Promise<ConnectionPlan> {
    return this.#ask("previewConnection", {
      workflowId: `connection-preview/${randomUUID()}`,
      args: [input],
      staticSummary: `Ask ${input.near} and ${input.far} for a connection`,
    });
  }

  /** Once for a connection. */
  connectSites(connectionId: string, summary: string): Promise<void> {
    return this.#begin("connectSites", connectionWorkflowId(connectionId), {
      args: [{ connectionId } satisfies ConnectSitesInput],
      staticSummary: summary,
      workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
    });
  }

  disconnectSites(connectionId: string, summary: string): Promise<void> {
    return this.#begin("disconnectSites", `${connectionWorkflowId(connectionId)}/disconnect`, {
      args: [{ connectionId } satisfies DisconnectSitesInput],
      staticSummary: summary,
    });
  }

  drillConnection(connectionId: string, summary: string): Promise<void> {
    return this.#begin("drillConnection", `${connectionWorkflowId(connectionId)}/drill`, {
      args: [{ connectionId } satisfies DrillConnectionInput],
      staticSummary: summary,
    });
  }

  rotateTunnelKeys(connectionId: string, generation: number, summary: string): Promise<void> {
    return this.#begin("rotateTunnelKeys", `${connectionWorkflowId(connectionId)}/keys-${generation}`, {
      args: [{ connectionId } satisfies RotateTunnelKeysInput],
      staticSummary: summary,
    });
  }

  checkSite(input: CheckSiteInput): Promise<readonly SiteCheck[]> {
    return this.#ask("checkSite", {
      workflowId: `check/${input.site}`,
      args: [input],
      staticSummary: `Check ${input.site}`,
    });
  }

  takeCensus(input: TakeCensusInput): Promise<readonly CensusRow[]> {
    return this.#ask("takeCensus", {
      workflowId: `census/${input.site}`,
      args: [input],
      staticSummary: `Census of ${input.site}`,
    });
  }

  listAlarms(input: ListAlarmsInput): Promise<readonly CloudAlarm[]> {
    return this.#ask("listAlarms", {
      workflowId: `alarms/${input.site}`,
      args: [input],
      staticSummary: `Alarms of ${input.site}`,
    });
  }

  createAlarm(input: CreateAlarmInput): Promise<CloudAlarm> {
    return this.#ask("createAlarm", {
      workflowId: `alarm/${input.key}`,
      args: [input],
      staticSummary: `Create the alarm ${input.alarm.name} at ${input.site}`,
    });
  }

  deleteAlarm(input: DeleteAlarmInput): Promise<void> {
    return this.#ask("deleteAlarm", {
      workflowId: `alarm/${input.site}/${input.alarmId}/delete`,
      args: [input],
      staticSummary: `Delete the alarm ${input.alarmId} at ${input.site}`,
    });
  }

  /** VMs only, or everything. */
  syncInventory(site: string, what: "vms" | "everything"): Promise<SiteSync> {
    const input: SyncInventoryInput = what === "vms" ? { site, kinds: ["vm"] } : { site };
    return this.#ask("syncInventory", {
      workflowId: what === "vms" ? `inventory/${site}` : `inventory/${site}/everything`,
      args: [input],
      staticSummary: `Read ${what} of ${site}`,
    });
  }

  /** Reads what may have changed, before its site's turn. */
  refreshResources(input: RefreshResourcesInput): Promise<void> {
    return this.#ask("refreshResources", {
      workflowId: `refresh/${randomUUID()}`,
      args: [input],
      staticSummary:
        `Read ${input.resources.map(({ site, kind, resourceId }) => `${site}/${kind}/${resourceId}`).join(", ")}`.slice(
          0,
          200,
        ),
    });
  }

  verifyCertificate(certificate: Certificate): Promise<VerifyCertificateResult> {
    const input: VerifyCertificateInput = { certificate };
    return this.#ask(
      "verifyCertificate",
      {
        workflowId: `verify/${certificate.certificateId}/${randomUUID()}`,
        args: [input],
        staticSummary: `Verify the certificate of ${certificate.vm} at ${certificate.to}`,
      },
      this.#limits.longAskMs,
    );
  }

  /** Starts the run, or finds it running or ended already. */
  async migrate(input: MigrateVmInput, about: Pick<MigrationRequest, "vm" | "from" | "to">): Promise<void> {
    const { vm, from, to } = about;
    await this.#guard(this.#limits.askMs, () =>
      this.#startOrFind("migrateVm", {
        taskQueue,
        workflowId: migrationWorkflowId(input.migrationId),
        args: [input],
        staticSummary: `Migrate ${vm}: ${from} → ${to}`,
        staticDetails: `Plan ${input.planId}, hash ${input.planHash}`,
        workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
        typedSearchAttributes: new TypedSearchAttributes([
          { key: searchAttributeKeys.vm, value: vm },
          { key: searchAttributeKeys.source, value: from },
          { key: searchAttributeKeys.target, value: to },
          { key: searchAttributeKeys.phase, value: "validate" },
          { key: searchAttributeKeys.progress, value: 0 },
        ]),
      }),
    );
  }

  /** Starts the run, or finds it running or ended already. */
  async operate(input: OperateVmsInput, summary: string): Promise<void> {
    await this.#guard(this.#limits.askMs, () =>
      this.#startOrFind("operateVms", {
        taskQueue,
        workflowId: operationWorkflowId(input.operationId),
        args: [input],
        staticSummary: summary,
        staticDetails: `Plan ${input.planId}, hash ${input.planHash}`,
        workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
      }),
    );
  }

  /** Starts the wave's run, or finds it running or ended already. */
  async runWave(input: RunWaveInput, name: string): Promise<void> {
    await this.#guard(this.#limits.askMs, () =>
      this.#startOrFind("runWave", {
        taskQueue,
        workflowId: waveWorkflowId(input.waveId),
        args: [input],
        staticSummary: `Wave ${name}`,
        staticDetails: `Plan ${input.planId}, hash ${input.planHash}`,
        workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
      }),
    );
  }

  /** Starts the group's run, or finds it running or ended already. */
  async protect(groupId: string, name: string): Promise<void> {
    await this.#guard(this.#limits.askMs, () =>
      this.#startOrFind("protectGroup", {
        taskQueue,
        workflowId: protectionWorkflowId(groupId),
        args: [{ groupId } satisfies ProtectGroupInput],
        staticSummary: `Protect ${name}`,
        workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
      }),
    );
  }

  async reprotect(groupId: string, to: string): Promise<void> {
    const run = this.#client.workflow.getHandle(protectionWorkflowId(groupId));
    await this.#guard(this.#limits.askMs, () => run.signal(reprotectSignal, { to }));
  }

  /** Starts a backup of the control plane, or finds one under way; returns its workflow's id. */
  async backUpControlPlane(sites: readonly string[]): Promise<string> {
    const workflowId = controlPlaneBackupId;
    await this.#guard(this.#limits.askMs, () =>
      this.#startOrFind("backUpControlPlane", {
        taskQueue,
        workflowId,
        args: [{ sites } satisfies BackUpControlPlaneInput],
        staticSummary: `Back the control plane up to ${sites.join(", ")}`,
      }),
    );
    return workflowId;
  }

  async orderProtection(groupId: string, order: ProtectionOrder): Promise<void> {
    const signal = protectionOrders[order];
    const run = this.#client.workflow.getHandle(protectionWorkflowId(groupId));
    await this.#guard(this.#limits.askMs, () => run.signal(signal));
  }

  /** Starts an analysis of what could cost less, or finds the one that runs. */
  async analyseSavings(): Promise<void> {
    await this.#guard(this.#limits.askMs, () =>
      this.#startOrFind("analyseSavings", {
        taskQueue,
        workflowId: savingsAnalysisId,
        args: [],
        staticSummary: "Look for what could cost less",
      }),
    );
  }

  /** Starts a scan, or finds it running or ended already; returns its workflow's id. */
  async scanPolicies(input: ScanPoliciesInput & { readonly scanId: string }): Promise<string> {
    const workflowId = `policy-scan/${input.scanId}`;
    await this.#guard(this.#limits.askMs, () =>
      this.#startOrFind("scanPolicies", {
        taskQueue,
        workflowId,
        args: [input],
        staticSummary: "Hold everything against the policies",
        workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
      }),
    );
    return workflowId;
  }

  tryPolicy(input: PolicyToTry, requestId: string): Promise<readonly TriedAt[]> {
    const options = { workflowId: `policy-dry-run/${requestId}`, args: [input] };
    return this.#ask(
      "tryPolicy",
      { ...options, staticSummary: `Try the policy ${input.draft.name}` },
      this.#limits.longAskMs,
    );
  }

  /** Starts the assessment's run, or finds it running or ended already. */
  async assess(input: AssessEstateInput): Promise<void> {
    const { assessmentId, from, to } = input;
    await this.#guard(this.#limits.askMs, () =>
      this.#startOrFind("assessEstate", {
        taskQueue,
        workflowId: assessmentWorkflowId(assessmentId),
        args: [input],
        staticSummary: `Assess VMs: ${from} → ${to}`,
        workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
      }),
    );
  }

  /** Starts the import's run, or finds it running or ended already. */
  async importCosts(input: ImportCostsInput, summary: string): Promise<void> {
    await this.#guard(this.#limits.askMs, () =>
      this.#startOrFind("importCosts", {
        taskQueue,
        workflowId: `cost-import/${input.importId}`,
        args: [input],
        staticSummary: summary,
        workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
      }),
    );
  }

  /** Starts the test's run, or finds it running or ended already. */
  async test(input: TestMigrationInput, summary: string): Promise<void> {
    await this.#guard(this.#limits.askMs, () =>
      this.#startOrFind("testMigration", {
        taskQueue,
        workflowId: testWorkflowId(input.testId),
        args: [input],
        staticSummary: summary,
        staticDetails: `Plan ${input.planId}, hash ${input.planHash}`,
        workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
      }),
    );
  }

  /** One that is held up ends as it stands; one that is at work is cancelled. Either removes what it made. */
  async endTest(testId: string, state: TestState, updateId: string): Promise<void> {
    const run = this.#client.workflow.getHandle(testWorkflowId(testId));
    if (state === "running") await this.#guard(this.#limits.askMs, () => run.cancel());
    else await this.#accepted(() => run.startUpdate(endTestUpdate, { updateId, waitForStage: "ACCEPTED" }));
  }

  /** Starts the run, or finds it. @throws ProblemError Conflict while another run has the group. */
  async recover(input: FailOverInput): Promise<void> {
    const started = await this.#guard(this.#limits.askMs, () => startRecovery(this.#client, input));
    if (started) return;
    const { groupId } = input.request;
    throw new ProblemError("Conflict", {
      detail: `Another failover of ${groupId} goes on`,
      action: "See GET /v1/recovery-runs; wait until it has ended, or give it up.",
      resource: `protection-group/${groupId}`,
    });
  }

  /** @throws ProblemError Conflict when the run does not wait for that. */
  async tellRecovery(workflowId: string, order: RecoveryOrder, updateId: string): Promise<void> {
    const run = this.#client.workflow.getHandle(workflowId);
    await this.#guard(this.#limits.askMs, async () => {
      switch (order.kind) {
        case "step-done":
          return run.executeUpdate(stepDoneUpdate, { updateId, args: [order.done] });
        case "confirm-fenced":
          return run.executeUpdate(confirmFencedUpdate, { updateId, args: [order.confirmed] });
        case "retry":
          return run.executeUpdate(retryUpdate, { updateId, args: [{ by: order.by }] });
        case "give-up":
          return run.executeUpdate(giveUpUpdate, { updateId, args: [{ by: order.by }] });
      }
    });
  }

  async cancelRecovery(workflowId: string): Promise<void> {
    const run = this.#client.workflow.getHandle(workflowId);
    await this.#guard(this.#limits.askMs, () => run.cancel());
  }

  /** Starts the restore's run, or finds it running or ended already. */
  async restore(input: RestoreVmInput, summary: string): Promise<void> {
    await this.#guard(this.#limits.askMs, () =>
      this.#startOrFind("restoreVm", {
        taskQueue,
        workflowId: restoreWorkflowId(input.restoreId),
        args: [input],
        staticSummary: summary,
        staticDetails: `Plan ${input.planId}, hash ${input.planHash}`,
        workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
      }),
    );
  }

  /** Begins to send files of a point; whoever reads them follows its end. */
  async sendFiles(input: FilesToSend): Promise<FilesRun> {
    const handle = await this.#guard(this.#limits.askMs, () =>
      this.#client.workflow.start("sendFiles", {
        taskQueue,
        workflowId: sendFilesWorkflowId(input.pipeId),
        args: [input],
        staticSummary: `Files of ${input.pointId}: ${input.path}`,
      }),
    );
    return {
      sent: handle.result().catch((error: unknown) => {
        throw fromTemporal(error);
      }),
      cancel: async () => {
        await this.#guard(this.#limits.askMs, () => handle.cancel());
      },
    };
  }

  /** Has the pool looked after; one that is already stays as it is. */
  async watchPool(pool: { readonly poolId: string; readonly name: string }): Promise<void> {
    await this.#guard(this.#limits.askMs, () => ensureBurstPools(this.#client, [pool]));
  }

  async cancelRestore(restoreId: string): Promise<void> {
    const handle = this.#client.workflow.getHandle(restoreWorkflowId(restoreId));
    await this.#guard(this.#limits.askMs, () => handle.cancel());
  }

  async cancelOperation(operationId: string): Promise<void> {
    const handle = this.#client.workflow.getHandle(operationWorkflowId(operationId));
    await this.#guard(this.#limits.askMs, () => handle.cancel());
  }

  async orderWave(waveId: string, order: "pause" | "resume" | "cancel"): Promise<void> {
    const wave = this.#client.workflow.getHandle(waveWorkflowId(waveId));
    await this.#guard(this.#limits.askMs, async () => {
      if (order === "cancel") await wave.cancel();
      else await wave.signal(order === "pause" ? pauseWaveSignal : resumeWaveSignal);
    });
  }

  async pause(migrationId: string): Promise<void> {
    await this.#guard(this.#limits.askMs, () => this.#migration(migrationId).signal(pauseSignal));
  }

  async resume(migrationId: string): Promise<void> {
    await this.#guard(this.#limits.askMs, () => this.#migration(migrationId).signal(resumeSignal));
  }

  async cancel(migrationId: string): Promise<void> {
    await this.#guard(this.#limits.askMs, () => this.#migration(migrationId).cancel());
  }

  /** @throws ProblemError Conflict unless it replicates. */
  async cutOver(migrationId: string, updateId: string): Promise<void> {
    await this.#guard(this.#limits.askMs, () =>
      this.#migration(migrationId).executeUpdate(cutoverUpdate, { updateId, args: [] }),
    );
  }

  /** @throws ProblemError Conflict when the question is over, NotFound when nobody looks at the site any more. */
  async answerOutage(site: string, answer: OutageAnswer, updateId: string): Promise<void> {
    const handle = this.#client.workflow.getHandle(siteHealthId(site));
    await this.#guard(this.#limits.askMs, () => handle.executeUpdate(answerOutageUpdate, { updateId, args: [answer] }));
  }

  readLease(input: ReadLeaseInput): Promise<{ lease?: Lease }> {
    const options = { workflowId: `lease/${input.groupId}/${randomUUID()}`, args: [input] };
    return this.#ask("readLease", { ...options, staticSummary: `lease of ${input.groupId}` });
  }

  releaseGroup(input: ReleaseGroupInput): Promise<ReleaseGroupResult> {
    const { groupId, key } = input;
    const options = { workflowId: `protection-release/${groupId}/${key}`, args: [input] };
    return this.#ask("releaseGroup", {
      ...options,
      staticSummary: `Release the VMs of ${groupId}`,
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
    });
  }

  close(migrationId: string, order: "rollback" | "undo", updateId: string): Promise<Outcome> {
    const update = { rollback: rollbackUpdate, undo: undoUpdate }[order];
    const options = { updateId, waitForStage: "ACCEPTED" as const };
    return this.#accepted(() => this.#migration(migrationId).startUpdate(update, options));
  }

  /** As for {@link close}: removes what the confirmed plan names. */
  finalize(migrationId: string, approval: FinalizeApproval, updateId: string): Promise<Outcome> {
    const options = { updateId, waitForStage: "ACCEPTED" as const, args: [approval] as [FinalizeApproval] };
    return this.#accepted(() => this.#migration(migrationId).startUpdate(finalizeUpdate, options));
  }

  /** The order is durable once given: `still-running` means that it goes on after the answer. */
  #accepted(give: () => Promise<{ result(): Promise<unknown> }>): Promise<Outcome> {
    return this.#guard(this.#limits.askMs, async () => {
      const handle = await give();
      const done = handle.result().then((): Outcome => "done");
      return within(this.#limits.longAskMs, done, (): Outcome => "still-running");
    });
  }

  /** @throws ProblemError Unavailable. */
  async ping(timeoutMs: number): Promise<void> {
    await this.#guard(timeoutMs, async () => {
      const service = this.#client.connection.workflowService;
      await service.getSystemInfo({});
    });
  }

  #migration(migrationId: string): WorkflowHandle {
    return this.#client.workflow.getHandle(migrationWorkflowId(migrationId));
  }

  async #ask<T>(
    type: string,
    options: Omit<WorkflowStartOptions, "taskQueue">,
    timeoutMs = this.#limits.askMs,
  ): Promise<T> {
    return this.#guard(timeoutMs + 5_000, async () => {
      const handle = await this.#startOrFind(type, {
        ...options,
        taskQueue,
        // A run that nobody waits for any more must not surprise anyone when a worker comes back.
        workflowExecutionTimeout: timeoutMs,
      });
      return (await handle.result()) as T;
    });
  }

  /** Starts what nobody waits for. */
  async #begin(
    type: string,
    workflowId: string,
    options: Pick<WorkflowStartOptions, "args" | "staticSummary" | "workflowIdReusePolicy">,
  ): Promise<void> {
    await this.#guard(this.#limits.askMs, () => this.#startOrFind(type, { ...options, taskQueue, workflowId }));
  }

  async #startOrFind(type: string, options: WorkflowStartOptions): Promise<WorkflowHandle> {
    const { workflow } = this.#client;
    try {
      return await workflow.start(type, {
        ...options,
        workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
      });
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) return workflow.getHandle(options.workflowId);
      throw error;
    }
  }

  async #guard<T>(timeoutMs: number, work: () => Promise<T>): Promise<T> {
    try {
      return await this.#client.withDeadline(Date.now() + timeoutMs, work);
    } catch (error) {
      throw fromTemporal(error);
    }
  }
}

function planSummary(input: PlanOperationInput): string {
  if (input.create) return `Plan a new VM ${input.create.name}`;
  if (input.finalize) return `Plan the finalize of ${input.finalize.migrationId}`;
  if (input.remediation) return `Plan to mend ${input.remediation.policy ?? `after ${input.remediation.undo}`}`;
  if (input.restore) return `Plan to restore ${input.restore.vm}`;
  if (input.test) return `Plan a test of ${input.test.migrationId ?? input.test.vm}`;
  if (input.recovery) return `Plan a ${input.recovery.mode} of ${input.recovery.groupId}`;
  return `Plan ${input.request.action} of ${input.request.vms.length} VM(s)`;
}

export function migrationWorkflowId(migrationId: string): string {
  return `migration/${migrationId}`;
}

export function operationWorkflowId(operationId: string): string {
  return `operation/${operationId}`;
}

export function testWorkflowId(testId: string): string {
  return `test-migration/${testId}`;
}

export function assessmentWorkflowId(assessmentId: string): string {
  return `assessment/${assessmentId}`;
}

export function waveWorkflowId(waveId: string): string {
  return `wave/${waveId}`;
}

async function within<T>(timeoutMs: number, work: Promise<T>, otherwise: () => T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<T>((resolve) => {
    timer = setTimeout(() => resolve(otherwise()), timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined);
  }
}
