import { setTimeout as sleep } from "node:timers/promises";
import { cutOffVm } from "../../activities/cut-off.ts";
import { groupFence } from "../../domain/fencing.ts";
import { mustCutOff, startedWatchdog } from "../../domain/watchdog.ts";
import type { Provider } from "../../providers/provider.ts";
import type { Say } from "../../telemetry/say.ts";
import { bootId, machineMs } from "./clock.ts";
import type { WatchdogRecords, WatchedGroup } from "./records.ts";

export interface Cutting {
  readonly records: WatchdogRecords;
  readonly compute: () => Promise<Provider["compute"]>;
  readonly log: Say;
  /** Called in each round. */
  readonly onRound?: () => Promise<void>;
}

const lookEveryMs = 100;
/** What was cut off stays so: somebody may have started it beside us. */
const lookAgainMs = 2_000;
const cutWithinMs = 10_000;

/** Cuts groups off whose time is over, until the signal ends it. Runs in two processes, so that one that stands still is no
 *  hindrance. */
export async function cutOffWhenDue(cutting: Cutting, signal: AbortSignal): Promise<void> {
  const { records, log } = cutting;
  const boot = bootId();
  const lookedAt = new Map<string, number>();
  while (!signal.aborted) {
    try {
      await cutting.onRound?.();
      for (const noted of await records.list()) {
        const group = { ...noted, state: startedWatchdog(noted.state, boot, machineMs()) };
        const now = machineMs();
        if (mustCutOff(group.state, now)) await cutOff(cutting, group);
        else if (group.state.cutOff && now - (lookedAt.get(group.groupId) ?? 0) > lookAgainMs) {
          await cutOff(cutting, group);
        } else continue;
        lookedAt.set(group.groupId, machineMs());
      }
    } catch (error) {
      log("warn", "a group could not be cut off; it is tried again", { reason: String(error) });
    }
    await sleep(lookEveryMs, undefined, { signal }).catch(() => undefined);
  }
}

async function cutOff({ records, compute, log }: Cutting, group: WatchedGroup): Promise<void> {
  const { groupId, epoch, vmIds } = group;
  const within = AbortSignal.timeout(cutWithinMs);
  const facet = await compute();
  const fence = groupFence(groupId, epoch);
  const results = await Promise.allSettled(vmIds.map((vmId) => cutOffVm(facet, vmId, fence, within)));
  const failed = results.find((result) => result.status === "rejected");
  if (failed) throw failed.reason;
  if (!group.state.cutOff)
    log("warn", "the group's VMs were turned off: its lease could not be renewed", { groupId, epoch });
  await records.noteCutOff(group);
}
