import { liveGap } from "../domain/live-plan.ts";
import type { LiveObservation, MigrationObservations } from "../domain/migration-parts.ts";
import type { Vm } from "../domain/vm.ts";
import type { Provider } from "../providers/provider.ts";

/** What both hosts say of a running VM that is asked to move live; undefined where that can't be. */
export async function lookAtRunning(
  sides: Pick<MigrationObservations, "request" | "source" | "target" | "defaults">,
  vm: Vm,
  { source, target }: { readonly source: Pick<Provider, "live">; readonly target: Pick<Provider, "live"> },
  signal: AbortSignal,
): Promise<LiveObservation | undefined> {
  if (sides.request.mode !== "live" || vm.state !== "running" || liveGap(sides) !== undefined) return undefined;
  if (!source.live || !target.live) return undefined;
  const guest = await source.live.describeGuest(vm.vmId, { measure: true }, signal);
  return { guest, checks: await target.live.assess(guest, signal) };
}
