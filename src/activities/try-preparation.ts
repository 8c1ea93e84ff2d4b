import { isProviderError } from "../domain/errors.ts";
import { bootDisk } from "../domain/migration-guest.ts";
import type { PlanContent } from "../domain/plan.ts";
import type { PrepareDiskParameters } from "../domain/preparation.ts";
import type { Vm } from "../domain/vm.ts";
import type { BlockSource } from "../transfer/ports.ts";
import type { DataPlane } from "./deps.ts";
import type { SourceSide } from "./plan-observations.ts";

/** Somebody waits for the plan. */
const maxMs = 10_000;

/** Tries a plan's changes on what is on the VM's boot disk now; nothing is written. Why they can't be made, undefined when
 *  they can or when that can't be told yet. */
export async function tryPreparation(
  provider: SourceSide,
  vm: Vm,
  { actions }: Pick<PlanContent, "actions">,
  prepareGuest: DataPlane["prepareGuest"],
  signal: AbortSignal,
): Promise<string | undefined> {
  const parameters = actions.find(({ action }) => action === "prepare-disk")?.parameters;
  const disk = bootDisk(vm);
  if (!parameters || !disk) return undefined;
  const { changes } = parameters as unknown as PrepareDiskParameters;
  const resource = `${provider.site}/disk/${disk.diskId}`;
  const isOff = vm.state === "stopped";
  const refusal = async (source: BlockSource): Promise<string | undefined> => {
    try {
      await prepareGuest(source, changes, { resource, at: new Date(0), signal, maxMs });
      return undefined;
    } catch (error) {
      if (!isProviderError(error, "Conflict")) throw error;
      return error.details.facts?.whileInUse === true && !isOff ? undefined : error.details.reason;
    } finally {
      await source.close();
    }
  };
  const attempt = async (): Promise<string | undefined> => {
    try {
      const source = await provider.disks.peek?.(vm.vmId, disk.diskId, signal);
      return source ? await refusal(source) : undefined;
    } catch (error) {
      if (signal.aborted || !isProviderError(error)) throw error;
      return undefined;
    }
  };
  const reason = await attempt();
  if (reason === undefined || isOff) return reason;
  // A guest that writes meanwhile is seen torn: what is wrong by that is not so a second time.
  return (await attempt()) === reason ? reason : undefined;
}
