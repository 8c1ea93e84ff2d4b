import { setTimeout as sleep } from "node:timers/promises";
import type { Plan } from "../../src/domain/plan.ts";
import {
  memberMigrationId,
  type WaveGroup,
  type WaveMemberParameters,
  type WaveRequest,
  type WaveView,
} from "../../src/domain/wave.ts";
import { outlineWave } from "../../src/domain/wave-outline.ts";
import { taskQueue } from "../../src/temporal/connection.ts";
import type { StackLab } from "./stack-lab.ts";

/** Far beyond what any of these waves takes between two of its steps. */
const stuckMs = 90_000;
let planned = 0;

/** Plans a wave as the API does. */
export async function planWave(lab: StackLab, request: WaveRequest): Promise<Plan> {
  planned += 1;
  const planId = `w${planned}-${Date.now()}`;
  const args = [{ planId, outline: outlineWave(request, request.vms ?? []) }];
  return lab.client.workflow.execute("planWave", { taskQueue, workflowId: `plan/${planId}`, args });
}

/** Starts the wave that was planned; resolves with its id. */
export async function startWave(lab: StackLab, plan: Plan): Promise<string> {
  const { planId, hash: planHash, inputs, actions } = plan;
  const waveId = planId;
  const workflowId = `wave/${waveId}`;
  const members = actions.map(({ resource, parameters }, position) => {
    const { vm, from, to, group, bytesToMove } = parameters as unknown as WaveMemberParameters;
    const migrationId = memberMigrationId(waveId, position);
    return { group, migrationId, vmName: vm, sourceVmId: resource.id, from, to, tags: {}, bytesToMove };
  });
  const groups = inputs.groups as readonly WaveGroup[];
  await lab.store.waves.create({ waveId, name: String(inputs.name), planId, workflowId, groups, members });
  const args = [{ waveId, planId, planHash }];
  await lab.client.workflow.start("runWave", { taskQueue, workflowId, args, workflowTaskTimeout: "5 seconds" });
  return waveId;
}

/** Waits until what is known of the wave is as wanted. */
export async function untilWave(
  lab: StackLab,
  waveId: string,
  wanted: (wave: WaveView) => boolean,
  withinMs = stuckMs,
): Promise<WaveView> {
  for (const deadline = Date.now() + withinMs; ; ) {
    const found = await lab.store.waves.getScoped(waveId);
    if (found && wanted(found.wave)) return found.wave;
    if (found?.wave.endedAt) throw new Error(`${waveId} ended as ${found.wave.state}: ${JSON.stringify(found.wave)}`);
    if (Date.now() > deadline) throw new Error(`${waveId} is stuck: ${JSON.stringify(found)}`);
    await sleep(50);
  }
}
