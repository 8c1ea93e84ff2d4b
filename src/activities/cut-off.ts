import { ProviderError } from "../domain/errors.ts";
import { tagKeys } from "../domain/vm.ts";
import type { Provider } from "../providers/provider.ts";
import { goneIsFine } from "./gone.ts";

/** Holds a VM and turns it off without asking its guest, who might take longer than there is time. False when it is gone.
 *  @throws ProviderError when the site does not say that it is off. */
export async function cutOffVm(
  compute: Pick<Provider["compute"], "getVm" | "setTags" | "stopVm">,
  vmId: string,
  fence: string,
  signal: AbortSignal,
): Promise<boolean> {
  const there = await goneIsFine(compute.getVm(vmId, signal));
  if (!there) return false;
  // Held first, so that nobody starts it in between.
  await compute.setTags(vmId, { [tagKeys.fencedBy]: fence }, signal);
  await compute.stopVm(vmId, { graceMs: 0 }, signal);
  const { state } = await compute.getVm(vmId, signal);
  if (state === "stopped") return true;
  throw new ProviderError("Unavailable", {
    operation: "turn the VM off",
    resource: `vm/${vmId}`,
    reason: `it is ${state}`,
    action: "It is tried again.",
  });
}
