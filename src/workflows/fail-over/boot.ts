import { condition } from "@temporalio/workflow";
import type { BootGroupParameters, RecoverVmParameters } from "../../domain/recovery-actions.ts";
import type { RecoveredVm } from "../../domain/recovery-run.ts";

export interface BootDeeds {
  /** Brings one VM up and proves that it works. */
  bringUp(vm: RecoverVmParameters): Promise<RecoveredVm>;
  /** The steps of a group before or behind its VMs, one after the other. */
  steps(group: BootGroupParameters, which: "first" | "last"): Promise<void>;
  pause(group: BootGroupParameters): Promise<void>;
}

/**
 * Brings the groups up, each when those that it comes after are up, the VMs of one at the same time. What failed lets begin
 * nothing that comes after it; what goes on already is let come to its end, so that nothing is left at work.
 */
export async function bootInOrder(
  groups: readonly BootGroupParameters[],
  vms: readonly RecoverVmParameters[],
  deeds: BootDeeds,
): Promise<RecoveredVm[]> {
  const up = new Set<string>();
  let failed = false;
  const recovered: RecoveredVm[] = [];
  const runs = groups.map(async (group) => {
    try {
      await condition(() => failed || group.after.every((name) => up.has(name)));
      if (failed) return;
      await deeds.steps(group, "first");
      const own = vms.filter(({ bootGroup }) => bootGroup === group.name);
      const results = await Promise.allSettled(own.map((vm) => deeds.bringUp(vm)));
      for (const result of results) if (result.status === "fulfilled") recovered.push(result.value);
      const broken = results.find((result) => result.status === "rejected");
      if (broken) throw broken.reason;
      await deeds.steps(group, "last");
      await deeds.pause(group);
      up.add(group.name);
    } catch (error) {
      failed = true;
      throw error;
    }
  });
  const results = await Promise.allSettled(runs);
  const broken = results.find((result) => result.status === "rejected");
  if (broken) throw broken.reason;
  return recovered.sort((one, other) => one.position - other.position);
}
