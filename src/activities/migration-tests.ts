import { Context } from "@temporalio/activity";
import type { Consistency } from "../domain/consistency.ts";
import { isProviderError, ProviderError } from "../domain/errors.ts";
import type { CopyDiskParameters, CreateVmParameters } from "../domain/migration-parts.ts";
import { isTestEnded, type MigrationTestView, testTag } from "../domain/migration-test.ts";
import { increments } from "../domain/replica-base.ts";
import type { TestPreparation } from "../domain/test-plan.ts";
import { tagKeys } from "../domain/vm.ts";
import type { MigrationTestPatch } from "../store/index.ts";
import type { ActivityDeps } from "./deps.ts";
import type { DiskMoves } from "./disk-moves.ts";
import { setHeartbeatDetails } from "./heartbeat.ts";
import { preparePoint } from "./prepare.ts";
import type { MigrationSlots } from "./slots.ts";
import {
  cutOff,
  generationOf,
  type MadeByTest,
  preparedSuffix,
  removeTestResources,
  sourceKey,
  type TestPlace,
} from "./test-resources.ts";

/** What a test boots clones of. */
export interface TestedPoints {
  readonly takenAt: string;
  readonly consistency?: Consistency;
  readonly round?: number;
  readonly disks: readonly { readonly diskId: string; readonly pointId: string }[];
}

/** Rounds come and go while they are cloned; each attempt takes the newest. */
const mostRoundsTried = 5;
/** A sweep removes a few at a time; the next one goes on. */
const sweptAtOnce = 20;
/** Some have a run that still ends them, and some can't be removed now: they take no place of others. */
const lookedAtOnce = 200;

export function migrationTestActivities(deps: ActivityDeps, moves: DiskMoves, slots: MigrationSlots) {
  const { registry, store } = deps;
  return {
    /** Copies a point of the source for the test alone: of the running VM, or of one that is off, which stays off. The point
     *  is the caller's to release: one that was released in here would be another one when this is repeated. */
    async copyForTest(
      input: TestPlace & { vmId: string; copies: readonly CopyDiskParameters[] },
    ): Promise<TestedPoints & { sourcePointId: string }> {
      const signal = Context.current().cancellationSignal;
      const { testId, from, to, vmId } = input;
      await using turn = new AsyncDisposableStack();
      turn.defer(await slots.take(signal));
      const source = await registry.provider(from);
      const { state } = await source.compute.getVm(vmId, signal);
      const mode = state === "stopped" ? "stopped" : "frozen";
      const point = await source.disks.createSourcePoint({ vmId, mode, key: sourceKey(testId) }, signal);
      const disks: { diskId: string; pointId: string }[] = [];
      for (const copy of increments(input.copies, undefined, point)) {
        const { diskId, replicaId } = copy;
        const generationId = generationOf(testId, diskId);
        const { sourcePointId } = point;
        const move = { migrationId: testId, from, to, sourcePointId, generationId, copy };
        const { attempt } = await moves.copy(move, signal, (progress) => setHeartbeatDetails({ diskId, ...progress }));
        await moves.seal(
          { site: to, replicaId, generationId, attempt, lineage: replicaId, diskId, migrationId: testId },
          signal,
        );
        await moves.prove({ site: to, pointId: generationId, manifestId: generationId }, signal, setHeartbeatDetails);
        disks.push({ diskId, pointId: generationId });
      }
      const { sourcePointId, takenAt, consistency } = point;
      return { sourcePointId, takenAt, ...(consistency ? { consistency } : {}), disks };
    },

    /** Clones what was copied, or the newest round of the migration's replica: all disks of one moment. What the move would
     *  change in a guest is changed on top of its point, as it would be. */
    async cloneForTest(
      input: TestPlace & {
        migrationId?: string | undefined;
        points?: TestedPoints;
        preparations?: readonly TestPreparation[];
        expiresAt: string;
      },
    ): Promise<TestedPoints & { volumes: string[] }> {
      const { migrationId, points } = input;
      for (let left = mostRoundsTried; ; left--) {
        const tested = points ?? (await newestRound(migrationId ?? ""));
        try {
          return { ...tested, volumes: await clone(input, tested) };
        } catch (error) {
          // The round was replaced by a newer one just then.
          if (points || left === 0 || !isProviderError(error, "NotFound")) throw error;
        }
      }
    },

    /** A network in which the VM reaches nobody. */
    async isolateTest(input: TestPlace): Promise<{ networkId: string; securityGroups?: readonly string[] }> {
      return cutOff(await registry.provider(input.to), input, Context.current().cancellationSignal);
    },

    /** Makes it off its networks; the plan's sizes are tried in order by the caller. */
    async createTestVm(
      input: TestPlace & {
        create: CreateVmParameters;
        volumes: readonly string[];
        network: { networkId: string; securityGroups?: readonly string[] };
        instanceType?: string | undefined;
        expiresAt: string;
      },
    ): Promise<string> {
      const { testId, create, volumes, network, instanceType, expiresAt } = input;
      const { compute } = await registry.provider(input.to);
      const { disks, tags, instanceTypes: _tried, ...rest } = create;
      const spec = {
        ...rest,
        ...(instanceType === undefined ? {} : { instanceType }),
        ...(network.securityGroups ? { securityGroups: network.securityGroups } : {}),
        nics: create.nics.map(({ mac }) => ({
          networkId: network.networkId,
          ...(mac === undefined ? {} : { mac }),
        })),
        disks: disks.map(({ bus, boot }, index) => ({ volumeId: volumes[index] as string, bus, boot })),
        tags: { ...tags, ...testTags(testId, expiresAt) },
      };
      const key = `${testId}-vm${instanceType === undefined ? "" : `-${instanceType}`}`;
      return (await compute.createVm(spec, key, Context.current().cancellationSignal)).vmId;
    },

    /** Removes whatever the test made at both sites, also when an answer was lost; the replica of a migration stays. */
    async removeTest(input: MadeByTest): Promise<void> {
      await removeTestResources(deps, input, Context.current().cancellationSignal);
    },

    async recordTest(input: {
      testId: string;
      patch: MigrationTestPatch;
      /** For the story of the migration that is tested. */
      migrationId?: string | undefined;
      at: string;
      message?: string;
    }): Promise<void> {
      const { testId, patch, migrationId, at, message } = input;
      await store.tests.update(testId, patch);
      if (migrationId === undefined || message === undefined) return;
      await store.migrations.appendEvent(migrationId, {
        at,
        type: "note",
        message: `Test ${testId}: ${message}`,
        data: { testId, state: patch.state, report: patch.report },
        dedupeKey: `test/${testId}/${at}`,
      });
    },

    /** Ends what runs that are no more have left, once their time is over. */
    async sweepTests(): Promise<{ removed: readonly string[]; failed: readonly string[] }> {
      const signal = Context.current().cancellationSignal;
      const removed: string[] = [];
      const failed: string[] = [];
      for (const test of await store.tests.expired(lookedAtOnce)) {
        if (removed.length === sweptAtOnce) break;
        if (isTestEnded(test.state) || (await deps.runIsOpen(test.workflowId, ""))) continue;
        try {
          await sweep(test, signal);
          removed.push(test.testId);
        } catch (error) {
          if (signal.aborted) throw error;
          await noteUnswept(test, error);
          failed.push(test.testId);
        }
      }
      return { removed, failed };
    },
  };

  async function sweep({ testId, from, to, planId }: MigrationTestView, signal: AbortSignal): Promise<void> {
    const plan = await store.plans.get(planId);
    const of = <T>(name: string) =>
      (plan?.actions ?? []).flatMap(({ action, parameters }) => (action === name ? [parameters as T] : []));
    const copies = of<CopyDiskParameters>("copy-disk");
    const preparations = of<TestPreparation>("prepare-disk");
    await removeTestResources(deps, { testId, from, to, copies, preparations }, signal);
    const problem = { code: "Timeout", message: "Its run ended without it; its time was over, and it was removed" };
    await store.tests.update(testId, { state: "failed", endedAt: new Date().toISOString(), report: { problem } });
  }

  /** The next sweep tries it again, after those that were not tried yet. */
  async function noteUnswept({ testId, to, problem }: MigrationTestView, error: unknown): Promise<void> {
    const reason = error instanceof Error ? error.message : String(error);
    deps.log.warn(`What test ${testId} made could not be removed; the next sweep tries it again`, error);
    const code = isProviderError(error) ? error.code : "Unknown";
    const told = { code, message: "Its run ended without it, and not all that it made could be removed", ...problem };
    const what = `${to}: what carries the tag novacron:test=${testId} (${reason})`;
    const leftBehind = [{ resource: what, remove: `novacron tests show ${testId}` }];
    await store.tests.update(testId, { state: "ending", report: { problem: { ...told, leftBehind } } });
  }

  async function newestRound(migrationId: string): Promise<TestedPoints> {
    const newest = (await store.rounds.proven(migrationId)).at(-1);
    if (!newest) {
      throw new ProviderError("Conflict", {
        operation: "test the migration",
        resource: `migration/${migrationId}`,
        reason: "it has no proven round at the target",
        action: "Wait until its first round is proven.",
      });
    }
    const { takenAt, consistency, round } = newest;
    const disks = newest.disks.map(({ diskId, generationId: pointId }) => ({ diskId, pointId }));
    return { takenAt, ...(consistency ? { consistency } : {}), round, disks };
  }

  async function clone(
    input: TestPlace & { preparations?: readonly TestPreparation[]; expiresAt: string },
    { takenAt, disks: points, round }: TestedPoints,
  ): Promise<string[]> {
    const { testId, to, expiresAt, preparations = [] } = input;
    const signal = Context.current().cancellationSignal;
    const { disks } = await registry.provider(to);
    const tags = testTags(testId, expiresAt);
    const volumes: string[] = [];
    for (const { diskId, pointId } of points) {
      const name = `${testId}-${diskId}${round === undefined ? "" : `-r${round}`}`;
      const preparation = preparations.find((each) => each.diskId === diskId);
      const generationId = `${name}${preparedSuffix}`;
      const where = { site: to, migrationId: testId, pointId, generationId, at: takenAt };
      const prepared = preparation && (await preparePoint(deps, moves, { ...preparation, ...where }));
      const wanted = { pointId: prepared?.pointId ?? pointId, key: `${name}-volume`, tags };
      volumes.push((await disks.materialise(wanted, signal)).volumeId);
    }
    return volumes;
  }
}

function testTags(testId: string, expiresAt: string): Record<string, string> {
  return { [tagKeys.managed]: "true", [testTag]: testId, "novacron:expires": expiresAt };
}
