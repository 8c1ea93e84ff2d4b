import { ApplicationFailure, CancellationScope, proxyActivities } from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import type { Connection } from "../../domain/connection.ts";
import { rowCall } from "../lib/activity-options.ts";
import { describeFailure } from "../lib/failure.ts";
import { Saga } from "../lib/saga.ts";
import { now } from "../lib/time.ts";
import { buildTunnels, proveTunnels, removeTunnels } from "../lib/tunnels.ts";
import { show } from "../lib/visibility.ts";
import type { RotateTunnelKeysInput, RotateTunnelKeysResult } from "./types.ts";

const { openConnection, recordConnection } = proxyActivities<Activities>(rowCall);

/**
 * Exchanges the keys of a connection under traffic: tunnels with new keys come up beside those with the old ones, which go only
 * when all of the new ones carry traffic. A failure before that takes the new ones away, and nothing has changed.
 */
export async function rotateTunnelKeys({ connectionId }: RotateTunnelKeysInput): Promise<RotateTunnelKeysResult> {
  const connection = await openConnection({ connectionId });
  const { near, far, generation: old, plan } = connection;
  if (!plan) throw neverBuilt(connection);
  const generation = old + 1;
  const headline = `new keys between ${near} and ${far}`;
  const saga = new Saga();
  try {
    show({ headline, phase: "building", percent: 10 });
    await buildTunnels({ connectionId, generation, plan }, plan.tunnels, saga);
    await proveTunnels(plan);
  } catch (error) {
    return await CancellationScope.nonCancellable(async () => {
      const { code, message } = describeFailure(error);
      const leftBehind = await saga.compensate({ keepEvidence: false });
      const problem = { code, message, ...(leftBehind.length > 0 ? { leftBehind } : {}) };
      await recordConnection({ connectionId, patch: { state: "connected", problem } });
      throw ApplicationFailure.nonRetryable(message, code, { resource: `connection/${connectionId}` });
    });
  }
  return await CancellationScope.nonCancellable(async () => {
    await recordConnection({ connectionId, patch: { generation, keysAt: now() } });
    show({ headline, phase: "removing the old ones", percent: 80 });
    try {
      await removeTunnels({ connectionId, generation: old, plan });
      await recordConnection({ connectionId, patch: { state: "connected", problem: false } });
    } catch (error) {
      const { code, message } = describeFailure(error);
      const said = `the new keys are in use, and the old ones could not be removed: ${message}`;
      await recordConnection({ connectionId, patch: { state: "connected", problem: { code, message: said } } });
    }
    show({ headline, phase: "done", percent: 100 });
    return { connectionId, generation };
  });
}

function neverBuilt({ connectionId }: Connection): ApplicationFailure {
  return ApplicationFailure.nonRetryable(`connection/${connectionId} was never built.`, "Conflict", {
    resource: `connection/${connectionId}`,
  });
}
