import { CancellationScope, CancelledFailure, isCancellation, sleep } from "@temporalio/workflow";

/**
 * One round of what somebody keeps reading at a site for as long as it is configured: true when another one is to follow. A
 * round that failed is followed after the pause; `round` answers false where the site has nothing to read.
 */
export async function oneRound(round: () => Promise<boolean>, pauseMs: number): Promise<boolean> {
  try {
    if (!(await round())) return false;
  } catch (error) {
    if (isCancellation(error)) throw error;
    await sleep(pauseMs);
  }
  // The round may have ended before it heard of it.
  if (CancellationScope.current().consideredCancelled) throw new CancelledFailure("the site is configured no more");
  return true;
}
