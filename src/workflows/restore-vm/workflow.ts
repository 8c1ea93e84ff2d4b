import {
  ApplicationFailure,
  CancellationScope,
  getExternalWorkflowHandle,
  isCancellation,
  patched,
  proxyActivities,
  proxyLocalActivities,
} from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import type { CreateVmParameters, VerifyParameters } from "../../domain/migration-parts.ts";
import { actionParameters } from "../../domain/migration-plan.ts";
import type { Plan } from "../../domain/plan.ts";
import { protectionWorkflowId } from "../../domain/protection.ts";
import type { RestoreReport, RestoreStep } from "../../domain/restore.ts";
import { bulkCall, recordCall, rowCall, siteCall, undoCall } from "../lib/activity-options.ts";
import { activitiesAtSites } from "../lib/at-sites.ts";
import { describeFailure } from "../lib/failure.ts";
import { Saga, type SagaMark } from "../lib/saga.ts";
import { now } from "../lib/time.ts";
import { show } from "../lib/visibility.ts";
import { groupChangedSignal } from "../protect-group/messages.ts";
import { type FetchedDisk, fetchDisks, prepareDisks, proveDisks, type RestorePlace } from "./disks.ts";
import type { RestoreVmInput, RestoreVmResult } from "./types.ts";

const { openRestore, refreshSites } = proxyActivities<Activities>(siteCall);
const { endPoint } = proxyActivities<Activities>(rowCall);
const site = activitiesAtSites(siteCall);
const bulk = activitiesAtSites(bulkCall);
const undo = activitiesAtSites(undoCall);
const { recordRestore } = proxyLocalActivities<Activities>(recordCall);

const percents: Readonly<Record<RestoreStep, number>> = {
  fetch: 5,
  prove: 50,
  prepare: 70,
  clone: 75,
  create: 85,
  verify: 90,
};

/**
 * Brings one VM back out of a group's recovery point by an approved plan: fetch (where the point lies elsewhere) → prove →
 * prepare → clone → create → verify. The point and the VM that it is of are only read. A failure or a cancellation removes all
 * that was made; afterwards nothing but the new VM is left.
 */
export async function restoreVm(input: RestoreVmInput): Promise<RestoreVmResult> {
  return new RestoreRun(input).execute();
}

class RestoreRun {
  readonly #input: RestoreVmInput;
  readonly #saga = new Saga();
  #step: RestoreStep | undefined;
  #steps: { step: RestoreStep; seconds: number }[] = [];
  #headline: string;

  constructor(input: RestoreVmInput) {
    this.#input = input;
    this.#headline = `restore ${input.restoreId}`;
  }

  async execute(): Promise<RestoreVmResult> {
    const { restoreId } = this.#input;
    try {
      const vmId = await this.#restore();
      return { restoreId, state: "done", vmId };
    } catch (error) {
      return await CancellationScope.nonCancellable(() => this.#giveUp(error));
    }
  }

  async #restore(): Promise<string> {
    const { restoreId, planId, planHash } = this.#input;
    const plan = await openRestore.executeWithOptions({ summary: `open plan ${planId}` }, [{ planId, planHash }]);
    const { from, to, vmName, takenAt } = plan.inputs as Record<"from" | "to" | "vmName" | "takenAt", string>;
    this.#headline = `restore ${vmName} from ${from} to ${to}`;
    await this.#report({ pointTakenAt: takenAt });
    const place: RestorePlace = { restoreId, from, to, takenAt, remove: `novacron restore show ${restoreId}` };
    const passing = this.#saga.mark();
    const disks = await this.#readPoint(plan, () => this.#run("fetch", () => fetchDisks(plan, place, this.#saga)));
    await this.#report({ bytesCopied: disks.reduce((sum, { bytesCopied }) => sum + bytesCopied, 0) });
    const prove = () => this.#run("prove", () => proveDisks(disks, place));
    // Elsewhere it is the copy that is read again.
    await this.#report({ bytesReread: await (from === to ? this.#readPoint(plan, prove) : prove()) });
    const points = await this.#run("prepare", () => prepareDisks(plan, disks, place, this.#saga));
    const fetched = [...this.#saga.pending];
    const vmId = await this.#bringUp(plan, place, points);
    // A clone stands by itself: what it was made of stays only where it is a point of the group.
    await CancellationScope.nonCancellable(async () => {
      this.#saga.forget((each) => !fetched.includes(each), passing);
      await this.#finish(vmId, passing, disks, place);
    });
    return vmId;
  }

  /** A point whose bytes turn out to differ is offered to nobody any more, and its group reads the one before it at once. */
  async #readPoint<T>(plan: Plan, read: () => Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (error) {
      const { code, message, facts } = describeFailure(error);
      const { groupId, pointId, from, to } = plan.inputs as Record<"groupId" | "pointId" | "from" | "to", string>;
      // Elsewhere it may be the copy that is damaged: what copies says when it is the point.
      const isPoint = code === "IntegrityFailure" && (from === to || facts?.pointId !== undefined);
      if (!isPoint || !patched("marks-spoilt-points")) throw error;
      const reason = `a restore found: ${message}`;
      await endPoint({ pointId, state: "corrupt", reason, tell: true });
      await getExternalWorkflowHandle(protectionWorkflowId(groupId))
        .signal(groupChangedSignal)
        // One that is gone needs to hear nothing.
        .catch(() => undefined);
      throw error;
    }
  }

  async #bringUp(
    plan: Plan,
    { restoreId, to, remove }: RestorePlace,
    points: ReadonlyMap<string, string>,
  ): Promise<string> {
    const create = actionParameters<CreateVmParameters>(plan, "create-vm");
    const verify = actionParameters<VerifyParameters>(plan, "verify-vm");
    const networkIds = create.nics.map(({ networkId }) => networkId);
    await site.checkNetworks.executeWithOptions({ summary: `networks at ${to}` }, [{ site: to, networkIds }]);
    const volumes = await this.#run("clone", async () => {
      const made: string[] = [];
      for (const { diskId, type } of create.disks) {
        const pointId = points.get(diskId);
        if (pointId === undefined) continue;
        const key = `${restoreId}-${diskId}-volume`;
        this.#undoing(`${to}/volume/${key}`, remove, () => undo.removeByKey({ site: to, kind: "volume", key }));
        made.push(
          await bulk.materialiseDisk.executeWithOptions({ summary: `clone ${diskId}` }, [
            { site: to, pointId, key, migrationId: restoreId, ...(type === undefined ? {} : { type }) },
          ]),
        );
      }
      return made;
    });
    const vmId = await this.#run("create", () => {
      const key = `${restoreId}-vm`;
      this.#undoing(`${to}/vm/${key}`, remove, () => undo.removeByKey({ site: to, kind: "vm", key }));
      return this.#create({ site: to, key, migrationId: restoreId, create, volumes });
    });
    await this.#report({ vmId });
    const { boot } = await this.#run("verify", () =>
      site.verifyVm.executeWithOptions({ summary: `check ${create.name}` }, [{ site: to, vmId, verify }]),
    );
    await this.#report({ boot });
    return vmId;
  }

  /** Tries the plan's sizes in their order while the site has no capacity. */
  async #create(input: Omit<Parameters<Activities["createVm"]>[0], "instanceType">): Promise<string> {
    const sizes = ("instanceTypes" in input.create && input.create.instanceTypes) || [];
    for (let tried = 0; ; tried++) {
      const instanceType = sizes[tried];
      try {
        const summary = `create ${input.create.name}${instanceType ? ` as ${instanceType}` : ""}`;
        const sized = instanceType === undefined ? input : { ...input, instanceType };
        return await site.createVm.executeWithOptions({ summary }, [sized]);
      } catch (error) {
        if (sizes[tried + 1] === undefined || describeFailure(error).code !== "InsufficientCapacity") throw error;
      }
    }
  }

  /** What was copied for the restore alone goes. What can't go now does not take the VM back. */
  async #finish(
    vmId: string,
    since: SagaMark,
    disks: readonly FetchedDisk[],
    { from, to }: RestorePlace,
  ): Promise<void> {
    const leftBehind = await this.#saga.compensate({ keepEvidence: false, since });
    const code = "Unknown";
    const message = `${leftBehind.length} of ${disks.length} copied disk(s) could not be removed yet`;
    const report = leftBehind.length > 0 ? { problem: { code, message, leftBehind } } : {};
    await recordRestore({ restoreId: this.#input.restoreId, patch: { state: "done", endedAt: now(), report } });
    show({ headline: this.#headline, phase: "done", percent: 100, next: `VM ${vmId} at ${to}` });
    // The next reading tells as well.
    await refreshSites({ sites: [...new Set([from, to])] }).catch(() => undefined);
  }

  async #giveUp(error: unknown): Promise<RestoreVmResult> {
    const { restoreId } = this.#input;
    const failure = describeFailure(error);
    const state = isCancellation(error) ? ("cancelled" as const) : ("failed" as const);
    show({ headline: this.#headline, phase: "undoing", percent: percents[this.#step ?? "fetch"] });
    await recordRestore({ restoreId, patch: { state: "undoing" } });
    const leftBehind = await this.#saga.compensate({ keepEvidence: false });
    const where = this.#step === undefined ? {} : { step: this.#step };
    const left = leftBehind.length > 0 ? { leftBehind } : {};
    const problem = { code: failure.code, message: failure.message, ...where, ...left };
    await recordRestore({ restoreId, patch: { state, endedAt: now(), report: { problem } } });
    show({ headline: this.#headline, phase: state, percent: 100 });
    if (state === "cancelled") return { restoreId, state };
    throw ApplicationFailure.nonRetryable(failure.message, failure.code, { resource: `restore/${restoreId}` });
  }

  #undoing(resource: string, remove: string, undoIt: () => Promise<unknown>): void {
    this.#saga.add({ resource, remove, undo: undoIt });
  }

  async #run<T>(step: RestoreStep, work: () => Promise<T>): Promise<T> {
    this.#step = step;
    show({ headline: this.#headline, phase: step, percent: percents[step] });
    await recordRestore({ restoreId: this.#input.restoreId, patch: { step } });
    const begun = Date.now();
    const result = await work();
    this.#steps = [...this.#steps, { step, seconds: (Date.now() - begun) / 1000 }];
    await this.#report({ steps: this.#steps });
    return result;
  }

  async #report(report: RestoreReport): Promise<void> {
    await recordRestore({ restoreId: this.#input.restoreId, patch: { report } });
  }
}
