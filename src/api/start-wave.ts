import type { Plan } from "../domain/plan.ts";
import {
  memberMigrationId,
  memberPlanId,
  type WaveGroup,
  type WaveMemberParameters,
  type WaveRequest,
  type WaveView,
} from "../domain/wave.ts";
import { readWaveCsv } from "../domain/wave-csv.ts";
import { outlineWave } from "../domain/wave-outline.ts";
import { fromWire, type Wire } from "../domain/wire.ts";
import { requireApproval } from "./approvals.ts";
import { findVms } from "./find-vms.ts";
import type { Actor, Asked } from "./route.ts";
import { type ApiContext, notFound } from "./routes/context.ts";
import { waveWorkflowId } from "./runs.ts";
import { refuseUnlessExecutable } from "./start-migration.ts";
import { startRegistered } from "./start-registered.ts";
import { reachableRequest, reachedPlan } from "./subjects.ts";

/** Finds the VMs, plans the move of each and stores the plan of the whole. */
export async function planWaveNow(
  context: ApiContext,
  { access, actor }: Pick<Asked<unknown, unknown, unknown>, "access" | "actor">,
  planId: string,
  asked: Wire<WaveRequest>,
): Promise<Plan> {
  const { store, runs } = context;
  const request = fromWire<WaveRequest>(asked);
  const csv = request.csv === undefined ? [] : readWaveCsv(request.csv);
  const { from, to } = request.defaults ?? {};
  const found = request.query === undefined ? [] : await findVms(context, access, { query: request.query, from, to });
  const outline = outlineWave(request, [
    ...(request.vms ?? []),
    ...csv,
    ...found.map(({ vmId, site }) => ({ vm: vmId, from: site })),
  ]);
  const members = await Promise.all(
    outline.members.map(async (member) => ({
      ...member,
      request: await reachableRequest(context, access, member.request),
    })),
  );
  const requester = actor?.responsible ?? "";
  // Each VM's plan can be executed by itself, and they had a part in that as well.
  const planIds = [planId, ...members.map((_, position) => memberPlanId(planId, position))];
  for (const each of planIds) await store.guard.noteRequester(each, requester);
  return reachedPlan(access, await runs.planWave({ planId, outline: { ...outline, members } }), planId);
}

/** Registers the wave, then starts its run. Registered is as good as started, as with a migration.
 *  @throws ProblemError Conflict when a check of the plan failed, PolicyBlocked when it wants a second person. */
export async function startWaveByPlan(
  context: ApiContext,
  actor: Actor | undefined,
  waveId: string,
  plan: Plan,
): Promise<WaveView> {
  refuseUnlessExecutable(plan);
  await requireApproval(context, actor, plan);
  const { store, runs } = context;
  const { name, parallel, groups } = plan.inputs as unknown as {
    name: string;
    parallel?: number;
    groups: readonly WaveGroup[];
  };
  const members = plan.actions.map(({ resource, parameters }, position) => {
    const { vm, from, to, group, bytesToMove } = parameters as unknown as WaveMemberParameters;
    // The plan's subjects are those of its VMs in their order, source and target of each.
    const tags = plan.subjects?.[2 * position]?.tags ?? {};
    const migrationId = memberMigrationId(waveId, position);
    return { group, migrationId, vmName: vm, sourceVmId: resource.id, from, to, tags, bytesToMove };
  });
  const of = { waveId, name, planId: plan.planId, workflowId: waveWorkflowId(waveId), groups, members };
  await store.waves.create({ ...of, ...(parallel === undefined ? {} : { parallel }) });
  await startRegistered(context, { what: "a wave", waveId }, () =>
    runs.runWave({ waveId, planId: plan.planId, planHash: plan.hash }, name),
  );
  const made = await store.waves.getScoped(waveId);
  if (!made) throw notFound("wave", waveId, "Start it again.");
  return made.wave;
}

/** Starts the runs of waves that were registered by a process which could not start them any more. */
export async function startLeftOverWaves(
  { store, runs, log }: Pick<ApiContext, "store" | "runs" | "log">,
  olderThanMs: number,
): Promise<void> {
  if (await store.guard.frozen()) return;
  for (const { waveId, planId, name } of await store.waves.notStarted(olderThanMs)) {
    const plan = await store.plans.get(planId);
    if (!plan) continue;
    log.info({ waveId }, "starting a wave that was only registered");
    await runs.runWave({ waveId, planId, planHash: plan.hash }, name);
  }
}
