import { Context } from "@temporalio/activity";
import { ProviderError } from "../domain/errors.ts";
import type { Plan } from "../domain/plan.ts";
import {
  type MemberState,
  memberMigrationId,
  memberPlanId,
  type WaveGroup,
  type WaveMemberParameters,
  type WaveOutline,
  type WaveState,
} from "../domain/wave.ts";
import { type PlannedMember, planWave, wavePlanKind } from "../domain/wave-plan.ts";
import type { ActivityDeps } from "./deps.ts";
import { hashOf, readApproved } from "./pinned-plan.ts";
import { lookAtTarget } from "./plan-observations.ts";
import { planOrRefusal } from "./planner.ts";

/** Plans that are made at the same time: each asks both sites a few things. */
const planners = 4;

/** A wave's plan as its run needs it. */
export interface WaveOrders {
  readonly name: string;
  readonly parallel?: number;
  readonly inOrder: boolean;
  readonly groups: readonly WaveGroup[];
  readonly members: readonly (WaveMemberParameters & { readonly migrationId: string })[];
}

export function waveActivities(deps: ActivityDeps) {
  const { registry, store, settings, parallelMigrations } = deps;
  return {
    /** Plans each VM by itself, adds it all up, and stores the pinned plan of the whole. What an earlier attempt has
     *  planned is taken as it is. */
    async makeWavePlan(input: { planId: string; outline: WaveOutline }): Promise<Plan> {
      const { planId, outline } = input;
      const known = await store.plans.get(planId);
      if (known) return known;
      const signal = Context.current().cancellationSignal;
      const planned = await planMembers(planId, outline, signal);
      const sites = [...new Set(outline.members.map(({ request }) => request.to))];
      const targets = await Promise.all(
        sites.map(async (site) => {
          const target = await lookAtTarget(await registry.provider(site), settings(site), store, signal);
          return [site, target] as const;
        }),
      );
      const parts = planWave({ outline, planned, targets: Object.fromEntries(targets), parallelMigrations });
      const each = planned.map((member) => ("plan" in member ? (member.plan.subjects ?? []) : []));
      // Source and target of each VM in their order, and then what else there is.
      const subjects = [...each.flatMap((own) => own.slice(0, 2)), ...each.flatMap((own) => own.slice(2))];
      const plan: Plan = { ...parts, planId, hash: hashOf(parts), subjects, createdAt: new Date().toISOString() };
      await store.plans.insert(plan);
      return (await store.plans.get(planId)) ?? plan;
    },

    /** The approved plan of a wave. Whether anything has drifted is looked at VM by VM, when its turn comes. */
    async openWavePlan(input: { waveId: string; planId: string; planHash: string }): Promise<WaveOrders> {
      const plan = await readApproved(store, input);
      if (plan.kind !== wavePlanKind) {
        throw new ProviderError("Conflict", {
          operation: "execute the plan",
          resource: `plan/${input.planId}`,
          reason: `it is of kind ${plan.kind}, not ${wavePlanKind}`,
          action: "Make a plan of a wave.",
        });
      }
      const { name, parallel, inOrder, groups } = plan.inputs as unknown as Omit<WaveOrders, "members">;
      const members = plan.actions.map(({ parameters }, position) => ({
        ...(parameters as unknown as WaveMemberParameters),
        migrationId: memberMigrationId(input.waveId, position),
      }));
      return { name, ...(parallel === undefined ? {} : { parallel }), inOrder, groups, members };
    },

    async recordWave(input: {
      waveId: string;
      state?: WaveState;
      reason?: string | undefined;
      startedAt?: string;
      endedAt?: string;
    }): Promise<void> {
      const { waveId, reason, ...patch } = input;
      await store.waves.update(waveId, patch);
      if (patch.endedAt)
        await store.waves.endWaiting(waveId, reason ?? "the wave ended before its turn came", patch.endedAt);
    },

    /** Files the migration of a member whose turn has come, or comes next. */
    async registerMember(input: {
      waveId: string;
      position: number;
      migrationId: string;
      planId: string;
      at: string;
      /** Its turn is only the next. */
      held?: boolean;
    }): Promise<void> {
      const { waveId, position, migrationId, planId, at, held } = input;
      const plan = await store.plans.get(planId);
      if (!plan) return;
      const { vm, vmName, from, to } = plan.inputs;
      await store.migrations.create({
        migrationId,
        planId,
        workflowId: `migration/${migrationId}`,
        vm: { name: String(vmName), sourceVmId: String(vm) },
        from: String(from),
        to: String(to),
        bytesToMove: plan.estimates.bytesToMove,
        tags: plan.subjects?.[0]?.tags ?? {},
        waveId,
        ...(held ? { state: "queued" } : {}),
      });
      if (!held) await store.waves.updateMember(waveId, position, { state: "running", startedAt: at });
    },

    async recordMember(input: {
      waveId: string;
      position: number;
      state: MemberState;
      reason?: string | undefined;
      at: string;
    }): Promise<void> {
      const { waveId, position, state, reason, at } = input;
      await store.waves.updateMember(waveId, position, {
        state,
        endedAt: at,
        ...(reason === undefined ? {} : { reason }),
      });
    },
  };

  async function planMembers(planId: string, outline: WaveOutline, signal: AbortSignal): Promise<PlannedMember[]> {
    const planned: PlannedMember[] = [];
    const queue = [...outline.members.entries()];
    await Promise.all(
      Array.from({ length: planners }, async () => {
        for (let next = queue.shift(); next; next = queue.shift()) {
          const [position, { request }] = next;
          planned[position] = await planOrRefusal(
            deps,
            { planId: memberPlanId(planId, position), request, admitted: true },
            signal,
          );
        }
      }),
    );
    return planned;
  }
}
