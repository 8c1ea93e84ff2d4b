import { Context } from "@temporalio/activity";
import { ProviderError } from "../domain/errors.ts";
import {
  type FinalizeApproval,
  type FinalizeRequest,
  type FinalizeStep,
  finalizeKind,
  finalizeSteps,
  type LeftAlone,
  resourceKey,
} from "../domain/finalize.ts";
import { moveChecks } from "../domain/finalize-checks.ts";
import type { SeenMove } from "../domain/finalize-observations.ts";
import { planFinalize } from "../domain/finalize-plan.ts";
import type { MigrationView } from "../domain/migration.ts";
import type { Plan } from "../domain/plan.ts";
import { tagKeys, volumesOf } from "../domain/vm.ts";
import type { ActivityDeps } from "./deps.ts";
import { goneIsFine } from "./gone.ts";
import { sharedBy } from "./operation-plan.ts";
import { hashOf, readApproved } from "./pinned-plan.ts";
import { pricesAt } from "./plan-observations.ts";
import { successorOf } from "./successor.ts";

export function finalizeActivities({ registry, store, settings }: ActivityDeps) {
  return {
    /** Looks at what a migration keeps and stores the pinned plan of its finalize. Repeating it for a known plan id returns
     *  the stored one. */
    async makeFinalizePlan(input: { planId: string; request: FinalizeRequest }): Promise<Plan> {
      const known = await store.plans.get(input.planId);
      if (known) return known;
      const { migrationId } = input.request;
      const found = await store.migrations.getScoped(migrationId);
      if (!found) throw unknownMigration(migrationId);
      const { migration, subjects } = found;
      const { state, undo, certificateId, problem } = migration;
      const unproven = certificateId === undefined && problem ? { problem: problem.message } : {};
      const homeId = undo?.state === "undone" ? undo.migrationId : undefined;
      const home = homeId === undefined ? undefined : await store.migrations.get(homeId);
      const moves = await Promise.all([...(home ? [home] : []), migration].map(lookAt));
      const parts = planFinalize({ migrationId, state, ...(undo ? { undo } : {}), ...unproven, moves });
      const createdAt = new Date().toISOString();
      const plan: Plan = { ...parts, planId: input.planId, hash: hashOf(parts), subjects, createdAt };
      await store.plans.insert(plan);
      return plan;
    },

    /** What a run has to remove, if the plan is the one that was confirmed and is of how it stands now; and what there is
     *  beside it that the plan did not know, to be left alone. */
    async openFinalize(
      input: FinalizeApproval & {
        /** Of the run that asks: its own steps are wanted. */
        migrationId: string;
        /** Of the run that a person finalizes, where it is another one. */
        of: string;
        /** The migration that brought the VM home, when it is there. */
        home?: string | undefined;
      },
    ): Promise<{ steps: FinalizeStep[]; leftAlone: LeftAlone[] }> {
      const plan = await readApproved(store, input);
      const { migrationId: planned, home } = plan.inputs;
      if (plan.kind !== finalizeKind || planned !== input.of || home !== input.home) {
        throw new ProviderError("Conflict", {
          operation: "finalize the migration",
          resource: `plan/${plan.planId}`,
          reason:
            planned === input.of
              ? "the VM came home, or went back, since the plan was made"
              : `it is not a plan of migration ${input.of}`,
          action: "Look at a new dry run and confirm that.",
        });
      }
      const migration = await store.migrations.get(input.migrationId);
      if (!migration) throw unknownMigration(input.migrationId);
      const now = await lookAt(migration);
      refuseUnlessSafe(now);
      const steps = finalizeSteps(plan, input.migrationId);
      const known = new Set([...steps.map(resourceKey), ...(plan.inputs.stays as readonly string[])]);
      return { steps, leftAlone: unknownTo(known, migration, now) };
    },
  };

  function unknownTo(known: ReadonlySet<string>, { migrationId, state }: MigrationView, seen: SeenMove): LeftAlone[] {
    const now = planFinalize({ migrationId, state, moves: [seen] });
    const there = [...now.actions.map(({ resource }) => resourceKey(resource)), ...(now.inputs.stays as string[])];
    return there
      .filter((key) => !known.has(key))
      .map((key) => {
        const [site = "", kind = "", ...id] = key.split("/");
        return { site, kind, id: id.join("/"), why: "it appeared after the confirmed plan was made" };
      });
  }

  async function lookAt(migration: MigrationView): Promise<SeenMove> {
    const { migrationId, from, to, vm: names } = migration;
    const signal = Context.current().cancellationSignal;
    const plan = await store.plans.get(migration.planId);
    const source = await registry.provider(from);
    const { compute, snapshots, networkAdmin, disks } = source;
    const all = await Array.fromAsync(compute.listVms(signal));
    // A list may leave out what is only just there.
    const vm =
      all.find(({ vmId }) => vmId === names.sourceVmId) ?? (await goneIsFine(compute.getVm(names.sourceVmId, signal)));
    const version = plan?.observed.find(({ kind, id }) => kind === "vm" && id === names.sourceVmId)?.version;
    const movedVolumes = version === undefined ? {} : volumesOf(version);
    const moved = new Set(Object.values(movedVolumes));
    const volumes = vm ? [] : await Array.fromAsync(disks.listVolumes(signal));
    const leftVolumes = volumes.filter(({ volumeId }) => moved.has(volumeId));
    // Of a source that somebody deleted by hand its plan still knows how it had come.
    const cameBy = (vm ?? plan?.subjects?.[0])?.tags?.[tagKeys.migration];
    const [points, successor, held, taken, made] = await Promise.all([
      pointsOf(migration),
      successorOf({ registry, store }, migration, signal),
      networkAdmin ? Array.fromAsync(networkAdmin.listAddresses(signal)) : [],
      snapshots ? Array.fromAsync(snapshots.listSnapshots(signal)) : [],
      networkAdmin && cameBy !== undefined ? Array.fromAsync(networkAdmin.listSecurityGroups(signal)) : [],
    ]);
    const groups = made.filter(({ tags }) => tags[tagKeys.migration] === cameBy);
    const target = await registry.provider(to);
    return {
      migrationId,
      vmName: names.name,
      sourceSite: from,
      sourceVmId: names.sourceVmId,
      targetSite: to,
      fenced: plan?.inputs.point !== "freeze",
      ...(vm ? { vm } : {}),
      leftVolumes,
      ...(successor ? { successor } : {}),
      movedVolumes,
      sharedVolumes: sharedBy(all, vm ?? { vmId: names.sourceVmId, disks: leftVolumes }),
      // Ours are recovery points, which stand for themselves.
      snapshots: taken.filter(({ tags }) => tags[tagKeys.managed] !== "true"),
      ...(groups.length > 0 ? { groups } : {}),
      addresses: held.filter(({ vmId }) => vmId === names.sourceVmId),
      points,
      prices: {
        [from]: await pricesAt(source, settings(from), store),
        [to]: await pricesAt(target, settings(to), store),
      },
      ...(disks.diskType === undefined ? {} : { diskType: disks.diskType }),
    };
  }

  async function pointsOf({ from, to, disks }: MigrationView): Promise<SeenMove["points"]> {
    const found = disks.map(async ({ pointId, preparedPointId, rootHash }) => {
      const adopted = await store.points.findByRootHash(from, rootHash, ["adopted"]);
      const sealed = await store.points.get(to, pointId);
      const prepared = preparedPointId === undefined ? undefined : await store.points.get(to, preparedPointId);
      const own = adopted.filter(({ manifestId }) => manifestId === pointId);
      return [...own, ...(prepared ? [prepared] : []), ...(sealed ? [sealed] : [])];
    });
    return (await Promise.all(found)).flat();
  }
}

/** A plan may be old: points are gone before the source's removal would notice that the source is needed. */
function refuseUnlessSafe(move: SeenMove): void {
  const failed = moveChecks(move).find(({ result }) => result === "fail");
  if (!failed) return;
  throw new ProviderError("Conflict", {
    operation: "finalize the migration",
    resource: `migration/${move.migrationId}`,
    reason: failed.detail,
    action: failed.remedy ?? "Look at a new dry run.",
  });
}

function unknownMigration(migrationId: string): ProviderError {
  return new ProviderError("NotFound", {
    operation: "finalize the migration",
    resource: `migration/${migrationId}`,
    reason: "there is no such migration",
    action: "List the migrations to find the right id.",
  });
}
